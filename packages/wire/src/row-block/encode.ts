/**
 * Encoder of row blocks: gathers the rows of one target from a batch, straight into the block's columns.
 *
 * Layout: docs/formats/row-block.md. Values go as pairs of 32-bit words, since a float64 in a plain
 * variable may lose its NaN payload (law 2).
 */
import { assert, findRuns } from "@tideline/common";
import { IDENTITY_SIZE, wordsOf, type RowBatch } from "@tideline/model";
import {
  BASE_MS_AT,
  DEFINITION_COUNT_AT,
  DICTIONARY_AT,
  FLAGS_AT,
  KEYED_COUNT_AT,
  KEYS_SIZE_AT,
  MAGIC_AT,
  REF_BOUND_AT,
  REF_RUN_COUNT_AT,
  REFS_RUNS,
  ROW_BLOCK_MAGIC,
  ROW_COUNT_AT,
  ROWS_PER_BLOCK_MAX,
  rowBlockSections,
  STREAM_REF_MAX,
  TIMES_DELTA,
  TIMES_EQUAL,
  TIMES_FULL,
  TIMES_RUNS,
  TIME_RUN_COUNT_AT,
} from "./layout.ts";
import type { KeyedDefinitions } from "./keyed-definitions.ts";

/** What goes into one block. Everything is borrowed for the call. */
export interface RowBlockInput {
  /** Number of the stream dictionary that the refs belong to. */
  readonly dictionary: number;
  readonly batch: RowBatch;
  /** Row numbers of the batch; those in [rowsFrom, rowsTo) go into the block, in this order. */
  readonly rows: Uint32Array;
  readonly rowsFrom: number;
  readonly rowsTo: number;
  /** Table ref → stream ref. */
  readonly streamRefs: Uint32Array;
  /** Table refs to define by identity; the first `definitionCount` count. */
  readonly definitions: Uint32Array;
  readonly definitionCount: number;
  readonly keyed: KeyedDefinitions;
}

/** @returns the block, owned by the caller, alone in its ArrayBuffer */
export function encodeRowBlock(input: RowBlockInput): Uint8Array<ArrayBuffer> {
  const { batch, rows, rowsFrom, rowsTo, streamRefs, definitions, definitionCount, keyed } = input;
  const rowCount = rowsTo - rowsFrom;
  assert(rowCount <= ROWS_PER_BLOCK_MAX, "a block holds no more rows than its format allows");
  const baseMs = rowCount === 0 ? 0 : (batch.timestampsMs[rows[rowsFrom] as number] as number);
  const scratch = scratchOf(rowCount);
  const refs = scratch.refs.subarray(0, rowCount);
  let refBound = gatherRefs(batch.refs, rows, rowsFrom, streamRefs, refs);
  const refRunsSize = findRuns(refs, 1, scratch.refRuns, rowCount >>> 1);
  let timesForm = chooseTimesForm(batch.timestampsMs, rows, rowsFrom, rowsTo, baseMs);
  const deltas = scratch.deltas.subarray(0, timesForm === TIMES_DELTA ? rowCount : 0);
  gatherDeltas(batch.timestampsMs, rows, rowsFrom, baseMs, deltas);
  const deltaWords = new Uint32Array(deltas.buffer, 0, deltas.length);
  const timeRunsSize = findRuns(deltaWords, 0, scratch.timeRuns, rowCount >>> 1);
  if (timeRunsSize > 0) timesForm = TIMES_RUNS;
  const flags = timesForm | (refRunsSize > 0 ? REFS_RUNS : 0);
  const refRunCount = refRunsSize / 2;
  const timeRunCount = timeRunsSize / 2;
  const { keysSize, count: keyedCount } = keyed;
  const at = rowBlockSections({
    rowCount,
    definitionCount,
    keyedCount,
    keysSize,
    flags,
    refRunCount,
    timeRunCount,
  });
  const bytes = new Uint8Array(at.blockSize);
  const { buffer } = bytes;
  const identities = batch.series.identities;

  const definitionRefs = new Uint32Array(buffer, at.definitionRefsAt, definitionCount);
  for (let i = 0; i < definitionCount; i += 1) {
    const ref = definitions[i] as number;
    const streamRef = streamRefs[ref] as number;
    definitionRefs[i] = streamRef;
    if (streamRef >= refBound) refBound = streamRef + 1;
    copyIdentity(identities, ref, bytes, at.definitionIdentitiesAt + i * IDENTITY_SIZE);
  }
  const keyedRefs = new Uint32Array(buffer, at.keyedRefsAt, keyedCount);
  new Uint32Array(buffer, at.keyEndsAt, keyedCount).set(keyed.ends);
  bytes.set(keyed.keys, at.keysAt);
  for (let i = 0; i < keyedCount; i += 1) {
    const streamRef = keyed.streamRefs[i] as number;
    keyedRefs[i] = streamRef;
    if (streamRef >= refBound) refBound = streamRef + 1;
    const identityAt = at.keyedIdentitiesAt + i * IDENTITY_SIZE;
    copyIdentity(identities, keyed.refs[i] as number, bytes, identityAt);
  }
  assert(refBound <= STREAM_REF_MAX, "stream refs stay below the format's limit");
  const refWords = refRunsSize > 0 ? scratch.refRuns.subarray(0, refRunsSize) : refs;
  new Uint32Array(buffer, at.refsAt, refWords.length).set(refWords);
  if (timesForm === TIMES_RUNS) {
    const runs = scratch.timeRuns.subarray(0, timeRunsSize);
    new Uint32Array(buffer, at.timesAt, timeRunsSize).set(runs);
  } else if (timesForm === TIMES_DELTA) {
    new Int32Array(buffer, at.timesAt, rowCount).set(deltas);
  } else if (timesForm === TIMES_FULL) {
    const times = new Float64Array(buffer, at.timesAt, rowCount);
    gatherDeltas(batch.timestampsMs, rows, rowsFrom, 0, times);
  }
  const valueWords = new Uint32Array(buffer, at.valuesAt, rowCount * 2);
  gatherWords(wordsOf(batch.values), rows, rowsFrom, rowCount, valueWords);

  const header = new DataView(buffer);
  header.setUint32(MAGIC_AT, ROW_BLOCK_MAGIC, true);
  header.setUint32(FLAGS_AT, flags, true);
  header.setUint32(DICTIONARY_AT, input.dictionary, true);
  header.setUint32(ROW_COUNT_AT, rowCount, true);
  header.setUint32(DEFINITION_COUNT_AT, definitionCount, true);
  header.setUint32(KEYED_COUNT_AT, keyedCount, true);
  header.setUint32(KEYS_SIZE_AT, keysSize, true);
  header.setUint32(REF_BOUND_AT, refBound, true);
  header.setFloat64(BASE_MS_AT, baseMs, true);
  header.setUint32(REF_RUN_COUNT_AT, refRunCount, true);
  header.setUint32(TIME_RUN_COUNT_AT, timeRunCount, true);
  return bytes;
}

/** Columns of the block at hand. */
interface Scratch {
  readonly refs: Uint32Array;
  readonly refRuns: Uint32Array;
  readonly deltas: Int32Array;
  readonly timeRuns: Uint32Array;
}

let scratchColumns = newScratch(4096);

function newScratch(rowCount: number): Scratch {
  return {
    refs: new Uint32Array(rowCount),
    refRuns: new Uint32Array(rowCount),
    deltas: new Int32Array(rowCount),
    timeRuns: new Uint32Array(rowCount),
  };
}

function scratchOf(rowCount: number): Scratch {
  if (scratchColumns.refs.length < rowCount) scratchColumns = newScratch(rowCount * 2);
  return scratchColumns;
}

function chooseTimesForm(
  timestampsMs: Float64Array,
  rows: Uint32Array,
  rowsFrom: number,
  rowsTo: number,
  baseMs: number,
): number {
  let lowest = 0;
  let highest = 0;
  for (let i = rowsFrom; i < rowsTo; i += 1) {
    const delta = (timestampsMs[rows[i] as number] as number) - baseMs;
    if (delta < lowest) lowest = delta;
    else if (delta > highest) highest = delta;
  }
  if (lowest === 0 && highest === 0) return TIMES_EQUAL;
  return lowest >= -0x8000_0000 && highest <= 0x7fff_ffff ? TIMES_DELTA : TIMES_FULL;
}

/** @returns one more than the greatest stream ref written */
function gatherRefs(
  refs: Uint32Array,
  rows: Uint32Array,
  rowsFrom: number,
  streamRefs: Uint32Array,
  target: Uint32Array,
): number {
  let bound = 0;
  for (let i = 0; i < target.length; i += 1) {
    const streamRef = streamRefs[refs[rows[rowsFrom + i] as number] as number] as number;
    target[i] = streamRef;
    if (streamRef >= bound) bound = streamRef + 1;
  }
  return bound;
}

function gatherDeltas(
  timestampsMs: Float64Array,
  rows: Uint32Array,
  rowsFrom: number,
  baseMs: number,
  target: Int32Array | Float64Array,
): void {
  for (let i = 0; i < target.length; i += 1) {
    target[i] = (timestampsMs[rows[rowsFrom + i] as number] as number) - baseMs;
  }
}

function gatherWords(
  words: Uint32Array,
  rows: Uint32Array,
  rowsFrom: number,
  rowCount: number,
  target: Uint32Array,
): void {
  for (let i = 0; i < rowCount; i += 1) {
    const row = (rows[rowsFrom + i] as number) * 2;
    target[i * 2] = words[row] as number;
    target[i * 2 + 1] = words[row + 1] as number;
  }
}

function copyIdentity(
  identities: Uint8Array,
  ref: number,
  target: Uint8Array,
  targetAt: number,
): void {
  const from = ref * IDENTITY_SIZE;
  for (let i = 0; i < IDENTITY_SIZE; i += 1) target[targetAt + i] = identities[from + i] as number;
}

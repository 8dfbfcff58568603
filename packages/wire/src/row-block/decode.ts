/**
 * Decoder of row blocks: checks untrusted bytes and lays views over them.
 *
 * Layout: docs/formats/row-block.md. After a successful decode every count, ref and length holds, so
 * that a lane may loop over the columns without looking back.
 */
import { expandRuns } from "@tideline/common";
import { CorruptionError, IDENTITY_SIZE } from "@tideline/model";
import {
  BASE_MS_AT,
  DEFINITION_COUNT_AT,
  DICTIONARY_AT,
  FLAGS_AT,
  FLAGS_MASK,
  HEADER_SIZE,
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
  TIMES_MASK,
  TIMES_RUNS,
  TIME_RUN_COUNT_AT,
} from "./layout.ts";

/** A decoded block: views, valid as long as the bytes they lie over. */
export interface RowBlock {
  /** Number of the stream dictionary. A lane that meets a new one on a stream forgets that stream's refs. */
  readonly dictionary: number;
  /** Every stream ref in the block is below it; it is ≤ STREAM_REF_MAX. */
  readonly refBound: number;
  readonly rowCount: number;
  /** Series defined by identity alone; 16 bytes each. A ref may be defined again, to the same identity. */
  readonly definitionRefs: Uint32Array;
  readonly definitionIdentities: Uint8Array;
  /** Series defined with their keys: key i is keys[keyEnds[i - 1] … keyEnds[i]). */
  readonly keyedRefs: Uint32Array;
  readonly keyedIdentities: Uint8Array;
  readonly keyEnds: Uint32Array;
  readonly keys: Uint8Array;
  /** Stream ref of each row. It may be one that no block defined: the lane answers `unknownRefs`. */
  readonly refs: Uint32Array;
  /** Timestamps are baseMs for all rows, or baseMs + deltasMs, or timestampsMs: the last two are null elsewhere. */
  readonly baseMs: number;
  readonly deltasMs: Int32Array | null;
  readonly timestampsMs: Float64Array | null;
  /** Sample bits (law 2). */
  readonly values: Float64Array;
}

/** Rows in a block, read from its header alone; 0 when the bytes are no block. For metrics. */
export function rowCountOf(bytes: Uint8Array): number {
  if (bytes.length < HEADER_SIZE) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(ROW_COUNT_AT, true);
}

/**
 * @param bytes borrowed by the views of the result; copied first when they do not start at a multiple of 8
 * @throws {CorruptionError} when they are no row block of a version known here
 */
export function decodeRowBlock(bytes: Uint8Array): RowBlock {
  const block = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  if (block.length < HEADER_SIZE) throw damaged(`${block.length} bytes, less than a header`);
  const { buffer, byteOffset } = block;
  const header = new DataView(buffer, byteOffset, HEADER_SIZE);
  const magic = header.getUint32(MAGIC_AT, true);
  if (magic !== ROW_BLOCK_MAGIC) throw damaged(`unknown magic or version 0x${magic.toString(16)}`);
  const flags = header.getUint32(FLAGS_AT, true);
  if (flags > FLAGS_MASK) throw damaged(`unknown flags 0x${flags.toString(16)}`);
  const timesForm = flags & TIMES_MASK;
  const rowCount = header.getUint32(ROW_COUNT_AT, true);
  const definitionCount = header.getUint32(DEFINITION_COUNT_AT, true);
  const keyedCount = header.getUint32(KEYED_COUNT_AT, true);
  const keysSize = header.getUint32(KEYS_SIZE_AT, true);
  const refBound = header.getUint32(REF_BOUND_AT, true);
  const baseMs = header.getFloat64(BASE_MS_AT, true);
  if (rowCount > ROWS_PER_BLOCK_MAX) throw damaged(`${rowCount} rows, over the limit`);
  if (refBound > STREAM_REF_MAX) throw damaged(`refs up to ${refBound}, over the limit`);
  if (!Number.isSafeInteger(baseMs)) throw damaged(`base time ${baseMs}`);
  const refRunCount = header.getUint32(REF_RUN_COUNT_AT, true);
  const timeRunCount = header.getUint32(TIME_RUN_COUNT_AT, true);
  const at = rowBlockSections({
    rowCount,
    definitionCount,
    keyedCount,
    keysSize,
    flags,
    refRunCount,
    timeRunCount,
  });
  if (at.blockSize !== block.length) {
    throw damaged(`${block.length} bytes where the header counts ${at.blockSize}`);
  }
  const decoded: RowBlock = {
    dictionary: header.getUint32(DICTIONARY_AT, true),
    refBound,
    rowCount,
    definitionRefs: new Uint32Array(buffer, byteOffset + at.definitionRefsAt, definitionCount),
    definitionIdentities: block.subarray(
      at.definitionIdentitiesAt,
      at.definitionIdentitiesAt + definitionCount * IDENTITY_SIZE,
    ),
    keyedRefs: new Uint32Array(buffer, byteOffset + at.keyedRefsAt, keyedCount),
    keyedIdentities: block.subarray(
      at.keyedIdentitiesAt,
      at.keyedIdentitiesAt + keyedCount * IDENTITY_SIZE,
    ),
    keyEnds: new Uint32Array(buffer, byteOffset + at.keyEndsAt, keyedCount),
    keys: block.subarray(at.keysAt, at.keysAt + keysSize),
    refs:
      (flags & REFS_RUNS) === 0
        ? new Uint32Array(buffer, byteOffset + at.refsAt, rowCount)
        : expanded(new Uint32Array(buffer, byteOffset + at.refsAt, refRunCount * 2), 1, rowCount),
    baseMs,
    deltasMs: deltasOf(timesForm, buffer, byteOffset + at.timesAt, rowCount, timeRunCount),
    timestampsMs:
      timesForm === TIMES_FULL ? new Float64Array(buffer, byteOffset + at.timesAt, rowCount) : null,
    values: new Float64Array(buffer, byteOffset + at.valuesAt, rowCount),
  };
  checkBelow(decoded.definitionRefs, refBound);
  checkBelow(decoded.keyedRefs, refBound);
  checkBelow(decoded.refs, refBound);
  checkEnds(decoded.keyEnds, keysSize);
  if (timesForm !== TIMES_EQUAL) checkTimes(decoded);
  return decoded;
}

/** Writes the timestamps of all rows to the start of `target`. */
export function blockTimestamps(block: RowBlock, target: Float64Array): void {
  const { baseMs, deltasMs, timestampsMs, rowCount } = block;
  if (deltasMs) {
    for (let i = 0; i < rowCount; i += 1) target[i] = baseMs + (deltasMs[i] as number);
  } else if (timestampsMs) {
    target.set(timestampsMs);
  } else {
    target.fill(baseMs, 0, rowCount);
  }
}

/** Key of keyed definition `index`: a view into the block. */
export function keyedKey(block: RowBlock, index: number): Uint8Array {
  const start = index === 0 ? 0 : (block.keyEnds[index - 1] as number);
  return block.keys.subarray(start, block.keyEnds[index]);
}

function deltasOf(
  timesForm: number,
  buffer: ArrayBufferLike,
  timesAt: number,
  rowCount: number,
  timeRunCount: number,
): Int32Array | null {
  if (timesForm === TIMES_DELTA) return new Int32Array(buffer, timesAt, rowCount);
  if (timesForm !== TIMES_RUNS) return null;
  const runs = new Uint32Array(buffer, timesAt, timeRunCount * 2);
  return new Int32Array(expanded(runs, 0, rowCount).buffer);
}

/** @throws {CorruptionError} runs that do not make `rowCount` numbers */
function expanded(runs: Uint32Array, step: 0 | 1, rowCount: number): Uint32Array {
  const column = new Uint32Array(rowCount);
  try {
    expandRuns(runs, step, column);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw damaged(error.message);
  }
  return column;
}

function checkBelow(refs: Uint32Array, bound: number): void {
  let highest = 0;
  for (let i = 0; i < refs.length; i += 1) {
    const ref = refs[i] as number;
    if (ref > highest) highest = ref;
  }
  if (refs.length > 0 && highest >= bound) throw damaged(`ref ${highest} of ${bound}`);
}

function checkEnds(ends: Uint32Array, size: number): void {
  let last = 0;
  for (const end of ends) {
    if (end < last) throw damaged(`a key that ends at ${end}, before its start`);
    last = end;
  }
  if (last !== size) throw damaged(`keys that end at ${last} of ${size}`);
}

function checkTimes({ baseMs, deltasMs, timestampsMs }: RowBlock): void {
  if (deltasMs && Math.abs(baseMs) > Number.MAX_SAFE_INTEGER - 0x8000_0000) {
    throw damaged(`base time ${baseMs}, too far for deltas`);
  }
  if (!timestampsMs) return;
  for (let i = 0; i < timestampsMs.length; i += 1) {
    if (!Number.isSafeInteger(timestampsMs[i])) throw damaged(`time ${timestampsMs[i]}`);
  }
}

function damaged(what: string): CorruptionError {
  return new CorruptionError("TIDELINE_ROW_BLOCK", `Cannot decode a row block: ${what}`);
}

/** The records of the WAL as bytes. Values pass as bits (law 2). Format: docs/formats/wal.md. */
import { assert, ByteReader, expandRuns, findRuns, type ByteWriter } from "@tideline/common";
import { CorruptionError, IDENTITY_SIZE, type SeriesDelete } from "@tideline/model";
import { decodeDeleteRequest, encodeDeleteRequest } from "@tideline/wire";
import { RECORD_DEFINITION, RECORD_DELETE, RECORD_ROWS } from "./format.ts";

/** Rows of one record; larger batches become several. */
export const ROWS_PER_RECORD_MAX = 65_536;

/** How the timestamps of a rows record are kept. */
const TIMES_SHARED = 0;
const TIMES_OFFSETS = 1;
const TIMES_FULL = 2;
const TIMES_RUNS = 3;

/** How its slots are kept. */
const SLOTS_PLAIN = 0;
const SLOTS_RUNS = 1;

export function encodeDefinition(
  writer: ByteWriter,
  slot: number,
  identity: Uint8Array,
  key: Uint8Array,
): void {
  assert(identity.length === IDENTITY_SIZE, "an identity has 16 bytes");
  writer.u8(RECORD_DEFINITION);
  writer.u32(slot);
  writer.raw(identity);
  writer.raw(key);
}

/** @throws {InputError} more selectors than a delete may have */
export function encodeDelete(writer: ByteWriter, number: number, request: SeriesDelete): void {
  writer.u8(RECORD_DELETE);
  writer.u64(number);
  writer.raw(encodeDeleteRequest(request));
}

/** The columns hold exactly the record's rows, 1 to ROWS_PER_RECORD_MAX. */
export function encodeRows(
  writer: ByteWriter,
  slots: Uint32Array,
  timestampsMs: Float64Array,
  values: Float64Array,
): void {
  const rowCount = slots.length;
  assert(rowCount > 0 && rowCount <= ROWS_PER_RECORD_MAX, "a record holds 1 to 65536 rows");
  const { minMs, maxMs, isWhole } = timesOf(timestampsMs);
  assert(isWhole, "timestamps are whole numbers below 2^53");
  writer.u8(RECORD_ROWS);
  const formsAt = writer.reserve(3);
  writer.u32(rowCount);
  writer.f64(minMs);
  writer.u64(0); // reserved for a write stamp
  writer.raw(bytesOf(values));
  const slotsForm = writeSlots(writer, slots);
  const timesForm = writeTimes(writer, timestampsMs, minMs, maxMs);
  writer.bytes().set([timesForm, slotsForm, 0], formsAt);
}

/** @returns the form chosen */
function writeSlots(writer: ByteWriter, slots: Uint32Array): number {
  const runs = runsOf(slots, 1);
  if (!runs) writer.raw(bytesOf(slots));
  else writeRuns(writer, runs);
  return runs ? SLOTS_RUNS : SLOTS_PLAIN;
}

/** @returns the form chosen */
function writeTimes(
  writer: ByteWriter,
  timestampsMs: Float64Array,
  minMs: number,
  maxMs: number,
): number {
  if (minMs === maxMs) return TIMES_SHARED;
  if (maxMs - minMs >= 0x1_0000_0000) {
    writer.raw(bytesOf(timestampsMs));
    return TIMES_FULL;
  }
  const offsets = offsetsFrom(minMs, timestampsMs);
  const runs = runsOf(offsets, 0);
  if (!runs) writer.raw(bytesOf(offsets));
  else writeRuns(writer, runs);
  return runs ? TIMES_RUNS : TIMES_OFFSETS;
}

/** Of the column at hand. */
let runScratch = new Uint32Array(1024);

/** @returns pairs of (first, count), borrowed until the next call; null when they are not smaller than the column */
function runsOf(column: Uint32Array, step: 0 | 1): Uint32Array | null {
  const { length } = column;
  if (runScratch.length < length) runScratch = new Uint32Array(length * 2);
  // The count of the runs takes a word as well.
  const size = findRuns(column, step, runScratch, length - 2);
  return size === 0 ? null : runScratch.subarray(0, size);
}

function readRuns(reader: ByteReader, rowCount: number, step: 0 | 1): Uint32Array {
  const column = new Uint32Array(rowCount);
  const runCount = reader.u32();
  expandRuns(wordsAt(reader, runCount * 2), step, column);
  return column;
}

function writeRuns(writer: ByteWriter, runs: Uint32Array): void {
  writer.u32(runs.length / 2);
  writer.raw(bytesOf(runs));
}

function timesOf(timestampsMs: Float64Array): { minMs: number; maxMs: number; isWhole: boolean } {
  let minMs = Infinity;
  let maxMs = -Infinity;
  let isWhole = true;
  for (let i = 0; i < timestampsMs.length; i += 1) {
    const ms = timestampsMs[i] as number;
    if (ms < minMs) minMs = ms;
    if (ms > maxMs) maxMs = ms;
    if (Math.floor(ms) !== ms) isWhole = false;
  }
  return {
    minMs,
    maxMs,
    isWhole: isWhole && Number.isSafeInteger(minMs) && Number.isSafeInteger(maxMs),
  };
}

function offsetsFrom(baseMs: number, timestampsMs: Float64Array): Uint32Array {
  const offsets = new Uint32Array(timestampsMs.length);
  for (let i = 0; i < offsets.length; i += 1) offsets[i] = (timestampsMs[i] as number) - baseMs;
  return offsets;
}

function bytesOf(column: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

export interface Definition {
  readonly slot: number;
  readonly identity: Uint8Array;
  readonly key: Uint8Array;
}

/** @throws {RangeError} on bytes that are no definition */
export function decodeDefinition(record: Uint8Array): Definition {
  const reader = new ByteReader(record, 1);
  const slot = reader.u32();
  const identity = reader.raw(IDENTITY_SIZE);
  return { slot, identity, key: reader.raw(reader.restSize) };
}

export interface LoggedDelete {
  readonly number: number;
  readonly request: SeriesDelete;
}

/** @throws {RangeError} on bytes that are no delete */
export function decodeDelete(record: Uint8Array): LoggedDelete {
  const reader = new ByteReader(record, 1);
  const number = reader.u64();
  try {
    return { number, request: decodeDeleteRequest(reader.raw(reader.restSize)) };
  } catch (cause) {
    if (!(cause instanceof CorruptionError)) throw cause;
    throw new RangeError(cause.message, { cause });
  }
}

export interface RowColumns {
  readonly slots: Uint32Array;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
}

/**
 * @param record starts at a multiple of 8 in its buffer: values and plain slots are views into it
 * @throws {RangeError} on bytes that are no rows record
 */
export function decodeRows(record: Uint8Array): RowColumns {
  const reader = new ByteReader(record, 1);
  const timesForm = reader.u8();
  const slotsForm = reader.u16();
  const rowCount = reader.u32();
  const baseMs = reader.f64();
  reader.raw(8);
  if (rowCount === 0 || rowCount > ROWS_PER_RECORD_MAX)
    throw new RangeError(`no rows record: ${rowCount} rows`);
  const valueBytes = reader.raw(8 * rowCount);
  const values = new Float64Array(valueBytes.buffer, valueBytes.byteOffset, rowCount);
  const slots = readSlots(reader, slotsForm, rowCount);
  const timestampsMs = readTimes(reader, timesForm, rowCount, baseMs);
  if (reader.restSize > 0)
    throw new RangeError(`rows record with ${reader.restSize} bytes behind ${rowCount} rows`);
  return { slots, timestampsMs, values };
}

function readSlots(reader: ByteReader, form: number, rowCount: number): Uint32Array {
  if (form === SLOTS_RUNS) return readRuns(reader, rowCount, 1);
  if (form === SLOTS_PLAIN) return wordsAt(reader, rowCount);
  throw new RangeError(`rows record with slots of form ${form}`);
}

function readTimes(
  reader: ByteReader,
  form: number,
  rowCount: number,
  baseMs: number,
): Float64Array {
  const timestampsMs = new Float64Array(rowCount);
  if (form === TIMES_FULL) {
    bytesOf(timestampsMs).set(reader.raw(8 * rowCount));
    return timestampsMs;
  }
  if (form === TIMES_SHARED) return timestampsMs.fill(baseMs);
  if (form !== TIMES_OFFSETS && form !== TIMES_RUNS)
    throw new RangeError(`rows record with times of form ${form}`);
  const offsets = form === TIMES_RUNS ? readRuns(reader, rowCount, 0) : wordsAt(reader, rowCount);
  for (let i = 0; i < rowCount; i += 1) timestampsMs[i] = baseMs + (offsets[i] as number);
  return timestampsMs;
}

/** A view: what stands before it in a record takes a multiple of 4 bytes. */
function wordsAt(reader: ByteReader, count: number): Uint32Array {
  const bytes = reader.raw(4 * count);
  return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
}

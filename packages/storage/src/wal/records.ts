/** The records of the WAL as bytes. Values pass as bits (law 2). Format: docs/formats/wal.md. */
import { assert, ByteReader, type ByteWriter } from "@tideline/common";
import { IDENTITY_SIZE } from "@tideline/model";
import { RECORD_DEFINITION, RECORD_ROWS } from "./format.ts";

/** Rows of one record; larger batches become several. */
export const ROWS_PER_RECORD_MAX = 65_536;

/** How the timestamps of a rows record are kept. */
const TIMES_SHARED = 0;
const TIMES_OFFSETS = 1;
const TIMES_FULL = 2;
/** Bytes per row that each of them takes. */
const TIME_SIZES = [0, 4, 8] as const;

const ROWS_HEADER_SIZE = 24;

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
  const span = maxMs - minMs;
  const wideMode = span < 0x1_0000_0000 ? TIMES_OFFSETS : TIMES_FULL;
  const mode = span === 0 ? TIMES_SHARED : wideMode;
  writer.u8(RECORD_ROWS);
  writer.u8(mode);
  writer.u16(0);
  writer.u32(rowCount);
  writer.f64(minMs);
  writer.u64(0); // reserved for a write stamp
  writer.raw(bytesOf(values));
  writer.raw(bytesOf(slots));
  if (mode === TIMES_OFFSETS) writer.raw(bytesOf(offsetsFrom(minMs, timestampsMs)));
  if (mode === TIMES_FULL) writer.raw(bytesOf(timestampsMs));
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

export interface RowColumns {
  readonly slots: Uint32Array;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
}

/**
 * @param record starts at a multiple of 8 in its buffer: slots and values are views into it
 * @throws {RangeError} on bytes that are no rows record
 */
export function decodeRows(record: Uint8Array): RowColumns {
  const reader = new ByteReader(record, 1);
  const mode = reader.u8();
  reader.u16();
  const rowCount = reader.u32();
  const baseMs = reader.f64();
  reader.raw(8);
  const timeSize = TIME_SIZES[mode];
  if (rowCount === 0 || rowCount > ROWS_PER_RECORD_MAX || timeSize === undefined)
    throw new RangeError(`no rows record: ${rowCount} rows, mode ${mode}`);
  if (reader.restSize !== (12 + timeSize) * rowCount)
    throw new RangeError(`rows record of ${record.length} bytes for ${rowCount} rows`);
  const valuesAt = record.byteOffset + ROWS_HEADER_SIZE;
  const slotsAt = valuesAt + 8 * rowCount;
  const values = new Float64Array(record.buffer, valuesAt, rowCount);
  const slots = new Uint32Array(record.buffer, slotsAt, rowCount);
  const timestampsMs = new Float64Array(rowCount).fill(baseMs);
  const timesAt = slotsAt + 4 * rowCount - record.byteOffset;
  if (mode === TIMES_OFFSETS) {
    const offsets = new Uint32Array(record.buffer, record.byteOffset + timesAt, rowCount);
    for (let i = 0; i < rowCount; i += 1) timestampsMs[i] = baseMs + (offsets[i] as number);
  }
  if (mode === TIMES_FULL) bytesOf(timestampsMs).set(record.subarray(timesAt));
  return { slots, timestampsMs, values };
}

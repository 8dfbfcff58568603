/**
 * A series in the series table: its key and its blocks. Format: docs/formats/part.md#series-entries.
 */
import { ByteReader, type ByteWriter } from "@tideline/common";
import { blockStats, FLAG_NAN, FLAG_RESET, FLAG_STALE } from "./block-stats.ts";
import type { EntryCursor } from "./entry-cursor.ts";
import type { UnitPointer } from "./part-sink.ts";

/** Bits of an entry's flags besides those of block-stats: which of the four values repeat another one. */
const LAST_IS_FIRST = 8;
const MIN_IS_FIRST = 16;
const MIN_IS_LAST = 32;
const MAX_IS_FIRST = 64;
const MAX_IS_LAST = 128;
const STAT_FLAGS = FLAG_STALE | FLAG_RESET | FLAG_NAN;

/** Values are float64: a unit of their own, or a stretch of a group's unit. Others (native histograms) will have other numbers. */
const KIND_FLOAT = 0;
export const KIND_FLOAT_GROUPED = 1;

/** First key of a leaf of the series tree: sorts as the number does. */
export function ordinalKey(ordinal: number): Uint8Array {
  const key = new Uint8Array(4);
  writeOrdinalKey(key, ordinal);
  return key;
}

/** `ordinalKey` into 4 bytes that are there already. */
export function writeOrdinalKey(target: Uint8Array, ordinal: number): void {
  target[0] = ordinal >>> 24;
  target[1] = (ordinal >>> 16) & 0xff;
  target[2] = (ordinal >>> 8) & 0xff;
  target[3] = ordinal & 0xff;
}

/** @throws {RangeError} on bytes that are no ordinal key */
export function ordinalOfKey(key: Uint8Array): number {
  return new DataView(key.buffer, key.byteOffset, key.byteLength).getUint32(0);
}

/** What an entry tells of a block's samples, apart from where they lie. */
export interface BlockFacts {
  readonly count: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** The entry's own flags and value bits; `blockStatBits` reads them. */
  readonly entryFlags: number;
  readonly entryBits: Uint8Array;
}

/** Where a value block lies: it is a unit, or, with `inGroup`, a stretch of a group that is a unit (value-group.ts). */
export interface ValuePlace extends UnitPointer {
  readonly inGroup: GroupStretch | null;
}

/** Bytes of a group, as they are before compression. */
export interface GroupStretch {
  readonly start: number;
  readonly size: number;
}

/** A block as its series' entry tells it. */
export interface PartBlock extends BlockFacts {
  readonly value: ValuePlace;
  readonly timestamps: UnitPointer;
  /** FLAG_STALE, FLAG_RESET, FLAG_NAN (block-stats.ts). */
  readonly flags: number;
}

/** @param values of one block; borrowed, as their times are */
export function blockFacts(values: Float64Array, timestampsMs: Float64Array): BlockFacts {
  const last = values.length - 1;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const bitsAt = (index: number): Uint8Array => bytes.subarray(index * 8, index * 8 + 8);
  const { flags: statFlags, minIndex, maxIndex } = blockStats(values);
  const isLastFirst = sameBits(bitsAt(last), bitsAt(0));
  const minFlag = repeatFlag(bitsAt(minIndex), bitsAt(0), bitsAt(last), MIN_IS_FIRST, MIN_IS_LAST);
  const maxFlag = repeatFlag(bitsAt(maxIndex), bitsAt(0), bitsAt(last), MAX_IS_FIRST, MAX_IS_LAST);
  const entryFlags = statFlags | (isLastFirst ? LAST_IS_FIRST : 0) | minFlag | maxFlag;
  const entryBits = new Uint8Array(statBitsSize(entryFlags));
  let end = 0;
  const put = (index: number): void => {
    entryBits.set(bitsAt(index), end);
    end += 8;
  };
  put(0);
  if (!isLastFirst) put(last);
  if (minFlag === 0) put(minIndex);
  if (maxFlag === 0) put(maxIndex);
  return {
    count: values.length,
    minMs: timestampsMs[0] as number,
    maxMs: timestampsMs[last] as number,
    entryFlags,
    entryBits,
  };
}

/** Appends the part of an entry that tells one block. */
export function encodeBlock(
  target: ByteWriter,
  { count, minMs, maxMs, entryFlags, entryBits }: BlockFacts,
  value: ValuePlace,
  timestamps: UnitPointer,
): void {
  target.varint(count);
  target.u8(value.inGroup ? KIND_FLOAT_GROUPED : KIND_FLOAT);
  target.varint(0); // resolution in ms; 0 = as it came
  target.varint(0); // reserved for a write stamp
  target.u8(entryFlags);
  target.f64(minMs);
  target.f64(maxMs);
  target.varint(value.offset);
  target.varint(value.size);
  if (value.inGroup) {
    target.varint(value.inGroup.start);
    target.varint(value.inGroup.size);
  }
  target.varint(timestamps.offset);
  target.varint(timestamps.size);
  target.raw(entryBits);
}

function repeatFlag(
  bits: Uint8Array,
  firstBits: Uint8Array,
  lastBits: Uint8Array,
  isFirst: number,
  isLast: number,
): number {
  if (sameBits(bits, firstBits)) return isFirst;
  return sameBits(bits, lastBits) ? isLast : 0;
}

function sameBits(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** A series as the table tells it. */
export interface SeriesEntry {
  /** A view into the entry. */
  readonly key: Uint8Array;
  /** Ascending in time. */
  readonly blocks: readonly PartBlock[];
}

/** All of the entry that a cursor was opened at. @throws {RangeError} on bytes that are no entry */
export function readSeriesEntry(cursor: EntryCursor): SeriesEntry {
  const key = cursor.bytes.subarray(cursor.keyStart, cursor.keyEnd);
  const blocks: PartBlock[] = [];
  while (cursor.next()) blocks.push(new EntryBlock(cursor));
  return { key, blocks };
}

/** The bits of its values are a view that few ask for. */
class EntryBlock implements PartBlock {
  readonly count: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly value: ValuePlace;
  readonly timestamps: UnitPointer;
  readonly entryFlags: number;
  readonly #bytes: Uint8Array;
  readonly #bitsAt: number;

  constructor(cursor: EntryCursor) {
    const { groupStart, groupSize } = cursor;
    const inGroup = groupStart < 0 ? null : { start: groupStart, size: groupSize };
    this.count = cursor.count;
    this.minMs = cursor.minMs;
    this.maxMs = cursor.maxMs;
    this.value = { offset: cursor.valueOffset, size: cursor.valueSize, inGroup };
    this.timestamps = { offset: cursor.timesOffset, size: cursor.timesSize };
    this.entryFlags = cursor.entryFlags;
    this.#bytes = cursor.bytes;
    this.#bitsAt = cursor.bitsAt;
  }

  get flags(): number {
    return this.entryFlags & STAT_FLAGS;
  }

  get entryBits(): Uint8Array {
    return this.#bytes.subarray(this.#bitsAt, this.#bitsAt + statBitsSize(this.entryFlags));
  }
}

/** Bytes of the values that an entry tells of a block. */
export function statBitsSize(flags: number): number {
  let size = 8;
  if ((flags & LAST_IS_FIRST) === 0) size += 8;
  if ((flags & (MIN_IS_FIRST | MIN_IS_LAST)) === 0) size += 8;
  if ((flags & (MAX_IS_FIRST | MAX_IS_LAST)) === 0) size += 8;
  return size;
}

/**
 * Bits of a block's first, last, least and greatest value: 32 bytes, little endian, owned by the caller. The least and
 * greatest leave NaNs out; where there are only NaNs they are the first value.
 */
export function blockStatBits({ entryFlags, entryBits }: PartBlock): Uint8Array {
  const reader = new ByteReader(entryBits);
  const first = reader.raw(8);
  const last = (entryFlags & LAST_IS_FIRST) === 0 ? reader.raw(8) : first;
  const other = (isFirst: number, isLast: number): Uint8Array => {
    if ((entryFlags & isFirst) !== 0) return first;
    return (entryFlags & isLast) === 0 ? reader.raw(8) : last;
  };
  const bits = new Uint8Array(32);
  bits.set(first, 0);
  bits.set(last, 8);
  bits.set(other(MIN_IS_FIRST, MIN_IS_LAST), 16);
  bits.set(other(MAX_IS_FIRST, MAX_IS_LAST), 24);
  return bits;
}

/**
 * A few timestamps of a block, without unpacking it all: each one is its difference to the one before, so a block is gone through
 * once, and places on the way are remembered to go on from.
 */
import { ByteReader } from "@tideline/common";
import { CODEC_DELTA2, CODEC_STEADY, decodeTimestamps } from "./plain.ts";

/** Timestamps from one place to the next. */
const STRIDE = 128;
const NONE = new Float64Array(0);
const NO_OFFSETS = new Uint32Array(0);

/** Places in a block: where each 128th timestamp stands; of a steady one, the first says it all. */
export interface TimestampPlaces {
  /** Between any two timestamps, where that is the same; else 0. */
  readonly stepMs: number;
  readonly timesMs: Float64Array;
  /** What each of them is later than the one before. */
  readonly deltas: Float64Array;
  /** Where in the block the one behind it starts. */
  readonly offsets: Uint32Array;
}

/** What lies in a time range: those from `from` on. */
export interface TimestampCut {
  readonly from: number;
  /** Owned by the caller; empty when there are none. */
  readonly timestampsMs: Float64Array;
}

/** Bytes that places of a block take, buffers included. */
export function timestampPlacesSize(count: number): number {
  return Math.ceil(count / STRIDE) * 20 + 600;
}

/**
 * Goes through a block of `count` timestamps.
 *
 * @returns null where a block has its timestamps as they are
 * @throws {RangeError} when the bytes are no block of that many ascending timestamps
 */
export function timestampPlaces(block: Uint8Array, count: number): TimestampPlaces | null {
  if (block[0] !== CODEC_DELTA2 && block[0] !== CODEC_STEADY) return null;
  const timestampsMs = new Float64Array(count);
  decodeTimestamps(block, timestampsMs);
  if (block[0] === CODEC_STEADY) {
    const stepMs = count > 1 ? (timestampsMs[1] as number) - (timestampsMs[0] as number) : 1;
    return { stepMs, timesMs: timestampsMs.slice(0, 1), deltas: NONE, offsets: NO_OFFSETS };
  }
  const placeCount = Math.ceil(count / STRIDE);
  const timesMs = new Float64Array(placeCount);
  const deltas = new Float64Array(placeCount);
  const offsets = new Uint32Array(placeCount);
  const reader = new ByteReader(block, 9);
  for (let i = 0; i < count; i += 1) {
    if (i > 0) reader.varint();
    if (i % STRIDE !== 0) continue;
    const place = i / STRIDE;
    timesMs[place] = timestampsMs[i] as number;
    deltas[place] = i === 0 ? 0 : (timestampsMs[i] as number) - (timestampsMs[i - 1] as number);
    offsets[place] = reader.offset;
  }
  return { stepMs: 0, timesMs, deltas, offsets };
}

/**
 * The timestamps of a block that lie in a time range; both ends are in it.
 *
 * @param places of this block
 */
export function cutTimestamps(
  block: Uint8Array,
  count: number,
  places: TimestampPlaces,
  startMs: number,
  endMs: number,
): TimestampCut {
  const { stepMs, timesMs, deltas, offsets } = places;
  if (stepMs > 0) return cutSteady(timesMs[0] as number, stepMs, count, startMs, endMs);
  // The last place that begins before the range, and the one that begins behind it.
  const first = Math.max(0, placesBelow(timesMs, startMs) - 1);
  const last = placesBelow(timesMs, endMs + 1);
  const end = Math.min(count, last * STRIDE);
  const found = new Float64Array(Math.max(0, end - first * STRIDE));
  const reader = new ByteReader(block, offsets[first]);
  let ms = timesMs[first] as number;
  let delta = deltas[first] as number;
  let from = first * STRIDE;
  let foundCount = 0;
  for (let i = from; i < end; i += 1) {
    if (i > first * STRIDE) {
      const zigzag = reader.varint();
      delta += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      ms += delta;
    }
    if (ms > endMs) break;
    if (ms < startMs) {
      from = i + 1;
      continue;
    }
    found[foundCount] = ms;
    foundCount += 1;
  }
  return { from, timestampsMs: found.slice(0, foundCount) };
}

function cutSteady(
  firstMs: number,
  stepMs: number,
  count: number,
  startMs: number,
  endMs: number,
): TimestampCut {
  const from = Math.min(count, Math.max(0, Math.ceil((startMs - firstMs) / stepMs)));
  const to = Math.min(count, Math.max(from, Math.floor((endMs - firstMs) / stepMs) + 1));
  const timestampsMs = new Float64Array(to - from);
  for (let i = from; i < to; i += 1) timestampsMs[i - from] = firstMs + i * stepMs;
  return { from, timestampsMs };
}

/** How many places lie before `ms`. */
function placesBelow(timesMs: Float64Array, ms: number): number {
  let low = 0;
  let high = timesMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesMs[middle] as number) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

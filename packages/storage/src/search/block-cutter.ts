/**
 * Cuts blocks to the time range of a search. A part's block may hold a day where a query wants its last five minutes:
 * the lane unpacks it once and sends these, so that neither the way to the reader nor the reader has to do with the rest.
 *
 * What is cut out travels as it is, 8 bytes a value, and only where that is shorter than the block: nothing is packed anew.
 */
import {
  type CutMarks,
  CUT_SAME,
  cutBytes,
  cutInPlace,
  cutSize,
  cutTimestamps,
  decodeTimestamps,
  decodeValues,
  encodeTimestamps,
  type TimestampCut,
  type TimestampPlaces,
  type ValueCut,
  wrapValues,
} from "@tideline/kernels";
import type { TimestampBlock } from "@tideline/model";
import { viewOf, type BytePlace } from "../part/byte-place.ts";
import { lowerBound } from "./lower-bound.ts";
import type { SeriesTarget } from "./series-target.ts";

export interface BlockCutterOptions {
  readonly startMs: number;
  readonly endMs: number;
  /** Added to the ids of timestamp blocks, which are at least 0. */
  readonly firstTimestampId: number;
  /** Gives ids to timestamp blocks that are cut; when not given, one for each block that is cut. */
  readonly nextCutId?: () => number;
  /** Where cuts of blocks began. */
  readonly marks?: CutMarks;
  /** Places in a timestamp block to begin at; null where there are none. @throws {RangeError} it cannot be read */
  readonly placesOf?: (timestamps: TimestampBlock) => TimestampPlaces | null;
  /** Nothing outside the range goes out, whatever it costs: it is deleted. */
  readonly isStrict?: boolean;
}

/** As answers of cutInPlace below 0, but for CUT_SAME: the block goes out whole. */
const NOT_CUT = -1;

/** Timestamp blocks remembered at a time; past it they are worked out anew. */
const KNOWN_COUNT_MAX = 4096;

/** A timestamp block as this search knows it. */
export interface Times {
  readonly whole: TimestampBlock;
  /** What of it lies in the time range: null where all of it does, or it cannot be read. */
  readonly part: TimesPart | null;
  /** Nothing of it does. */
  readonly isOutside: boolean;
}

export interface TimesPart {
  readonly block: TimestampBlock;
  readonly cut: ValueCut;
}

export class BlockCutter {
  // Fields of its own: whoever makes the options, the code that runs for each block knows their shape.
  readonly #startMs: number;
  readonly #endMs: number;
  readonly #firstTimestampId: number;
  readonly #nextCutId: (() => number) | undefined;
  readonly #marks: CutMarks | null;
  readonly #placesOf: ((timestamps: TimestampBlock) => TimestampPlaces | null) | undefined;
  readonly #isStrict: boolean;
  readonly #known = new Map<number, Times>();
  #last: Times | null = null;
  #lastId = -1;

  constructor(options: BlockCutterOptions) {
    this.#startMs = options.startMs;
    this.#endMs = options.endMs;
    this.#firstTimestampId = options.firstTimestampId;
    this.#nextCutId = options.nextCutId;
    this.#marks = options.marks ?? null;
    this.#placesOf = options.placesOf;
    this.#isStrict = options.isStrict ?? false;
  }

  /** What of a block with these timestamps is in the time range. */
  timesOf(timestamps: TimestampBlock): Times {
    if (this.#last && timestamps.id === this.#lastId) return this.#last;
    const times = this.#find(timestamps);
    this.#last = times;
    this.#lastId = timestamps.id;
    return times;
  }

  /**
   * Puts the part of a block that is in the time range, or all of it where that is no longer.
   *
   * @param place of its values
   * @param slot of the block among the marks, where there are any
   */
  putPart(
    whole: TimestampBlock,
    part: TimesPart,
    place: BytePlace,
    slot: number,
    target: SeriesTarget,
  ): void {
    const at = this.#cut(place, part.cut, slot);
    if (at >= 0) target.putBlock(part.block, cutBytes, at, at + cutSize(part.cut));
    else if (at === CUT_SAME) putWhole(part.block, place, target);
    else this.#putLonger(whole, part, place, target);
  }

  #putLonger(whole: TimestampBlock, part: TimesPart, place: BytePlace, target: SeriesTarget): void {
    const bytes = this.#isStrict ? strictOrNull(part.cut, place) : null;
    if (bytes) target.putBlock(part.block, bytes, 0, bytes.length);
    else putWhole(whole, place, target);
  }

  #cut({ bytes, start, end }: BytePlace, wanted: ValueCut, slot: number): number {
    try {
      return cutInPlace(bytes, start, end, wanted, this.#marks, slot);
    } catch (error) {
      leftToReader(error);
      return NOT_CUT;
    }
  }

  #find(timestamps: TimestampBlock): Times {
    let times = this.#known.get(timestamps.id);
    if (!times) {
      times = this.#work(timestamps);
      if (this.#known.size === KNOWN_COUNT_MAX) this.#known.clear();
      this.#known.set(timestamps.id, times);
    }
    return times;
  }

  #work(timestamps: TimestampBlock): Times {
    const startMs = this.#startMs;
    const endMs = this.#endMs;
    const { count, minMs, maxMs } = timestamps;
    const whole = { ...timestamps, id: timestamps.id + this.#firstTimestampId };
    if (minMs >= startMs && maxMs <= endMs) return { whole, part: null, isOutside: false };
    let cut: TimestampCut;
    try {
      cut = this.#cutTimes(timestamps);
    } catch (error) {
      return { whole, part: leftToReader(error), isOutside: false };
    }
    const { from, timestampsMs: wanted } = cut;
    // A range that ends before it starts lies in many a block, and holds nothing.
    if (wanted.length === 0) return { whole, part: null, isOutside: true };
    const to = from + wanted.length;
    const block: TimestampBlock = {
      // Whole blocks have the ids from 0 on.
      id: this.#nextCutId?.() ?? -1 - whole.id,
      count: wanted.length,
      minMs: wanted[0] as number,
      maxMs: wanted[wanted.length - 1] as number,
      bytes: encodeTimestamps(wanted),
    };
    return { whole, part: { block, cut: { count, from, to } }, isOutside: false };
  }

  #cutTimes(timestamps: TimestampBlock): TimestampCut {
    const places = this.#placesOf?.(timestamps);
    const { bytes, count } = timestamps;
    return places
      ? cutTimestamps(bytes, count, places, this.#startMs, this.#endMs)
      : cutUnpacked(timestamps, this.#startMs, this.#endMs);
  }
}

/** All of a block, and what of it is wanted. */
function cutUnpacked(
  { bytes, count }: TimestampBlock,
  startMs: number,
  endMs: number,
): TimestampCut {
  const timestampsMs = new Float64Array(count);
  decodeTimestamps(bytes, timestampsMs);
  const from = lowerBound(timestampsMs, count, startMs);
  const to = Math.max(from, lowerBound(timestampsMs, count, endMs + 1));
  return { from, timestampsMs: timestampsMs.subarray(from, to) };
}

/** A block as it lies in the file. */
export function putWhole(
  timestamps: TimestampBlock,
  { bytes, start, end }: BytePlace,
  target: SeriesTarget,
): void {
  target.putBlock(timestamps, bytes, start, end);
}

/** Only what is wanted, though that is longer; null where the block cannot be read. */
function strictOrNull({ count, from, to }: ValueCut, place: BytePlace): Uint8Array | null {
  const values = new Float64Array(count);
  try {
    decodeValues(viewOf(place), values);
  } catch (error) {
    return leftToReader(error);
  }
  return wrapValues(values.subarray(from, to));
}

/** A block that cannot be read goes out whole: its reader says what is wrong with it. */
function leftToReader(error: unknown): null {
  if (error instanceof RangeError) return null;
  throw error;
}

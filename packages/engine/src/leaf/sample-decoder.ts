/**
 * Blocks of one series → its samples, in reused flat memory.
 *
 * Timestamps that many series share are decoded once: a sequence is known by the ids of its timestamp blocks, and
 * carries its windows. Blocks that overlap are merged sample by sample (law 3); such a series has a sequence of its own. So has one
 * whose samples are closer than the interval of which only the newest counts (model/sample-dedup.ts).
 */
import {
  decodeTimestamps,
  decodeValues,
  SERIES_SAMPLES_MAX,
  seriesValues,
  VALUES_PER_BLOCK_MAX,
} from "@tideline/kernels";
import {
  beats,
  CorruptionError,
  isCrowded,
  keepNewest,
  wordsOf,
  type TimestampBlock,
  type ValueBlock,
} from "@tideline/model";
import type { Budget } from "../budget.ts";
import type { WindowTimes, Windows } from "../functions/card.ts";
import { ScratchWindows, windowsOf } from "./windows.ts";

/** Sequences kept at a time hold at most this many timestamps (8 bytes each). */
const SHARED_TIMESTAMPS_MAX = 1 << 20;

/** Bytes that a sample of the longest series takes while it is decoded: time, value, room to grow. */
const SCRATCH_SAMPLE_SIZE = 32;
/** The same where samples are left out, which goes to columns of its own. */
const SCRATCH_SAMPLE_SIZE_DEDUPED = 64;

interface Sequence {
  readonly ids: readonly number[];
  readonly timestampsMs: Float64Array;
  windows: Windows | null;
}

/**
 * Samples of one series; everything in it, and itself, is borrowed until the next decode by any decoder of this thread, which may
 * happen while one waits.
 */
export interface DecodedSeries {
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  /** The bits of `values`. */
  readonly words: Uint32Array;
  readonly count: number;
  readonly windows: Windows;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export class SampleDecoder {
  readonly #times: WindowTimes;
  readonly #scratchWindows: ScratchWindows;
  readonly #sequences = new Map<string, Sequence>();
  #sharedCount = 0;
  #heldCount = 0;
  #last: Sequence | null = null;
  /** Where the kernels of series work, or memory of our own for the longest series. */
  #values = seriesValues;
  #firstTarget = this.#values;
  #words: Uint32Array = wordsOf(seriesValues);
  /** Two pairs of columns for merging, and the block that is merged in. */
  #merge: Columns = columnsOf(0);
  #merged: Columns = columnsOf(0);
  #block: Columns = columnsOf(0);

  /** What `#decodeInTurn` gives out: one object for all series. */
  #inTurn: Writable<DecodedSeries> | null = null;

  readonly #dedupIntervalMs: number;
  readonly #scratchSampleSize: number;
  #kept: Columns = columnsOf(0);
  /** Shared times that were found to have one sample an interval. */
  #sparseTimes: Float64Array | null = null;

  /** @param dedupIntervalMs of each such interval the newest sample counts; 0 = all do */
  constructor(times: WindowTimes, dedupIntervalMs = 0) {
    this.#times = times;
    this.#dedupIntervalMs = dedupIntervalMs;
    this.#scratchSampleSize =
      dedupIntervalMs > 0 ? SCRATCH_SAMPLE_SIZE_DEDUPED : SCRATCH_SAMPLE_SIZE;
    this.#scratchWindows = new ScratchWindows(times);
  }

  /** Gives the memory back. */
  close(budget: Budget): void {
    budget.release(this.#heldCount * this.#scratchSampleSize);
    this.#heldCount = 0;
  }

  /**
   * @param blocks ascending by minMs
   * @param budget holds the memory that decoding takes, until `close`
   * @throws {CorruptionError} on bytes that are no blocks; {ExecutionError} past the budget
   */
  decode(blocks: readonly ValueBlock[], budget: Budget): DecodedSeries {
    try {
      this.#makeRoom(countOf(blocks), budget);
      const all = overlaps(blocks) ? this.#decodeMerged(blocks) : this.#decodeInTurn(blocks);
      return this.#dedupIntervalMs > 0 ? this.#deduped(all) : all;
    } catch (cause) {
      throw corruptionOf(cause);
    }
  }

  /** Steps of the windows. */
  get stepCount(): number {
    return this.#times.stepCount;
  }

  /**
   * Times and windows of all series that have just this block of timestamps; null where some of their samples do not count.
   *
   * @throws as `decode`
   */
  sharedTimes(
    block: TimestampBlock,
    budget: Budget,
  ): Pick<DecodedSeries, "timestampsMs" | "windows"> | null {
    const blocks = [{ timestamps: block, bytes: NO_BYTES }];
    try {
      this.#makeRoom(countOf(blocks), budget);
      const { timestampsMs, windows } = this.#windowed(blocks);
      const seenCount = windows.ends[windows.stepCount - 1] as number;
      const intervalMs = this.#dedupIntervalMs;
      const isWhole = intervalMs === 0 || !isCrowded(timestampsMs, seenCount, intervalMs);
      return isWhole ? { timestampsMs, windows } : null;
    } catch (cause) {
      throw corruptionOf(cause);
    }
  }

  /** Accounts for the memory of so many samples, if it is more than before. */
  #makeRoom(count: number, budget: Budget): void {
    if (count <= this.#heldCount) return;
    budget.hold((count - this.#heldCount) * this.#scratchSampleSize);
    this.#heldCount = count;
  }

  #decodeInTurn(blocks: readonly ValueBlock[]): DecodedSeries {
    const { timestampsMs, windows } = this.#windowed(blocks);
    const count = timestampsMs.length;
    this.#takeValues(count);
    let at = 0;
    for (let i = 0; i < blocks.length; i += 1) {
      const { timestamps, bytes } = blocks[i] as ValueBlock;
      decodeValues(bytes, this.#target(at, timestamps.count));
      at += timestamps.count;
    }
    const values = this.#values;
    const words = this.#words;
    this.#inTurn ??= { timestampsMs, values, words, count, windows };
    this.#inTurn.timestampsMs = timestampsMs;
    this.#inTurn.values = values;
    this.#inTurn.words = words;
    this.#inTurn.count = count;
    this.#inTurn.windows = windows;
    return this.#inTurn;
  }

  /**
   * Leaves one sample per interval. Those past the last window do not count: whether a block has them is chance, and they would
   * take the place of one that the window has.
   */
  #deduped(all: DecodedSeries): DecodedSeries {
    const { timestampsMs, windows } = all;
    if (windows.isShared && timestampsMs === this.#sparseTimes) return all;
    const intervalMs = this.#dedupIntervalMs;
    const seenCount = windows.ends[windows.stepCount - 1] as number;
    if (!isCrowded(timestampsMs, seenCount, intervalMs)) {
      if (windows.isShared) this.#sparseTimes = timestampsMs;
      return all;
    }
    this.#kept = withRoom(this.#kept, seenCount);
    this.#kept.count = keepNewest(all, seenCount, intervalMs, this.#kept);
    const kept = this.#kept;
    return { ...kept, windows: this.#scratchWindows.of(kept.timestampsMs, kept.count) };
  }

  #takeValues(count: number): void {
    const fits = count <= SERIES_SAMPLES_MAX;
    if (fits ? this.#values === seriesValues : this.#values.length >= count) return;
    this.#values = fits ? seriesValues : new Float64Array(roomFor(count));
    this.#words = wordsOf(this.#values);
  }

  /** A view of the values; that of a first block is made once for all series of its length. */
  #target(at: number, count: number): Float64Array {
    if (at > 0) return this.#values.subarray(at, at + count);
    if (this.#firstTarget.length !== count || this.#firstTarget.buffer !== this.#values.buffer)
      this.#firstTarget = this.#values.subarray(0, count);
    return this.#firstTarget;
  }

  #windowed(blocks: readonly ValueBlock[]): { timestampsMs: Float64Array; windows: Windows } {
    const sequence = this.#sequenceOf(blocks);
    const { timestampsMs } = sequence;
    const windows = (sequence.windows ??= windowsOf(
      timestampsMs,
      timestampsMs.length,
      this.#times,
    ));
    return { timestampsMs, windows };
  }

  #sequenceOf(blocks: readonly ValueBlock[]): Sequence {
    if (this.#last && isSequenceOf(this.#last, blocks)) return this.#last;
    const ids = blocks.map((block) => block.timestamps.id);
    const name = ids.join();
    let sequence = this.#sequences.get(name);
    if (!sequence) {
      let count = 0;
      for (const { timestamps } of blocks) count += timestamps.count;
      const timestampsMs = new Float64Array(count);
      let at = 0;
      for (const { timestamps } of blocks) {
        decodeTimes(timestamps, timestampsMs.subarray(at, at + timestamps.count));
        at += timestamps.count;
      }
      if (this.#sharedCount + count > SHARED_TIMESTAMPS_MAX) {
        this.#sequences.clear();
        this.#sharedCount = 0;
      }
      this.#sharedCount += count;
      sequence = { ids, timestampsMs, windows: null };
      this.#sequences.set(name, sequence);
    }
    this.#last = sequence;
    return sequence;
  }

  #decodeMerged(blocks: readonly ValueBlock[]): DecodedSeries {
    let total = 0;
    for (const { timestamps } of blocks) total += timestamps.count;
    this.#merge = withRoom(this.#merge, total);
    this.#merged = withRoom(this.#merged, total);
    this.#block = withRoom(this.#block, total);
    this.#merge.count = 0;
    for (const { timestamps, bytes } of blocks) {
      const { count } = timestamps;
      decodeTimes(timestamps, this.#block.timestampsMs.subarray(0, count));
      decodeValues(bytes, this.#block.values.subarray(0, count));
      this.#block.count = count;
      mergeColumns(this.#merge, this.#block, this.#merged);
      [this.#merge, this.#merged] = [this.#merged, this.#merge];
    }
    const { timestampsMs, values, words, count } = this.#merge;
    const windows = this.#scratchWindows.of(timestampsMs, count);
    return { timestampsMs, values, words, count, windows };
  }
}

const NO_BYTES = new Uint8Array(0);

function corruptionOf(cause: unknown): unknown {
  if (!(cause instanceof RangeError)) return cause;
  return new CorruptionError("TIDELINE_BLOCK", `Cannot decode a block: ${cause.message}`, {
    cause,
  });
}

/** @throws {RangeError} also when the times are not those that the block says it spans */
function decodeTimes({ bytes, minMs, maxMs }: TimestampBlock, target: Float64Array): void {
  decodeTimestamps(bytes, target);
  if (target[0] !== minMs || target[target.length - 1] !== maxMs)
    throw new RangeError(`a timestamp block does not span ${minMs} to ${maxMs}`);
}

function isSequenceOf(sequence: Sequence, blocks: readonly ValueBlock[]): boolean {
  if (sequence.ids.length !== blocks.length) return false;
  for (let i = 0; i < blocks.length; i += 1)
    if (sequence.ids[i] !== blocks[i]?.timestamps.id) return false;
  return true;
}

/** Samples in all blocks. @throws {RangeError} a count that no block has */
function countOf(blocks: readonly ValueBlock[]): number {
  let total = 0;
  for (let i = 0; i < blocks.length; i += 1) {
    const { count } = (blocks[i] as ValueBlock).timestamps;
    if (!(count >= 1 && count <= VALUES_PER_BLOCK_MAX))
      throw new RangeError(`a block of ${count} samples`);
    total += count;
  }
  return total;
}

function overlaps(blocks: readonly ValueBlock[]): boolean {
  for (let i = 1; i < blocks.length; i += 1) {
    const before = blocks[i - 1] as ValueBlock;
    const block = blocks[i] as ValueBlock;
    if (block.timestamps.minMs <= before.timestamps.maxMs) return true;
  }
  return false;
}

interface Columns {
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly words: Uint32Array;
  count: number;
}

function columnsOf(capacity: number): Columns {
  const values = new Float64Array(capacity);
  return { timestampsMs: new Float64Array(capacity), values, words: wordsOf(values), count: 0 };
}

function withRoom(columns: Columns, count: number): Columns {
  return columns.values.length >= count ? columns : columnsOf(roomFor(count));
}

function roomFor(count: number): number {
  return Math.max(1024, 2 ** Math.ceil(Math.log2(count)));
}

/** Merges two ascending columns into a third; of two samples at one time the one that beats the other stays. */
function mergeColumns(a: Columns, b: Columns, target: Columns): void {
  let i = 0;
  let j = 0;
  let count = 0;
  while (i < a.count || j < b.count) {
    const aMs = i < a.count ? (a.timestampsMs[i] as number) : Infinity;
    const bMs = j < b.count ? (b.timestampsMs[j] as number) : Infinity;
    const takesB = bMs < aMs || (bMs === aMs && beats(b.words, j, a.words, i));
    target.timestampsMs[count] = takesB ? bMs : aMs;
    const from = takesB ? b.words : a.words;
    const at = (takesB ? j : i) * 2;
    target.words[count * 2] = from[at] as number;
    target.words[count * 2 + 1] = from[at + 1] as number;
    if (aMs <= bMs) i += 1;
    if (bMs <= aMs) j += 1;
    count += 1;
  }
  target.count = count;
}

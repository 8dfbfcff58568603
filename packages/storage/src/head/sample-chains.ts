/**
 * Samples of all series of a generation. Each series has a raw tail (raw-chains.ts); whenever that is full its samples
 * are put in order, merged and sealed (sealed-blocks.ts), and its chunks are used again.
 *
 * Samples of any age and order are taken: what is late is sealed with its neighbours, so the blocks of a series may overlap.
 * A read unpacks those that meet its range, then the raw tail, and merges only where they are not in order.
 */
import { growBuffer } from "@tideline/common";
import { wordsOf } from "@tideline/model";
import { lowerBound } from "../search/lower-bound.ts";
import { RawChains } from "./raw-chains.ts";
import { sortSamples } from "./sample-sort.ts";
import { SealedBlocks } from "./sealed-blocks.ts";

/**
 * Samples of a full tail, the end of a chunk (raw-chains.ts). Longer tails cost as much per append and take more memory
 * (bench/memtable.ts): an hour of 240 samples takes 2.9 bytes a sample.
 */
const RAW_COUNT_MAX = 30;
/** What a series seals first, every other time: the end of a chunk, too; see sealingCount. */
const FIRST_COUNT = 15;
/** So many neighbours seal together: their chunks lie together, and their times are equal. */
const NEIGHBOURS_SHIFT = 9;

/** A record per series, in words: 32 bytes, half a cache line. */
const RECORD_SHIFT = 3;
/** Where the raw tail is. */
const TAIL = 4;
/** Raw samples, and the flags. */
const STATE = 5;
/** The block that was sealed last. */
const SEALED = 6;
/** Samples in sealed blocks, less those that a read found twice. */
const SEALED_COUNT = 7;

const COUNT_MASK = 0xff;
/** The raw tail is not strictly ascending, or not known to be. */
const UNSORTED = 0x100;
/** A sample came that was not newer than all others of its series: blocks may overlap. Stays. */
const LATE = 0x200;

/** Samples of one series, ascending in time, each time once. Owned by the chains; overwritten by the next read. */
export interface SampleColumns {
  timestampsMs: Float64Array;
  values: Float64Array;
}

export class SampleChains {
  /** minMs, maxMs as doubles, then the words above. */
  #times = new Float64Array(1024);
  #words = new Uint32Array(this.#times.buffer);
  readonly #raw = new RawChains();
  readonly #sealed = new SealedBlocks();
  #scratchTimes = new Float64Array(256);
  #scratchValues = new Float64Array(256);
  #scratchWords = wordsOf(this.#scratchValues);
  /** Blocks of the series that is being read, newest first. */
  #wanted = new Uint32Array(16);
  sampleCount = 0;
  /** Series that have samples. */
  filledCount = 0;
  minMs = Infinity;
  maxMs = -Infinity;

  get memorySize(): number {
    return this.#times.byteLength + this.#raw.memorySize + this.#sealed.memorySize;
  }

  /** Makes room for the records of `count` series. */
  ensure(count: number): void {
    if (count << RECORD_SHIFT <= this.#words.length) return;
    const length = this.#words.length;
    const grown = Math.max(
      count << RECORD_SHIFT,
      length + (length < 524_288 ? length : length >>> 1),
    );
    this.#times = new Float64Array(growBuffer(this.#times.buffer, ((grown + 7) & ~7) * 4));
    this.#words = new Uint32Array(this.#times.buffer);
  }

  /** Samples of a series; those at one time are counted once when they were sealed or read together. */
  count(slot: number): number {
    const record = slot << RECORD_SHIFT;
    const rawCount = (this.#words[record + STATE] as number) & COUNT_MASK;
    return rawCount + (this.#words[record + SEALED_COUNT] as number);
  }

  /** Whether a series may have samples from startMs to endMs. */
  meets(slot: number, startMs: number, endMs: number): boolean {
    const record = slot << 2;
    return (
      this.count(slot) > 0 &&
      (this.#times[record] as number) <= endMs &&
      (this.#times[record + 1] as number) >= startMs
    );
  }

  /**
   * Appends rows `0 … rowCount - 1`; those with slot 0xffffffff are passed over.
   *
   * One loop with its state in locals: fields read and written per row would cost as much again.
   */
  append(
    slots: Uint32Array,
    timestampsMs: Float64Array,
    valueWords: Uint32Array,
    rowCount: number,
  ): void {
    const times = this.#times;
    const words = this.#words;
    const raw = this.#raw;
    let { minMs, maxMs, sampleCount, filledCount } = this;
    for (let row = 0; row < rowCount; row += 1) {
      const slot = slots[row] as number;
      if (slot === 0xffff_ffff) continue;
      const ms = timestampsMs[row] as number;
      if (ms < minMs) minMs = ms;
      if (ms > maxMs) maxMs = ms;
      sampleCount += 1;
      const record = slot << RECORD_SHIFT;
      const state = words[record + STATE] as number;
      const count = state & COUNT_MASK;
      words[record + STATE] = state + 1;
      if (count === 0 && words[record + SEALED] === 0) {
        filledCount += 1;
        times[record >>> 1] = ms;
        times[(record >>> 1) + 1] = ms;
      } else if (ms > (times[(record >>> 1) + 1] as number)) {
        times[(record >>> 1) + 1] = ms;
      } else {
        // Late, or at a time that is there already: put in order when it is sealed or read.
        words[record + STATE] = (state + 1) | UNSORTED | LATE;
        if (ms < (times[record >>> 1] as number)) times[record >>> 1] = ms;
      }
      const tail = words[record + TAIL] as number;
      words[record + TAIL] = raw.push(tail, count, ms, valueWords, row);
      // Only full chunks are sealed.
      if (count + 1 >= FIRST_COUNT && count + 1 >= sealingCount(slot, words[record + SEALED])) {
        sampleCount -= this.#seal(record);
      }
    }
    this.minMs = minMs;
    this.maxMs = maxMs;
    this.sampleCount = sampleCount;
    this.filledCount = filledCount;
  }

  /** Whether all samples of a series, of which there are some, are from startMs to endMs. */
  liesWithin(slot: number, startMs: number, endMs: number): boolean {
    const record = slot << 2;
    return (
      this.count(slot) > 0 &&
      (this.#times[record] as number) >= startMs &&
      (this.#times[record + 1] as number) <= endMs
    );
  }

  /**
   * Takes out the samples of a series from startMs to endMs. Where it keeps others they are written anew; what its sealed blocks
   * took is not used again.
   */
  remove(slot: number, startMs: number, endMs: number): void {
    if (!this.meets(slot, startMs, endMs)) return;
    if (this.liesWithin(slot, startMs, endMs)) {
      this.#clear(slot);
      return;
    }
    const columns = { timestampsMs: this.#scratchTimes, values: this.#scratchValues };
    const count = this.read(slot, columns);
    const from = lowerBound(columns.timestampsMs, count, startMs);
    const to = lowerBound(columns.timestampsMs, count, endMs + 1);
    if (from === to) return;
    const keptCount = count - (to - from);
    const timestampsMs = withoutRange(columns.timestampsMs, count, from, to);
    const values = withoutRange(columns.values, count, from, to);
    this.#clear(slot);
    this.append(new Uint32Array(keptCount).fill(slot), timestampsMs, wordsOf(values), keptCount);
  }

  /** The series has no samples any more. */
  #clear(slot: number): void {
    const record = slot << RECORD_SHIFT;
    const words = this.#words;
    this.sampleCount -= this.count(slot);
    this.filledCount -= 1;
    this.#raw.clear(words[record + TAIL] as number, (words[record + STATE] as number) & COUNT_MASK);
    words[record + STATE] = 0;
    words[record + SEALED] = 0;
    words[record + SEALED_COUNT] = 0;
  }

  /**
   * The samples of a series from startMs to endMs and some around them, ascending, merged by law 3.
   *
   * @returns how many; they stand in `columns` until the next call
   */
  read(slot: number, columns: SampleColumns, startMs = -Infinity, endMs = Infinity): number {
    const record = slot << RECORD_SHIFT;
    const words = this.#words;
    if ((words[record + STATE] as number) & UNSORTED) this.sampleCount -= this.#sortTail(record);
    const rawCount = (words[record + STATE] as number) & COUNT_MASK;
    const isLate = ((words[record + STATE] as number) & LATE) !== 0;
    const sealed = this.#sealed;
    let count = rawCount;
    let wantedCount = 0;
    let isWhole = true;
    for (
      let block = words[record + SEALED] as number;
      block !== 0;
      block = sealed.previous(block)
    ) {
      if (sealed.maxMs(block) < startMs || sealed.minMs(block) > endMs) {
        isWhole = false;
        // Blocks of a series that had nothing late descend.
        if (!isLate && sealed.maxMs(block) < startMs) break;
        continue;
      }
      if (wantedCount === this.#wanted.length) this.#growWanted();
      this.#wanted[wantedCount] = block;
      wantedCount += 1;
      count += sealed.count(block);
    }
    this.#ensureScratch(count);
    columns.timestampsMs = this.#scratchTimes;
    columns.values = this.#scratchValues;
    const isAscending = this.#unpack(record, wantedCount, rawCount);
    if (isAscending) return count;
    const kept = sortSamples(this.#scratchTimes, this.#scratchValues, count);
    if (isWhole) {
      this.sampleCount -= rawCount + (words[record + SEALED_COUNT] as number) - kept;
      words[record + SEALED_COUNT] = kept - rawCount;
    }
    return kept;
  }

  /** Unpacks the wanted blocks, oldest first, then the raw tail. @returns whether they ascend */
  #unpack(record: number, wantedCount: number, rawCount: number): boolean {
    const timestampsMs = this.#scratchTimes;
    const values = this.#scratchValues;
    let offset = 0;
    let isAscending = true;
    let lastMs = -Infinity;
    for (let i = wantedCount - 1; i >= 0; i -= 1) {
      const block = this.#wanted[i] as number;
      this.#sealed.read(block, timestampsMs, values, offset);
      isAscending &&= (timestampsMs[offset] as number) > lastMs;
      offset += this.#sealed.count(block);
      lastMs = timestampsMs[offset - 1] as number;
    }
    const tail = this.#words[record + TAIL] as number;
    this.#raw.copyOut(tail, rawCount, timestampsMs, this.#scratchWords, offset);
    return isAscending && (rawCount === 0 || (timestampsMs[offset] as number) > lastMs);
  }

  /** Puts a raw tail in order where it lies, so that this is paid once. @returns how many samples fell away */
  #sortTail(record: number): number {
    const words = this.#words;
    const state = words[record + STATE] as number;
    const count = state & COUNT_MASK;
    const kept = this.#takeTail(record);
    words[record + TAIL] = this.#raw.replace(
      words[record + TAIL] as number,
      count,
      this.#scratchTimes,
      this.#scratchValues,
      kept,
    );
    words[record + STATE] = (state & ~(COUNT_MASK | UNSORTED)) | kept;
    return count - kept;
  }

  /** Moves the raw tail of a series to a sealed block. @returns how many samples fell away */
  #seal(record: number): number {
    const words = this.#words;
    const state = words[record + STATE] as number;
    const count = state & COUNT_MASK;
    const kept = this.#takeTail(record);
    const previous = words[record + SEALED] as number;
    const valueWords = this.#scratchWords;
    words[record + SEALED] = this.#sealed.add(previous, this.#scratchTimes, valueWords, kept);
    this.#raw.clear(words[record + TAIL] as number, count);
    words[record + STATE] = state & LATE;
    words[record + SEALED_COUNT] = (words[record + SEALED_COUNT] as number) + kept;
    return count - kept;
  }

  /** Copies a raw tail to the scratch columns. @returns how many of them are left, in order and merged */
  #takeTail(record: number): number {
    const state = this.#words[record + STATE] as number;
    const count = state & COUNT_MASK;
    const tail = this.#words[record + TAIL] as number;
    this.#raw.copyOut(tail, count, this.#scratchTimes, this.#scratchWords, 0);
    if ((state & UNSORTED) === 0) return count;
    return sortSamples(this.#scratchTimes, this.#scratchValues, count);
  }

  #ensureScratch(count: number): void {
    if (count <= this.#scratchTimes.length) return;
    this.#scratchTimes = new Float64Array(count * 2);
    this.#scratchValues = new Float64Array(count * 2);
    this.#scratchWords = wordsOf(this.#scratchValues);
  }

  #growWanted(): void {
    const grown = new Uint32Array(this.#wanted.length * 2);
    grown.set(this.#wanted);
    this.#wanted = grown;
  }
}

/** A copy of the first `count`, without those at from … to - 1. */
function withoutRange(column: Float64Array, count: number, from: number, to: number): Float64Array {
  const kept = new Float64Array(count - (to - from));
  kept.set(column.subarray(0, from));
  kept.set(column.subarray(to, count), from);
  return kept;
}

/**
 * How many raw samples a series seals. The first time that depends on its slot: all series that are scraped together would
 * be sealed in one scrape else, and all have full tails before it.
 */
function sealingCount(slot: number, sealed: number | undefined): number {
  return sealed === 0 && (slot >>> NEIGHBOURS_SHIFT) & 1 ? FIRST_COUNT : RAW_COUNT_MAX;
}

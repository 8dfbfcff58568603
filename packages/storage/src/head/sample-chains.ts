/**
 * Samples of all series of a generation, in arrival order, as chains of chunks in slabs.
 *
 * A series' first chunk holds 4 samples, the next one 8, then 16 each: a series that is seen once
 * costs little, and a busy one wastes little. How many samples it has tells which chunk it is in and how
 * full that is. A chunk: one double that leads to the chunk before, then (time, value) pairs, so that an
 * append touches one cache line of it.
 *
 * Values pass as pairs of 32-bit words: no bit of a NaN can get lost (law 2).
 */
import { wordsOf } from "@tideline/model";
import { growBuffer } from "./columns.ts";
import { sortSamples } from "./sample-sort.ts";

const SLAB_SHIFT = 17;
/** Doubles in a slab: 1 MiB. */
const SLAB_LENGTH = 2 ** SLAB_SHIFT;
const SLAB_MASK = SLAB_LENGTH - 1;

/** A record per series, in words: 32 bytes, half a cache line. */
const RECORD_SHIFT = 3;
const TAIL = 4;
const COUNT = 5;
const UNSORTED = 6;

/** Samples of one series, ascending in time, each time once. Owned by the chains; overwritten by the next read. */
export interface SampleColumns {
  timestampsMs: Float64Array;
  values: Float64Array;
}

export class SampleChains {
  /** minMs, maxMs as doubles, then tail, count, unsorted as words. */
  #times = new Float64Array(1024);
  #words = new Uint32Array(this.#times.buffer);
  readonly #slabs: Float64Array[] = [];
  readonly #slabWords: Uint32Array[] = [];
  /** Doubles given out of the last slab. */
  #used = SLAB_LENGTH;
  #scratchTimes = new Float64Array(256);
  #scratchValues = new Float64Array(256);
  /** Starts of the chunks of the series that is being read, oldest first. */
  #chunkStarts = new Uint32Array(16);
  sampleCount = 0;
  /** Series that have samples. */
  filledCount = 0;
  minMs = Infinity;
  maxMs = -Infinity;

  get memorySize(): number {
    return this.#times.byteLength + this.#slabs.length * SLAB_LENGTH * 8;
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

  count(slot: number): number {
    return this.#words[(slot << RECORD_SHIFT) + COUNT] as number;
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
   * Costs 50 to 100 ns a row, most of it waiting for memory (node bench/memtable.ts). One loop with its state in
   * locals: fields read and written per row would cost as much again.
   */
  append(
    slots: Uint32Array,
    timestampsMs: Float64Array,
    valueWords: Uint32Array,
    rowCount: number,
  ): void {
    const times = this.#times;
    const words = this.#words;
    let { minMs, maxMs, sampleCount, filledCount } = this;
    for (let row = 0; row < rowCount; row += 1) {
      const slot = slots[row] as number;
      if (slot === 0xffff_ffff) continue;
      const ms = timestampsMs[row] as number;
      if (ms < minMs) minMs = ms;
      if (ms > maxMs) maxMs = ms;
      sampleCount += 1;
      const record = slot << RECORD_SHIFT;
      const count = words[record + COUNT] as number;
      words[record + COUNT] = count + 1;
      if (count === 0) {
        filledCount += 1;
        times[record >>> 1] = ms;
        times[(record >>> 1) + 1] = ms;
      } else if (ms > (times[(record >>> 1) + 1] as number)) {
        times[(record >>> 1) + 1] = ms;
      } else {
        // Late, or at a time that is there already: put in order when it is read.
        words[record + UNSORTED] = 1;
        if (ms < (times[record >>> 1] as number)) times[record >>> 1] = ms;
      }
      const chunk = chunkOf(count);
      const index = count - chunkFirst(chunk);
      let start = words[record + TAIL] as number;
      if (index === 0) {
        start = this.#allocate(chunk, start);
        words[record + TAIL] = start;
      }
      const at = (start & SLAB_MASK) + 1 + index * 2;
      (this.#slabs[start >>> SLAB_SHIFT] as Float64Array)[at] = ms;
      const slabWords = this.#slabWords[start >>> SLAB_SHIFT] as Uint32Array;
      slabWords[at * 2 + 2] = valueWords[row * 2] as number;
      slabWords[at * 2 + 3] = valueWords[row * 2 + 1] as number;
    }
    this.minMs = minMs;
    this.maxMs = maxMs;
    this.sampleCount = sampleCount;
    this.filledCount = filledCount;
  }

  /**
   * The samples of a series, ascending, merged by law 3. A series that is out of order is put in order
   * where it lies, so that this is paid once.
   *
   * @returns how many; they stand in `columns` until the next call
   */
  read(slot: number, columns: SampleColumns): number {
    const record = slot << RECORD_SHIFT;
    const count = this.#words[record + COUNT] as number;
    if (this.#scratchTimes.length < count) {
      this.#scratchTimes = new Float64Array(count * 2);
      this.#scratchValues = new Float64Array(count * 2);
    }
    const chunkCount = this.#copyOut(record, count);
    columns.timestampsMs = this.#scratchTimes;
    columns.values = this.#scratchValues;
    if (this.#words[record + UNSORTED] === 0) return count;
    const kept = sortSamples(this.#scratchTimes, this.#scratchValues, count);
    this.#copyIn(record, kept, chunkCount);
    this.sampleCount -= count - kept;
    return kept;
  }

  /** Copies the chain of a series to the scratch columns and notes where its chunks start. */
  #copyOut(record: number, count: number): number {
    const chunkCount = count === 0 ? 0 : chunkOf(count - 1) + 1;
    if (this.#chunkStarts.length < chunkCount) this.#chunkStarts = new Uint32Array(chunkCount * 2);
    const values = wordsOf(this.#scratchValues);
    let start = this.#words[record + TAIL] as number;
    let end = count;
    for (let chunk = chunkCount - 1; chunk >= 0; chunk -= 1) {
      this.#chunkStarts[chunk] = start;
      const first = chunkFirst(chunk);
      const slab = this.#slabs[start >>> SLAB_SHIFT] as Float64Array;
      const slabWords = this.#slabWords[start >>> SLAB_SHIFT] as Uint32Array;
      for (let i = first, at = (start & SLAB_MASK) + 1; i < end; i += 1, at += 2) {
        this.#scratchTimes[i] = slab[at] as number;
        values[i * 2] = slabWords[at * 2 + 2] as number;
        values[i * 2 + 1] = slabWords[at * 2 + 3] as number;
      }
      start = slabWords[(start & SLAB_MASK) * 2] as number;
      end = first;
    }
    return chunkCount;
  }

  /** Writes `count` sorted samples from the scratch columns over the chain that they came from. */
  #copyIn(record: number, count: number, chunkCount: number): void {
    const values = wordsOf(this.#scratchValues);
    for (let chunk = 0; chunk < chunkCount; chunk += 1) {
      const first = chunkFirst(chunk);
      const end = Math.min(count, first + chunkLength(chunk));
      if (end <= first) break;
      const start = this.#chunkStarts[chunk] as number;
      const slab = this.#slabs[start >>> SLAB_SHIFT] as Float64Array;
      const slabWords = this.#slabWords[start >>> SLAB_SHIFT] as Uint32Array;
      for (let i = first, at = (start & SLAB_MASK) + 1; i < end; i += 1, at += 2) {
        slab[at] = this.#scratchTimes[i] as number;
        slabWords[at * 2 + 2] = values[i * 2] as number;
        slabWords[at * 2 + 3] = values[i * 2 + 1] as number;
      }
      this.#words[record + TAIL] = start;
    }
    this.#words[record + COUNT] = count;
    this.#words[record + UNSORTED] = 0;
  }

  /** Takes a chunk from the slabs and links it to the one before. */
  #allocate(chunk: number, previous: number): number {
    const length = 1 + 2 * chunkLength(chunk);
    if (this.#used + length > SLAB_LENGTH) {
      const slab = new Float64Array(SLAB_LENGTH);
      this.#slabs.push(slab);
      this.#slabWords.push(wordsOf(slab));
      this.#used = 0;
    }
    const slab = this.#slabs.length - 1;
    const start = this.#used;
    (this.#slabWords[slab] as Uint32Array)[start * 2] = previous;
    this.#used += length;
    return slab * SLAB_LENGTH + start;
  }
}

/** Which chunk of a chain holds sample `index`: chunks start at 0, 4, 12, 28, 44, … */
function chunkOf(index: number): number {
  if (index >= 12) return 2 + ((index - 12) >>> 4);
  return index < 4 ? 0 : 1;
}

/** Index of the first sample of a chunk. */
function chunkFirst(chunk: number): number {
  return chunk < 2 ? chunk << 2 : 12 + ((chunk - 2) << 4);
}

/** Samples that a chunk holds. */
function chunkLength(chunk: number): number {
  return chunk < 2 ? 4 << chunk : 16;
}

/**
 * Samples as they arrived: the raw tails of all series of a generation, as chains of chunks in slabs.
 *
 * A series' first chunk holds 4 samples, the next one 8, then 16 each: a series that is seen once
 * costs little, and a busy one wastes little. How many samples it has tells which chunk it is in and how
 * full that is. A chunk: one double that leads to the chunk before, then (time, value) pairs, so that an
 * append touches one cache line of it. Chunks that are given back are used again before a slab grows.
 *
 * Values pass as pairs of 32-bit words: no bit of a NaN can get lost (law 2).
 */
import { wordsOf } from "@tideline/model";

const SLAB_SHIFT = 17;
/** Doubles in a slab: 1 MiB. */
const SLAB_LENGTH = 2 ** SLAB_SHIFT;
const SLAB_MASK = SLAB_LENGTH - 1;

/** End of a free list. */
const NONE = 0xffff_ffff;

/** Where the newest chunk of a series starts; void for a series without raw samples. */
export type RawTail = number;

export class RawChains {
  readonly #slabs: Float64Array[] = [];
  readonly #slabWords: Uint32Array[] = [];
  /** Doubles given out of the last slab. */
  #used = SLAB_LENGTH;
  /** Chunks given back, by what they hold: 4, 8, 16 samples; each leads to the next one. */
  readonly #free = new Uint32Array(3).fill(NONE);

  get memorySize(): number {
    return this.#slabs.length * SLAB_LENGTH * 8;
  }

  /**
   * Appends a sample to a chain of `count`.
   *
   * @param valueWords holds the value at `row`
   * @returns the tail from now on
   */
  push(tail: RawTail, count: number, ms: number, valueWords: Uint32Array, row: number): RawTail {
    const chunk = chunkOf(count);
    const index = count - chunkFirst(chunk);
    const start = index === 0 ? this.#allocate(chunk, tail) : tail;
    const at = (start & SLAB_MASK) + 1 + index * 2;
    (this.#slabs[start >>> SLAB_SHIFT] as Float64Array)[at] = ms;
    const words = this.#slabWords[start >>> SLAB_SHIFT] as Uint32Array;
    words[at * 2 + 2] = valueWords[row * 2] as number;
    words[at * 2 + 3] = valueWords[row * 2 + 1] as number;
    return start;
  }

  /** Copies the `count` samples of a chain to both columns from `offset` on. @param valueWords from wordsOf */
  copyOut(
    tail: RawTail,
    count: number,
    timestampsMs: Float64Array,
    valueWords: Uint32Array,
    offset: number,
  ): void {
    let start = tail;
    let end = count;
    while (end > 0) {
      const first = chunkFirst(chunkOf(end - 1));
      const slab = this.#slabs[start >>> SLAB_SHIFT] as Float64Array;
      const words = this.#slabWords[start >>> SLAB_SHIFT] as Uint32Array;
      let at = (start & SLAB_MASK) + 1;
      for (let o = offset + first; o < offset + end; o += 1, at += 2) {
        timestampsMs[o] = slab[at] as number;
        valueWords[o * 2] = words[at * 2 + 2] as number;
        valueWords[o * 2 + 1] = words[at * 2 + 3] as number;
      }
      start = words[(start & SLAB_MASK) * 2] as number;
      end = first;
    }
  }

  /**
   * Writes the first `kept` samples of both columns over a chain of `count` ≥ kept, and gives back the chunks that
   * are empty then.
   *
   * @returns the tail from now on
   */
  replace(
    tail: RawTail,
    count: number,
    timestampsMs: Float64Array,
    values: Float64Array,
    kept: number,
  ): RawTail {
    const valueWords = wordsOf(values);
    let start = tail;
    let newTail = tail;
    let end = count;
    while (end > 0) {
      const chunk = chunkOf(end - 1);
      const first = chunkFirst(chunk);
      const slab = this.#slabs[start >>> SLAB_SHIFT] as Float64Array;
      const words = this.#slabWords[start >>> SLAB_SHIFT] as Uint32Array;
      const previous = words[(start & SLAB_MASK) * 2] as number;
      if (first >= kept) {
        this.#giveBack(chunk, start);
        newTail = previous;
      }
      const keptEnd = Math.min(end, kept);
      for (let i = first, at = (start & SLAB_MASK) + 1; i < keptEnd; i += 1, at += 2) {
        slab[at] = timestampsMs[i] as number;
        words[at * 2 + 2] = valueWords[i * 2] as number;
        words[at * 2 + 3] = valueWords[i * 2 + 1] as number;
      }
      start = previous;
      end = first;
    }
    return newTail;
  }

  /** Gives all chunks of a chain of `count` back. */
  clear(tail: RawTail, count: number): void {
    let start = tail;
    for (let end = count; end > 0;) {
      const chunk = chunkOf(end - 1);
      const words = this.#slabWords[start >>> SLAB_SHIFT] as Uint32Array;
      const previous = words[(start & SLAB_MASK) * 2] as number;
      this.#giveBack(chunk, start);
      start = previous;
      end = chunkFirst(chunk);
    }
  }

  #giveBack(chunk: number, start: number): void {
    const size = Math.min(chunk, 2);
    const words = this.#slabWords[start >>> SLAB_SHIFT] as Uint32Array;
    words[(start & SLAB_MASK) * 2] = this.#free[size] as number;
    this.#free[size] = start;
  }

  /** Takes a chunk and links it to the one before. */
  #allocate(chunk: number, previous: number): number {
    const size = Math.min(chunk, 2);
    let start = this.#free[size] as number;
    if (start === NONE) {
      start = this.#cut(1 + 2 * chunkLength(chunk));
    } else {
      const words = this.#slabWords[start >>> SLAB_SHIFT] as Uint32Array;
      this.#free[size] = words[(start & SLAB_MASK) * 2] as number;
    }
    (this.#slabWords[start >>> SLAB_SHIFT] as Uint32Array)[(start & SLAB_MASK) * 2] = previous;
    return start;
  }

  /** Takes doubles of the last slab. */
  #cut(length: number): number {
    if (this.#used + length > SLAB_LENGTH) {
      const slab = new Float64Array(SLAB_LENGTH);
      this.#slabs.push(slab);
      this.#slabWords.push(wordsOf(slab));
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    return (this.#slabs.length - 1) * SLAB_LENGTH + start;
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

/**
 * Samples as they arrived: the raw tails of all series of a generation, as chains of chunks in slabs.
 *
 * A series' first chunk holds 5 samples in 64 bytes, the next one 10 in 128, then 15 in 192 each: a series that is seen
 * once costs little, and a busy one wastes little. How many samples it has tells which chunk it is in and how full that
 * is. A chunk: one word that leads to the chunk before, then samples of three words (time, value). Chunks that are
 * given back are used again before a slab grows. (Chunks of 5 alone take 40 bytes a series less, but after some rounds
 * of sealing neighbours no longer lie together: 1.5 times the time of an append.)
 *
 * Values pass as pairs of 32-bit words: no bit of a NaN can get lost (law 2).
 */
import { wordsOf } from "@tideline/model";
import { RawTimes } from "./raw-times.ts";

/** Places are counted in units of 64 bytes, 2^4 words. */
const UNIT_SHIFT = 4;
/** Units in a slab of 1 MiB. */
const SLAB_SHIFT = 14;
const SLAB_LENGTH = 2 ** SLAB_SHIFT;
const SLAB_MASK = SLAB_LENGTH - 1;

/** Words of a sample. */
const SAMPLE_LENGTH = 3;

/** End of a list of free chunks. */
const NONE = 0xffff_ffff;

/** The newest chunk of a series; void for a series without raw samples. */
export type RawTail = number;

export class RawChains {
  readonly #slabs: Uint32Array[] = [];
  readonly #times = new RawTimes();
  /** Units given out of the last slab. */
  #used = SLAB_LENGTH;
  /** Chunks given back, by their units less one; each leads to the next one. */
  readonly #free = new Uint32Array(3).fill(NONE);

  get memorySize(): number {
    return this.#slabs.length * ((SLAB_LENGTH << UNIT_SHIFT) * 4) + this.#times.memorySize;
  }

  /**
   * Appends a sample to a chain of `count`.
   *
   * @param valueWords holds the value at `row`
   * @returns the tail from now on
   */
  push(tail: RawTail, count: number, ms: number, valueWords: Uint32Array, row: number): RawTail {
    const index = count - firstOf(count);
    const chunk = index === 0 ? this.#allocate(unitsOf(count), tail) : tail;
    const words = this.#slabs[chunk >>> SLAB_SHIFT] as Uint32Array;
    const at = sampleAt(chunk, index);
    words[at] = this.#times.wordOf(ms);
    words[at + 1] = valueWords[row * 2] as number;
    words[at + 2] = valueWords[row * 2 + 1] as number;
    return chunk;
  }

  /** Copies the `count` samples of a chain to both columns from `offset` on. @param valueWords from wordsOf */
  copyOut(
    tail: RawTail,
    count: number,
    timestampsMs: Float64Array,
    valueWords: Uint32Array,
    offset: number,
  ): void {
    const times = this.#times;
    let chunk = tail;
    for (let end = count; end > 0;) {
      const first = firstOf(end - 1);
      const words = this.#slabs[chunk >>> SLAB_SHIFT] as Uint32Array;
      let at = sampleAt(chunk, 0);
      for (let o = offset + first; o < offset + end; o += 1, at += SAMPLE_LENGTH) {
        timestampsMs[o] = times.msOf(words[at] as number);
        valueWords[o * 2] = words[at + 1] as number;
        valueWords[o * 2 + 1] = words[at + 2] as number;
      }
      chunk = this.#previous(chunk);
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
    const times = this.#times;
    let chunk = tail;
    let newTail = tail;
    for (let end = count; end > 0;) {
      const first = firstOf(end - 1);
      const words = this.#slabs[chunk >>> SLAB_SHIFT] as Uint32Array;
      const previous = this.#previous(chunk);
      let at = sampleAt(chunk, 0);
      for (let i = first; i < end; i += 1, at += SAMPLE_LENGTH) {
        times.release(words[at] as number);
        if (i >= kept) continue;
        words[at] = times.wordOf(timestampsMs[i] as number);
        words[at + 1] = valueWords[i * 2] as number;
        words[at + 2] = valueWords[i * 2 + 1] as number;
      }
      if (first >= kept) {
        this.#giveBack(unitsOf(first), chunk);
        newTail = previous;
      }
      chunk = previous;
      end = first;
    }
    return newTail;
  }

  /** Gives all chunks of a chain of `count` back. */
  clear(tail: RawTail, count: number): void {
    let chunk = tail;
    for (let end = count; end > 0;) {
      const first = firstOf(end - 1);
      const words = this.#slabs[chunk >>> SLAB_SHIFT] as Uint32Array;
      const behind = sampleAt(chunk, end - first);
      for (let at = sampleAt(chunk, 0); at < behind; at += SAMPLE_LENGTH) {
        this.#times.release(words[at] as number);
      }
      const previous = this.#previous(chunk);
      this.#giveBack(unitsOf(first), chunk);
      chunk = previous;
      end = first;
    }
  }

  #previous(chunk: number): number {
    const words = this.#slabs[chunk >>> SLAB_SHIFT] as Uint32Array;
    return words[(chunk & SLAB_MASK) << UNIT_SHIFT] as number;
  }

  #link(chunk: number, previous: number): void {
    const words = this.#slabs[chunk >>> SLAB_SHIFT] as Uint32Array;
    words[(chunk & SLAB_MASK) << UNIT_SHIFT] = previous;
  }

  #giveBack(units: number, chunk: number): void {
    this.#link(chunk, this.#free[units - 1] as number);
    this.#free[units - 1] = chunk;
  }

  /** Takes a chunk and links it to the one before. */
  #allocate(units: number, previous: number): number {
    let chunk = this.#free[units - 1] as number;
    if (chunk === NONE) {
      if (this.#used + units > SLAB_LENGTH) {
        this.#slabs.push(new Uint32Array(SLAB_LENGTH << UNIT_SHIFT));
        this.#used = 0;
      }
      chunk = (this.#slabs.length - 1) * SLAB_LENGTH + this.#used;
      this.#used += units;
    } else {
      this.#free[units - 1] = this.#previous(chunk);
    }
    this.#link(chunk, previous);
    return chunk;
  }
}

/** Where sample `index` of a chunk lies in its slab. */
function sampleAt(chunk: number, index: number): number {
  return ((chunk & SLAB_MASK) << UNIT_SHIFT) + 1 + index * SAMPLE_LENGTH;
}

/** The first sample of the chunk that holds sample `index`: chunks begin with samples 0, 5, 15, 30, 45, … */
function firstOf(index: number): number {
  if (index < 15) return index < 5 ? 0 : 5;
  return index - (index % 15);
}

/** Units of the chunk that holds sample `index`. */
function unitsOf(index: number): number {
  if (index < 15) return index < 5 ? 1 : 2;
  return 3;
}

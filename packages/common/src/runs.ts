/**
 * Columns of numbers as runs: what a scrape brings has few timestamps, and its series have numbers in a row. A run is two
 * words: its first number, and how many there are of it, each `step` above the one before.
 */

/** 0: equal numbers make a run; 1: ascending ones. */
export type RunStep = 0 | 1;

const RUN_WORDS = 2;
const NUMBERS_MAX = 0x1_0000_0000;

/**
 * Writes the runs of a column to the start of `target`, which has room for `sizeMax` words.
 *
 * @returns words written; 0 when the column is empty or its runs take more than `sizeMax`
 */
export function findRuns(
  column: Uint32Array,
  step: RunStep,
  target: Uint32Array,
  sizeMax: number,
): number {
  const { length } = column;
  if (length === 0 || sizeMax < RUN_WORDS) return 0;
  let size = 0;
  let start = 0;
  let next = column[0] as number;
  for (let i = 0; i < length; i += 1) {
    const value = column[i] as number;
    if (value !== next) {
      target[size] = column[start] as number;
      target[size + 1] = i - start;
      size += RUN_WORDS;
      if (size + RUN_WORDS > sizeMax) return 0;
      start = i;
    }
    next = value + step;
  }
  target[size] = column[start] as number;
  target[size + 1] = length - start;
  return size + RUN_WORDS;
}

/**
 * Writes the numbers of runs to `target`.
 *
 * @param runs untrusted
 * @throws {RangeError} they do not fill `target`, or a number is not below 2^32
 */
export function expandRuns(runs: Uint32Array, step: RunStep, target: Uint32Array): void {
  let at = 0;
  for (let i = 0; i < runs.length; i += RUN_WORDS) {
    const first = runs[i] as number;
    const size = runs[i + 1] as number;
    const fits = size <= target.length - at && first + step * (size - 1) < NUMBERS_MAX;
    if (size === 0 || !fits)
      throw new RangeError(`a run of ${size} from ${first} after ${at} of ${target.length}`);
    if (step === 0) target.fill(first, at, at + size);
    else for (let o = 0; o < size; o += 1) target[at + o] = first + o;
    at += size;
  }
  if (at !== target.length) throw new RangeError(`runs of ${at} numbers for ${target.length}`);
}

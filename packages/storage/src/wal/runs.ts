/**
 * Columns of numbers as runs: what a scrape brings has few timestamps, and its series have slots in a row.
 * Layout: docs/formats/wal.md. A run is its first number and how many follow with it, `step` apart: 8 bytes.
 */
import { assert, type ByteReader } from "@tideline/common";

const RUN_WORDS = 2;
const NUMBERS_MAX = 0x1_0000_0000;

/** Runs of the column that was looked at last. */
let scratch = new Uint32Array(1024);

/**
 * @param column not empty @param step 0: equal numbers make a run; 1: ascending ones
 * @returns pairs of (first, count), borrowed until the next call; null when they take as much room as the column
 */
export function runsOf(column: Uint32Array, step: 0 | 1): Uint32Array | null {
  assert(column.length > 0, "a run has a number");
  const sizeMax = column.length;
  if (scratch.length < sizeMax + RUN_WORDS) scratch = new Uint32Array(sizeMax * 2 + RUN_WORDS);
  const runs = scratch;
  let size = 0;
  let start = 0;
  let next = column[0] as number;
  for (let i = 0; i < column.length; i += 1) {
    const value = column[i] as number;
    if (value !== next) {
      runs[size] = column[start] as number;
      runs[size + 1] = i - start;
      size += RUN_WORDS;
      if (size + RUN_WORDS >= sizeMax) return null;
      start = i;
    }
    next = value + step;
  }
  runs[size] = column[start] as number;
  runs[size + 1] = column.length - start;
  size += RUN_WORDS;
  // The count of the runs takes a word as well.
  return size + 1 < sizeMax ? runs.subarray(0, size) : null;
}

/**
 * Reads a count of runs and the runs.
 *
 * @param count numbers that they must make
 * @throws {RangeError} they do not
 */
export function readRuns(reader: ByteReader, count: number, step: 0 | 1): Uint32Array {
  const column = new Uint32Array(count);
  let at = 0;
  for (let runCount = reader.u32(); runCount > 0; runCount -= 1) {
    const first = reader.u32();
    const size = reader.u32();
    const fits = size > 0 && size <= count - at && first + step * (size - 1) < NUMBERS_MAX;
    if (!fits) throw new RangeError(`a run of ${size} from ${first} after ${at} of ${count} rows`);
    if (step === 0) column.fill(first, at, at + size);
    else for (let i = 0; i < size; i += 1) column[at + i] = first + i;
    at += size;
  }
  if (at !== count) throw new RangeError(`runs of ${at} rows for ${count}`);
  return column;
}

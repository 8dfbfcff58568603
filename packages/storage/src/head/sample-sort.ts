/**
 * Puts samples in order by time and merges those at one time (law 3), in place.
 *
 * Arrival order is mostly sorted (a retry, a late block), so this is a merge sort over the ascending
 * runs that are there: one pass finds them, log2(runs) passes merge them.
 */
import { beats, wordsOf } from "@tideline/model";

/**
 * @param timestampsMs the first `count` in any order; the same for `values`
 * @returns how many are left at the start of both columns: strictly ascending
 */
export function sortSamples(
  timestampsMs: Float64Array,
  values: Float64Array,
  count: number,
): number {
  if (count === 0) return 0;
  let times = timestampsMs.slice(0, count);
  let order = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) order[i] = i;
  let otherTimes = new Float64Array(count);
  let otherOrder = new Uint32Array(count);
  let runs = runStarts(times, count);
  while (runs.length > 2) {
    const merged: number[] = [];
    for (let r = 0; r + 1 < runs.length; r += 2) {
      const start = runs[r] as number;
      const middle = runs[r + 1] as number;
      const end = runs[r + 2] ?? middle;
      merged.push(start);
      mergeRuns({ times, order, otherTimes, otherOrder }, start, middle, end);
    }
    merged.push(count);
    runs = merged;
    [times, otherTimes] = [otherTimes, times];
    [order, otherOrder] = [otherOrder, order];
  }
  return compact(times, order, timestampsMs, values);
}

/** Starts of the runs that do not descend, and `count` at the end. */
function runStarts(times: Float64Array, count: number): number[] {
  const starts = [0];
  for (let i = 1; i < count; i += 1) {
    if ((times[i] as number) < (times[i - 1] as number)) starts.push(i);
  }
  starts.push(count);
  return starts;
}

interface MergeSpace {
  readonly times: Float64Array;
  readonly order: Uint32Array;
  readonly otherTimes: Float64Array;
  readonly otherOrder: Uint32Array;
}

function mergeRuns(space: MergeSpace, start: number, middle: number, end: number): void {
  const { times, order, otherTimes, otherOrder } = space;
  let a = start;
  let b = middle;
  for (let o = start; o < end; o += 1) {
    const fromA = a < middle && (b >= end || (times[a] as number) <= (times[b] as number));
    const from = fromA ? a : b;
    otherTimes[o] = times[from] as number;
    otherOrder[o] = order[from] as number;
    if (fromA) a += 1;
    else b += 1;
  }
}

/** Writes the winners of each time back; `order` tells where a sample's value stood. */
function compact(
  times: Float64Array,
  order: Uint32Array,
  timestampsMs: Float64Array,
  values: Float64Array,
): number {
  const from = wordsOf(values.slice(0, times.length));
  const to = wordsOf(values);
  let kept = 0;
  for (let i = 0; i < times.length; i += 1) {
    const value = order[i] as number;
    const repeats = kept > 0 && times[i] === timestampsMs[kept - 1];
    if (repeats && !beats(from, value, to, kept - 1)) continue;
    const o = repeats ? kept - 1 : kept;
    timestampsMs[o] = times[i] as number;
    to[o * 2] = from[value * 2] as number;
    to[o * 2 + 1] = from[value * 2 + 1] as number;
    kept = o + 1;
  }
  return kept;
}

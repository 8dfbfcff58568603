/**
 * Ranges under the modifiers `anchored` and `smoothed`: nothing is extrapolated, since the samples around the range are
 * seen, too.
 *
 * `anchored` counts from the last sample at or before the start of the range (up to the lookback before it), `smoothed`
 * draws straight lines between the samples on both sides of an edge (up to the lookback beyond it). A counter that was
 * reset across an edge rises from zero there. Without a sample before the start, the first one in the range is taken.
 */
import type { ExtendedLoop, RollupLoop, Samples, WindowMargins, Windows } from "../card.ts";

/** The range itself, inside the window that reaches beyond it. */
export interface Range {
  readonly startMs: number;
  readonly endMs: number;
}

/** Samples from `first` to `last`, both inclusive; first is at or before the start of the range if there is such a one. */
type RangeFunction = (samples: Samples, first: number, last: number, range: Range) => number;

/** Calls `evaluate` where the range has a value. */
function overRanges(
  margins: WindowMargins,
  isSmoothed: boolean,
  evaluate: RangeFunction,
): RollupLoop {
  return (samples, windows, _parameters, target) => {
    const { timestampsMs } = samples;
    for (let step = 0; step < windows.stepCount; step += 1) {
      const from = windows.starts[step] as number;
      let last = (windows.ends[step] as number) - 1;
      if (last < from) continue;
      const range = rangeAt(windows, step, margins);
      const first = Math.max(from, firstAfter(timestampsMs, from, last, range.startMs) - 1);
      if (isSmoothed) last = firstAfter(timestampsMs, from, last, range.endMs - 1);
      if ((timestampsMs[last] as number) <= range.startMs) continue;
      if (isSmoothed && (timestampsMs[first] as number) > range.endMs) continue;
      target.values[target.start + step] = evaluate(samples, first, last, range);
      target.presence[target.start + step] = 1;
    }
  };
}

function rangeAt(windows: Windows, step: number, { beforeMs, afterMs }: WindowMargins): Range {
  const endMs = windows.endStartMs + step * windows.endStepMs - afterMs;
  return { startMs: endMs - (windows.rangeMs - beforeMs - afterMs), endMs };
}

/** The first index of [from, to) with a time past `timeMs`; `to` when there is none. */
export function firstAfter(
  timestampsMs: Float64Array,
  from: number,
  to: number,
  timeMs: number,
): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timestampsMs[middle] as number) > timeMs) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The straight line between two neighbours, at a time. A counter that fell between them rises from zero. */
function between(
  { timestampsMs, values }: Samples,
  left: number,
  timeMs: number,
  isCounter: boolean,
): number {
  const leftMs = timestampsMs[left] as number;
  const rightMs = timestampsMs[left + 1] as number;
  const to = values[left + 1] as number;
  let start = values[left] as number;
  if (isCounter && to < start) start = 0;
  return start + ((to - start) * (timeMs - leftMs)) / (rightMs - leftMs);
}

/** The value at the start of the range. */
export function valueAtStart(
  samples: Samples,
  first: number,
  { startMs }: Range,
  isSmoothed: boolean,
  isCounter: boolean,
): number {
  if (isSmoothed && (samples.timestampsMs[first] as number) < startMs)
    return between(samples, first, startMs, isCounter);
  return samples.values[first] as number;
}

/** The value at the end of the range. */
export function valueAtEnd(
  samples: Samples,
  first: number,
  last: number,
  { endMs }: Range,
  isSmoothed: boolean,
  isCounter: boolean,
): number {
  if (isSmoothed && last > first && (samples.timestampsMs[last] as number) > endMs)
    return between(samples, last - 1, endMs, isCounter);
  return samples.values[last] as number;
}

function growth(isSmoothed: boolean, isCounter: boolean, isRate: boolean): RangeFunction {
  return (samples, first, last, range) => {
    const start = valueAtStart(samples, first, range, isSmoothed, isCounter);
    const end = valueAtEnd(samples, first, last, range, isSmoothed, isCounter);
    let grown = end - start;
    if (isCounter) grown += lostToResets(samples, first, last, range, start, end);
    return isRate ? grown / ((range.endMs - range.startMs) / 1000) : grown;
  };
}

/** What resets swallowed: looks at the samples inside the range, and at the values of its edges. */
function lostToResets(
  { timestampsMs, values }: Samples,
  first: number,
  last: number,
  range: Range,
  start: number,
  end: number,
): number {
  const from = (timestampsMs[first] as number) <= range.startMs ? first + 1 : first;
  const to = (timestampsMs[last] as number) >= range.endMs ? last : last + 1;
  let lost = 0;
  let previous = start;
  for (let i = from; i < to; i += 1) {
    const value = values[i] as number;
    if (value < previous) lost += previous;
    previous = value;
  }
  return end < previous ? lost + previous : lost;
}

/** The value of a selector under `smoothed`, whose window reaches beyond the step by the lookback on both sides. */
export const smoothedInstants: ExtendedLoop =
  ({ afterMs }) =>
  (samples, windows, _parameters, target) => {
    const { timestampsMs, values } = samples;
    for (let step = 0; step < windows.stepCount; step += 1) {
      const from = windows.starts[step] as number;
      const to = windows.ends[step] as number;
      const timeMs = windows.endStartMs + step * windows.endStepMs - afterMs;
      const after = firstAfter(timestampsMs, from, to, timeMs);
      if (after === from) continue;
      const at = target.start + step;
      // Without a sample behind it the last one goes on.
      const isLast = after === to || timestampsMs[after - 1] === timeMs;
      target.values[at] = isLast
        ? (values[after - 1] as number)
        : between(samples, after - 1, timeMs, false);
      target.presence[at] = 1;
    }
  };

/** The two loops of rate, increase and delta. */
export function growthLoops(
  isCounter: boolean,
  isRate: boolean,
): { readonly anchored: ExtendedLoop; readonly smoothed: ExtendedLoop } {
  return {
    anchored: (margins) => overRanges(margins, false, growth(false, isCounter, isRate)),
    smoothed: (margins) => overRanges(margins, true, growth(true, isCounter, isRate)),
  };
}

/** The loop of a function that counts something between neighbours: resets, changes. */
export function countingLoop(
  count: (samples: Samples, start: number, end: number) => number,
): ExtendedLoop {
  return (margins) =>
    overRanges(margins, false, (samples, first, last) => count(samples, first, last + 1));
}

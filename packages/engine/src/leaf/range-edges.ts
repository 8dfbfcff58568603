/**
 * What an instant query of `x[5m] anchored` or `x[5m] smoothed` shows: the samples inside the range, and one sample at
 * each of its edges, as the modifier sees it.
 */
import type { Samples } from "../functions/card.ts";
import {
  firstAfter,
  valueAtEnd,
  valueAtStart,
  type Range,
} from "../functions/rollup/extended-ranges.ts";

/** @param seen samples of the range and around it; none are left when all stand at or before its start */
export function withEdges(seen: Samples, range: Range, isSmoothed: boolean): Samples {
  const { timestampsMs, values, count } = seen;
  const { startMs, endMs } = range;
  let last = count - 1;
  if (last < 0) return seen;
  const first = Math.max(0, firstAfter(timestampsMs, 0, last, startMs) - 1);
  if (isSmoothed) last = firstAfter(timestampsMs, 0, last, endMs - 1);
  if ((timestampsMs[last] as number) <= startMs) return { ...seen, count: 0 };
  const from = (timestampsMs[first] as number) <= startMs ? first + 1 : first;
  const to = (timestampsMs[last] as number) >= endMs ? last : last + 1;
  const innerCount = Math.max(0, to - from);
  const shownMs = new Float64Array(innerCount + 2);
  const shown = new Float64Array(innerCount + 2);
  shownMs[0] = startMs;
  shown[0] = valueAtStart(seen, first, range, isSmoothed, false);
  shownMs.set(timestampsMs.subarray(from, from + innerCount), 1);
  shown.set(values.subarray(from, from + innerCount), 1);
  shownMs[innerCount + 1] = endMs;
  shown[innerCount + 1] = valueAtEnd(seen, first, last, range, isSmoothed, false);
  return { timestampsMs: shownMs, values: shown, count: innerCount + 2 };
}

/** Ranges of time, inclusive at both ends, in integer milliseconds. */

export interface TimeRange {
  readonly startMs: number;
  readonly endMs: number;
}

export function rangesOverlap(a: TimeRange, b: TimeRange): boolean {
  return a.startMs <= b.endMs && b.startMs <= a.endMs;
}

/** Whether all of `inner` lies in `outer`. */
export function rangeContains(outer: TimeRange, inner: TimeRange): boolean {
  return outer.startMs <= inner.startMs && inner.endMs <= outer.endMs;
}

/** The same times as ranges that neither overlap nor touch, ascending. */
export function mergeRanges(ranges: readonly TimeRange[]): TimeRange[] {
  const merged: TimeRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = merged.at(-1);
    if (last && range.startMs <= last.endMs + 1) {
      const endMs = Math.max(last.endMs, range.endMs);
      merged[merged.length - 1] = { startMs: last.startMs, endMs };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** What of `whole` is in none of `taken`; ascending. @param taken from mergeRanges */
export function rangesLeft(whole: TimeRange, taken: readonly TimeRange[]): TimeRange[] {
  const left: TimeRange[] = [];
  let { startMs } = whole;
  for (const range of taken) {
    if (range.endMs < startMs) continue;
    if (range.startMs > whole.endMs) break;
    if (range.startMs > startMs) left.push({ startMs, endMs: range.startMs - 1 });
    startMs = range.endMs + 1;
  }
  if (startMs <= whole.endMs) left.push({ startMs, endMs: whole.endMs });
  return left;
}

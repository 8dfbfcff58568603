/**
 * Growth over a window: rate, increase, delta and their instant kin, resets, changes.
 *
 * rate, increase and delta extrapolate to the window's edges as Prometheus does: to an edge that is nearer than 1.1
 * average sample intervals, else by half an interval; a counter not beyond the point where it would have been zero.
 * Cost: bench/engine.ts.
 */
import type { RollupCard, RollupLoop, Samples, Windows } from "../card.ts";
import { countingLoop, growthLoops } from "./extended-ranges.ts";
import { perWindow, RANGE_ONLY } from "./per-window.ts";

/** Resets seen before each sample, in reused memory: reset counts [i] = resets at samples 1…i. */
let resetCounts = new Int32Array(8192);

/** Whether a value is below the one before it. Most series have none: 0.7 ns a sample, four at a time. */
function hasReset(values: Float64Array, from: number, to: number): boolean {
  let previous = values[from] as number;
  let i = from + 1;
  for (; i + 3 < to; i += 4) {
    const a = values[i] as number;
    const b = values[i + 1] as number;
    const c = values[i + 2] as number;
    const d = values[i + 3] as number;
    if (a < previous || b < a || c < b || d < c) return true;
    previous = d;
  }
  for (; i < to; i += 1) if ((values[i] as number) < (values[i - 1] as number)) return true;
  return false;
}

/** Fills resetCounts. */
function countResets(values: Float64Array, from: number, to: number): void {
  if (resetCounts.length < to) resetCounts = new Int32Array(Math.max(to, resetCounts.length * 2));
  let count = 0;
  if (to > from) resetCounts[from] = 0;
  for (let i = from + 1; i < to; i += 1) {
    if ((values[i] as number) < (values[i - 1] as number)) count += 1;
    resetCounts[i] = count;
  }
}

/** last - first, plus what each reset in between swallowed, added in order of time. */
function growthAcrossResets(values: Float64Array, first: number, last: number): number {
  let growth = (values[last] as number) - (values[first] as number);
  for (let i = first + 1; i <= last; i += 1) {
    const previous = values[i - 1] as number;
    if ((values[i] as number) < previous) growth += previous;
  }
  return growth;
}

/** Samples that any window touches: [first start, last end), since both ascend. */
function touched(windows: Windows): { from: number; to: number } {
  const { starts, ends, stepCount } = windows;
  return stepCount === 0
    ? { from: 0, to: 0 }
    : { from: starts[0] as number, to: ends[stepCount - 1] as number };
}

function extrapolated(isCounter: boolean, isRate: boolean): RollupLoop {
  return (samples, windows, _parameters, target) => {
    const { timestampsMs, values } = samples;
    const { starts, ends, stepCount, rangeMs, endStartMs, endStepMs } = windows;
    const { from, to } = touched(windows);
    const hasResets = isCounter && hasReset(values, from, to);
    if (hasResets) countResets(values, from, to);
    const rangeSeconds = rangeMs / 1000;
    const { start } = target;
    for (let step = 0; step < stepCount; step += 1) {
      const first = starts[step] as number;
      const last = (ends[step] as number) - 1;
      if (last <= first) continue;
      const firstValue = values[first] as number;
      let growth = (values[last] as number) - firstValue;
      if (hasResets && resetCounts[last] !== resetCounts[first])
        growth = growthAcrossResets(values, first, last);
      const endMs = endStartMs + step * endStepMs;
      const firstMs = timestampsMs[first] as number;
      const lastMs = timestampsMs[last] as number;
      const sampledSeconds = (lastMs - firstMs) / 1000;
      const averageSeconds = sampledSeconds / (last - first);
      const thresholdSeconds = averageSeconds * 1.1;
      let toStart = (firstMs - (endMs - rangeMs)) / 1000;
      let toEnd = (endMs - lastMs) / 1000;
      if (toStart >= thresholdSeconds) toStart = averageSeconds / 2;
      if (isCounter && growth > 0 && firstValue >= 0) {
        const toZero = sampledSeconds * (firstValue / growth);
        if (toZero < toStart) toStart = toZero;
      }
      if (toEnd >= thresholdSeconds) toEnd = averageSeconds / 2;
      let factor = (sampledSeconds + toStart + toEnd) / sampledSeconds;
      if (isRate) factor /= rangeSeconds;
      target.values[start + step] = growth * factor;
      target.presence[start + step] = 1;
    }
  };
}

/** Change between the last two samples of the window. */
function lastChange(isRate: boolean): RollupLoop {
  return (samples, windows, _parameters, target) => {
    const { timestampsMs, values } = samples;
    for (let step = 0; step < windows.stepCount; step += 1) {
      const last = (windows.ends[step] as number) - 1;
      if (last <= (windows.starts[step] as number)) continue;
      const elapsedMs = (timestampsMs[last] as number) - (timestampsMs[last - 1] as number);
      if (elapsedMs === 0) continue;
      const lastValue = values[last] as number;
      const previous = values[last - 1] as number;
      // After a reset the counter started again from zero.
      const change = isRate && lastValue < previous ? lastValue : lastValue - previous;
      target.values[target.start + step] = isRate ? change / (elapsedMs / 1000) : change;
      target.presence[target.start + step] = 1;
    }
  };
}

function resetsIn({ values }: Samples, start: number, end: number): number {
  let count = 0;
  for (let i = start + 1; i < end; i += 1)
    if ((values[i] as number) < (values[i - 1] as number)) count += 1;
  return count;
}

function changesIn({ values }: Samples, start: number, end: number): number {
  let count = 0;
  for (let i = start + 1; i < end; i += 1) {
    const current = values[i] as number;
    const previous = values[i - 1] as number;
    if (current !== previous && !(Number.isNaN(current) && Number.isNaN(previous))) count += 1;
  }
  return count;
}

export const counters: readonly RollupCard[] = [
  {
    kind: "rollup",
    name: "rate",
    help: "Growth of a counter per second, extrapolated to the window; resets do not count as loss",
    ...RANGE_ONLY,
    wantsCounter: true,
    evaluate: extrapolated(true, true),
    ...growthLoops(true, true),
  },
  {
    kind: "rollup",
    name: "increase",
    help: "Growth of a counter, extrapolated to the window; resets do not count as loss",
    ...RANGE_ONLY,
    wantsCounter: true,
    evaluate: extrapolated(true, false),
    ...growthLoops(true, false),
  },
  {
    kind: "rollup",
    name: "delta",
    help: "Last value less first value of a gauge, extrapolated to the window",
    ...RANGE_ONLY,
    evaluate: extrapolated(false, false),
    ...growthLoops(false, false),
  },
  {
    kind: "rollup",
    name: "irate",
    help: "Growth of a counter per second between the last two samples of the window",
    ...RANGE_ONLY,
    evaluate: lastChange(true),
  },
  {
    kind: "rollup",
    name: "idelta",
    help: "Difference of the last two samples of the window",
    ...RANGE_ONLY,
    evaluate: lastChange(false),
  },
  {
    kind: "rollup",
    name: "resets",
    help: "How often the value fell within the window",
    ...RANGE_ONLY,
    evaluate: perWindow(1, resetsIn),
    anchored: countingLoop(resetsIn),
  },
  {
    kind: "rollup",
    name: "changes",
    help: "How often the value changed within the window",
    ...RANGE_ONLY,
    evaluate: perWindow(1, changesIn),
    anchored: countingLoop(changesIn),
  },
];

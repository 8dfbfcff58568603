/**
 * Growth over a window: rate, increase, delta and their instant kin, resets, changes.
 *
 * rate, increase and delta extrapolate to the window's edges as Prometheus does: to an edge that is nearer than 1.1
 * average sample intervals, else by half an interval; a counter not beyond the point where it would have been zero.
 * Cost: bench/engine.ts.
 */
import {
  extrapolate,
  heapColumns,
  isCurrent,
  planExtrapolation,
  planInto,
  type RangePlan,
} from "@tideline/kernels";
import type { RollupCard, RollupLoop, Samples, Windows } from "../card.ts";
import { countingLoop, growthLoops } from "./extended-ranges.ts";
import { perWindow, RANGE_ONLY } from "./per-window.ts";

/** Plans by the windows that they were made of, for as long as those are kept. */
const ratePlans = new WeakMap<Windows, RangePlan>();
const growthPlans = new WeakMap<Windows, RangePlan>();

/** For windows of one series: reused memory. */
let scratchColumns = heapColumns(64);
let scratchPresence = new Uint8Array(64);

/** What windows come to for a rate, or an increase or delta. */
export function growthPlan(
  timestampsMs: Float64Array,
  windows: Windows,
  isRate: boolean,
): RangePlan {
  if (!windows.isShared) return scratchPlan(windows, timestampsMs, isRate);
  const plans = isRate ? ratePlans : growthPlans;
  const known = plans.get(windows);
  if (known && isCurrent(known)) return known;
  const plan = planExtrapolation(windows, timestampsMs, isRate);
  plans.set(windows, plan);
  return plan;
}

function scratchPlan(windows: Windows, timestampsMs: Float64Array, isRate: boolean): RangePlan {
  const { stepCount } = windows;
  if (scratchPresence.length < stepCount) {
    scratchColumns = heapColumns(stepCount * 2);
    scratchPresence = new Uint8Array(stepCount * 2);
  }
  return planInto(scratchColumns, scratchPresence, windows, timestampsMs, isRate);
}

function extrapolated(isCounter: boolean, isRate: boolean): RollupLoop {
  return (samples, windows, _parameters, target) => {
    const plan = growthPlan(samples.timestampsMs, windows, isRate);
    extrapolate(samples.values, plan, isCounter, target.values, target.start);
    const { stepCount, presence } = plan;
    for (let step = 0; step < stepCount; step += 1)
      target.presence[target.start + step] = presence[step] as number;
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
    notes:
      "Extrapolated to an edge of the window that is nearer than 1.1 sample intervals, else by half an interval, and not past zero",
    ...RANGE_ONLY,
    wantsCounter: true,
    evaluate: extrapolated(true, true),
    growth: { isCounter: true, isRate: true },
    ...growthLoops(true, true),
  },
  {
    kind: "rollup",
    name: "increase",
    help: "Growth of a counter, extrapolated to the window; resets do not count as loss",
    notes: "As rate, not divided by the window",
    ...RANGE_ONLY,
    wantsCounter: true,
    evaluate: extrapolated(true, false),
    growth: { isCounter: true, isRate: false },
    ...growthLoops(true, false),
  },
  {
    kind: "rollup",
    name: "delta",
    help: "Last value less first value of a gauge, extrapolated to the window",
    notes: "For gauges; extrapolated as rate, but also past zero",
    ...RANGE_ONLY,
    evaluate: extrapolated(false, false),
    growth: { isCounter: false, isRate: false },
    ...growthLoops(false, false),
  },
  {
    kind: "rollup",
    name: "irate",
    help: "Growth of a counter per second between the last two samples of the window",
    notes: "After a reset the counter is taken to have started from zero",
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

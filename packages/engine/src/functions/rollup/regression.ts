/** The straight line through a window (least squares, with compensated sums), and smoothing. */
import { ExecutionError } from "@tideline/model";
import { fixedText } from "@tideline/promql";
import { CompensatedSum } from "../../numeric/kahan.ts";
import type { RollupCard, RollupLoop, Samples } from "../card.ts";
import { perWindow, RANGE_ONLY } from "./per-window.ts";

interface Line {
  slope: number;
  intercept: number;
}

/** The line through samples [start, end) over seconds from `originMs`. A flat line is exact. */
function lineThrough(samples: Samples, start: number, end: number, originMs: number): Line {
  const { timestampsMs, values } = samples;
  const sumX = new CompensatedSum();
  const sumY = new CompensatedSum();
  const sumXY = new CompensatedSum();
  const sumXX = new CompensatedSum();
  const firstY = values[start] as number;
  let isFlat = true;
  for (let i = start; i < end; i += 1) {
    const x = ((timestampsMs[i] as number) - originMs) / 1000;
    const y = values[i] as number;
    if (isFlat && i > start && y !== firstY) isFlat = false;
    sumX.add(x);
    sumY.add(y);
    sumXY.add(x * y);
    sumXX.add(x * x);
  }
  if (isFlat) {
    const isInfinite = firstY === Infinity || firstY === -Infinity;
    return isInfinite ? { slope: NaN, intercept: NaN } : { slope: 0, intercept: firstY };
  }
  const count = end - start;
  const covariance = sumXY.total - (sumX.total * sumY.total) / count;
  const variance = sumXX.total - (sumX.total * sumX.total) / count;
  const slope = covariance / variance;
  return { slope, intercept: sumY.total / count - (slope * sumX.total) / count };
}

function slopeOf(samples: Samples, start: number, end: number): number {
  return lineThrough(samples, start, end, samples.timestampsMs[start] as number).slope;
}

function predict(
  samples: Samples,
  start: number,
  end: number,
  seconds: number,
  evaluationMs: number,
): number {
  const line = lineThrough(samples, start, end, evaluationMs);
  return line.slope * seconds + line.intercept;
}

/** Holt-Winters' double exponential smoothing. */
const smooth: RollupLoop = (samples, windows, parameters, target) => {
  const { values } = samples;
  for (let step = 0; step < windows.stepCount; step += 1) {
    const smoothing = parameters[0]?.[step] as number;
    const trendFactor = parameters[1]?.[step] as number;
    const start = windows.starts[step] as number;
    const end = windows.ends[step] as number;
    // Where there is nothing to smooth, Prometheus does not look at the factors.
    if (end === start) continue;
    if (!(smoothing > 0 && smoothing < 1)) throw badFactor("smoothing factor", "sf", smoothing);
    if (!(trendFactor > 0 && trendFactor < 1)) throw badFactor("trend factor", "tf", trendFactor);
    if (end - start < 2) continue;
    let level = values[start] as number;
    let trend = (values[start + 1] as number) - level;
    for (let i = start + 1; i < end; i += 1) {
      const previous = level;
      level = smoothing * (values[i] as number) + (1 - smoothing) * (previous + trend);
      // The first trend is that of the first two samples; each later one follows the level before it.
      trend = trendFactor * (level - previous) + (1 - trendFactor) * trend;
    }
    target.values[target.start + step] = level;
    target.presence[target.start + step] = 1;
  }
};

function badFactor(what: string, name: string, value: number): ExecutionError {
  return new ExecutionError(
    "TIDELINE_QUERY_SMOOTHING",
    `invalid ${what}. Expected: 0 < ${name} < 1, got: ${fixedText(value)}`,
  );
}

export const regression: readonly RollupCard[] = [
  {
    kind: "rollup",
    name: "deriv",
    help: "Slope per second of the straight line through the window",
    notes: "Wants two samples",
    ...RANGE_ONLY,
    evaluate: perWindow(2, slopeOf),
  },
  {
    kind: "rollup",
    name: "predict_linear",
    help: "Value that the straight line through the window will have some seconds after the step",
    notes: "Seconds count from the step, whatever the offset",
    argumentTypes: ["matrix", "scalar"],
    returnType: "vector",
    dependsOnTime: true,
    evaluate: perWindow(2, predict),
  },
  {
    kind: "rollup",
    name: "double_exponential_smoothing",
    help: "Smoothed value with a smoothing factor and a trend factor, each between 0 and 1",
    notes: "Wants two samples; a factor outside (0, 1) is an error",
    argumentTypes: ["matrix", "scalar", "scalar"],
    returnType: "vector",
    experimental: true,
    evaluate: smooth,
  },
];

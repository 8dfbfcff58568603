/** Rollups that sort the window: quantile_over_time and mad_over_time. */
import { messageFloatText } from "@tideline/promql";
import { bounds } from "../../numeric/extremes.ts";
import { quantileOf, sortValues } from "../../numeric/quantile.ts";
import type { Annotations } from "../../annotations.ts";
import type { Span } from "@tideline/promql";
import type { RollupCard, Samples } from "../card.ts";
import { perWindow, RANGE_ONLY } from "./per-window.ts";

let scratch = new Float64Array(1024);

/** The values of a window in ascending order, in reused memory. */
function sortedWindow({ values }: Samples, start: number, end: number): Float64Array {
  const count = end - start;
  if (scratch.length < count) scratch = new Float64Array(count * 2);
  const window = scratch.subarray(0, count);
  window.set(values.subarray(start, end));
  sortValues(window);
  return window;
}

/** Median distance from the median. */
function medianDistance(samples: Samples, start: number, end: number): number {
  const window = sortedWindow(samples, start, end);
  const median = quantileOf(0.5, window);
  for (let i = 0; i < window.length; i += 1) window[i] = Math.abs((window[i] as number) - median);
  sortValues(window);
  return quantileOf(0.5, window);
}

/** Warns about each φ that is no quantile. */
export function checkQuantiles(phis: Float64Array, annotations: Annotations, span: Span): void {
  for (const phi of phis) {
    if (phi >= 0 && phi <= 1) continue;
    annotations.warn(
      `quantile value should be between 0 and 1, got ${messageFloatText(phi)}`,
      span,
    );
  }
}

/** The same for an aggregation, which looks at all its steps at once: of a NaN, of the greatest and of the least φ. */
export function checkQuantileColumn(
  phis: Float64Array,
  annotations: Annotations,
  span: Span,
): void {
  const { least, greatest } = bounds(phis);
  const nan = phis.some((phi) => Number.isNaN(phi)) ? [NaN] : [];
  const high = greatest > 1 ? [greatest] : [];
  const low = least < 0 ? [least] : [];
  checkQuantiles(Float64Array.from([...nan, ...high, ...low]), annotations, span);
}

export const quantiles: readonly RollupCard[] = [
  {
    kind: "rollup",
    name: "quantile_over_time",
    help: "Quantile φ (0 ≤ φ ≤ 1) of the values in the window",
    notes: "-Inf below 0, +Inf above 1",
    argumentTypes: ["scalar", "matrix"],
    returnType: "vector",
    warnsOfQuantile: true,
    evaluate: perWindow(1, (samples, start, end, phi) =>
      quantileOf(phi, sortedWindow(samples, start, end)),
    ),
  },
  {
    kind: "rollup",
    name: "mad_over_time",
    help: "Median absolute deviation of the values in the window",
    ...RANGE_ONLY,
    experimental: true,
    evaluate: perWindow(1, medianDistance),
  },
];

/** Sums, averages and spread over a window, added with compensation in order of time, as Prometheus adds. */
import { CompensatedSum, lostBy } from "../../numeric/kahan.ts";
import type { RollupCard, RollupLoop, Samples } from "../card.ts";
import { perWindow, RANGE_ONLY } from "./per-window.ts";

const sumLoop: RollupLoop = ({ values }, windows, _parameters, target) => {
  const { starts, ends, stepCount } = windows;
  for (let step = 0; step < stepCount; step += 1) {
    const start = starts[step] as number;
    const end = ends[step] as number;
    if (end <= start) continue;
    let sum = 0;
    let compensation = 0;
    for (let i = start; i < end; i += 1) {
      const value = values[i] as number;
      const total = sum + value;
      if (total === Infinity || total === -Infinity) compensation = 0;
      else if (Math.abs(sum) >= Math.abs(value)) compensation += sum - total + value;
      else compensation += value - total + sum;
      sum = total;
    }
    target.values[target.start + step] =
      sum === Infinity || sum === -Infinity ? sum : sum + compensation;
    target.presence[target.start + step] = 1;
  }
};

const averageLoop: RollupLoop = (samples, windows, _parameters, target) => {
  const { starts, ends, stepCount } = windows;
  const { values } = samples;
  for (let step = 0; step < stepCount; step += 1) {
    const start = starts[step] as number;
    const end = ends[step] as number;
    if (end <= start) continue;
    let sum = values[start] as number;
    let compensation = 0;
    let overflow = -1;
    for (let i = start + 1; i < end; i += 1) {
      const value = values[i] as number;
      const total = sum + value;
      if (total === Infinity || total === -Infinity) {
        overflow = i;
        break;
      }
      if (Math.abs(sum) >= Math.abs(value)) compensation += sum - total + value;
      else compensation += value - total + sum;
      sum = total;
    }
    const count = end - start;
    target.values[target.start + step] =
      overflow < 0
        ? sum / count + compensation / count
        : runningMean(values, start, end, overflow, sum, compensation);
    target.presence[target.start + step] = 1;
  }
};

/** Goes on from sample `from`, where the sum would overflow, with a running mean. */
function runningMean(
  values: Float64Array,
  start: number,
  end: number,
  from: number,
  sum: number,
  sumCompensation: number,
): number {
  let mean = sum / (from - start);
  let compensation = sumCompensation / (from - start);
  for (let i = from; i < end; i += 1) {
    const count = i - start + 1;
    const share = (count - 1) / count;
    const added = (values[i] as number) / count;
    const kept = share * mean;
    compensation *= share;
    const total = kept + added;
    if (total === Infinity || total === -Infinity) compensation = 0;
    else compensation += lostBy(kept, added, total);
    mean = total;
  }
  return mean + compensation;
}

/** Welford's variance with compensated steps. */
function varianceOf({ values }: Samples, start: number, end: number): number {
  const mean = new CompensatedSum();
  const squares = new CompensatedSum();
  for (let i = start; i < end; i += 1) {
    const value = values[i] as number;
    const delta = value - mean.total;
    mean.add(delta / (i - start + 1));
    squares.add(delta * (value - mean.total));
  }
  return squares.total / (end - start);
}

export const sums: readonly RollupCard[] = [
  {
    kind: "rollup",
    name: "sum_over_time",
    help: "Sum of the values in the window",
    ...RANGE_ONLY,
    evaluate: sumLoop,
  },
  {
    kind: "rollup",
    name: "avg_over_time",
    help: "Average of the values in the window",
    ...RANGE_ONLY,
    evaluate: averageLoop,
  },
  {
    kind: "rollup",
    name: "stdvar_over_time",
    help: "Population variance of the values in the window",
    ...RANGE_ONLY,
    evaluate: perWindow(1, varianceOf),
  },
  {
    kind: "rollup",
    name: "stddev_over_time",
    help: "Population standard deviation of the values in the window",
    ...RANGE_ONLY,
    evaluate: perWindow(1, (samples, start, end) => Math.sqrt(varianceOf(samples, start, end))),
  },
];

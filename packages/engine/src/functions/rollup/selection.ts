/** Rollups that pick a sample of the window, or its time, or count: min, max, first, last, count, present, ts_of_…. */
import type { RollupCard, RollupLoop, Samples } from "../card.ts";
import { perWindow, RANGE_ONLY } from "./per-window.ts";

/** Index of the least value, the first one of equals; a NaN only when all are. */
function leastOf({ values }: Samples, start: number, end: number): number {
  let found = start;
  for (let i = start + 1; i < end; i += 1) {
    const best = values[found] as number;
    if ((values[i] as number) < best || Number.isNaN(best)) found = i;
  }
  return found;
}

/** Index of the greatest value, the first one of equals; a NaN only when all are. */
function greatestOf({ values }: Samples, start: number, end: number): number {
  let found = start;
  for (let i = start + 1; i < end; i += 1) {
    const best = values[found] as number;
    if ((values[i] as number) > best || Number.isNaN(best)) found = i;
  }
  return found;
}

const lastOf = (_samples: Samples, _start: number, end: number): number => end - 1;
const firstOf = (_samples: Samples, start: number): number => start;
const lastLeastOf = lastOfEquals(leastOf);
const lastGreatestOf = lastOfEquals(greatestOf);

type Pick = (samples: Samples, start: number, end: number) => number;

/** The last sample that has the value of the one picked: what ts_of_min and ts_of_max report. */
function lastOfEquals(pick: Pick): Pick {
  return (samples, start, end) => {
    const value = samples.values[pick(samples, start, end)] as number;
    for (let i = end - 1; i > start; i -= 1) if (samples.values[i] === value) return i;
    return Number.isNaN(value) ? end - 1 : start;
  };
}

/** Copies the sample picked, bit for bit. */
function valueOf(pick: Pick): RollupLoop {
  return (samples, windows, _parameters, target) => {
    for (let step = 0; step < windows.stepCount; step += 1) {
      const start = windows.starts[step] as number;
      const end = windows.ends[step] as number;
      if (end <= start) continue;
      target.values[target.start + step] = samples.values[pick(samples, start, end)] as number;
      target.presence[target.start + step] = 1;
    }
  };
}

function timeOf(pick: Pick): RollupLoop {
  return perWindow(
    1,
    (samples, start, end) => (samples.timestampsMs[pick(samples, start, end)] as number) / 1000,
  );
}

function picking(
  name: string,
  help: string,
  evaluate: RollupLoop,
  more: Partial<RollupCard> = {},
): RollupCard {
  return { kind: "rollup", name, help, ...RANGE_ONLY, ...more, evaluate };
}

export const selection: readonly RollupCard[] = [
  picking("min_over_time", "Least value in the window", valueOf(leastOf)),
  picking("max_over_time", "Greatest value in the window", valueOf(greatestOf)),
  picking("last_over_time", "Last value in the window", valueOf(lastOf), { keepsMetricName: true }),
  picking("first_over_time", "First value in the window", valueOf(firstOf), {
    keepsMetricName: true,
    experimental: true,
  }),
  picking(
    "count_over_time",
    "Count of samples in the window",
    perWindow(1, (_samples, start, end) => end - start),
  ),
  picking(
    "present_over_time",
    "1 where the window has a sample",
    perWindow(1, () => 1),
  ),
  picking(
    "ts_of_min_over_time",
    "Time of the last least value in the window",
    timeOf(lastLeastOf),
    {
      experimental: true,
    },
  ),
  picking(
    "ts_of_max_over_time",
    "Time of the last greatest value in the window",
    timeOf(lastGreatestOf),
    { experimental: true },
  ),
  picking("ts_of_last_over_time", "Time of the last sample in the window", timeOf(lastOf), {
    experimental: true,
  }),
  picking("ts_of_first_over_time", "Time of the first sample in the window", timeOf(firstOf), {
    experimental: true,
  }),
];

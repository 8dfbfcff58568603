/**
 * Range functions over shared timestamps, as the engine calls them: `node bench/series-range.ts`.
 *
 * 10,000 series × 240 samples (1 h at 15 s) of counters, one in 500 reset once; windows of 5 m at 60 steps, worked out once; sums
 * by 50 groups. CPU time, median of rounds. Values lie unpacked in the kernels' memory, series after series, as the decoder leaves
 * them; taking a row of results out of that memory and into it again counts.
 */
import {
  extrapolate,
  hasNaN,
  heapColumns,
  planExtrapolation,
  planInto,
  seriesValues,
  sumRows,
  type RangePlan,
} from "@tideline/kernels";
import { extrapolatePlain, sumRowsPlain } from "@tideline/kernels/testing";
import { seededRandom } from "@tideline/common/testing";

const SERIES_COUNT = 10_000;
const SAMPLE_COUNT = 240;
const STEP_COUNT = 60;
const GROUP_COUNT = 50;
const ROUND_COUNT = 15;
/** Series that lie in the kernels' memory at a time. */
const PLACE_COUNT = 500;

const random = seededRandom(1);
const timestampsMs = Float64Array.from({ length: SAMPLE_COUNT }, (_, i) => (i + 1) * 15_000);
const starts = new Int32Array(STEP_COUNT);
const ends = new Int32Array(STEP_COUNT);
for (let step = 0; step < STEP_COUNT; step += 1) {
  ends[step] = (step + 1) * 4;
  starts[step] = Math.max(0, (step + 1) * 4 - 20);
}
const edges = {
  stepCount: STEP_COUNT,
  rangeMs: 300_000,
  endStartMs: 60_000,
  endStepMs: 60_000,
  starts,
  ends,
};
const places = Array.from({ length: PLACE_COUNT }, (_, number) => {
  const values = seriesValues.subarray(number * SAMPLE_COUNT, (number + 1) * SAMPLE_COUNT);
  let value = random.float() * 1e6;
  for (let i = 0; i < SAMPLE_COUNT; i += 1) {
    value = number === 0 && i === 100 ? 0 : value + random.below(1000) / 10;
    values[i] = value;
  }
  return { values, copy: values.slice() };
});
const rows = {
  stepCount: STEP_COUNT,
  values: new Float64Array(SERIES_COUNT * STEP_COUNT),
  presence: new Uint8Array(SERIES_COUNT * STEP_COUNT).fill(1),
  groupOf: Int32Array.from({ length: SERIES_COUNT }, (_, row) => row % GROUP_COUNT),
};

function groups() {
  const size = GROUP_COUNT * STEP_COUNT;
  return { values: new Float64Array(size), presence: new Uint8Array(size) };
}

function measure(name: string, run: () => void): void {
  const rounds: number[] = [];
  for (let round = 0; round < ROUND_COUNT + 3; round += 1) {
    const before = process.cpuUsage();
    run();
    const used = process.cpuUsage(before);
    if (round >= 3) rounds.push((used.user + used.system) / 1_000);
  }
  const median = rounds.toSorted((a, b) => a - b)[ROUND_COUNT >> 1] as number;
  const rate = (SERIES_COUNT * SAMPLE_COUNT) / median / 1_000;
  process.stdout.write(`${name.padEnd(44)} ${median.toFixed(2).padStart(7)} CPU-ms `);
  process.stdout.write(`${rate.toFixed(0).padStart(6)} M samples/s\n`);
}

const plan = planExtrapolation(edges, timestampsMs, true);
const plainPlan: RangePlan = planInto(
  heapColumns(STEP_COUNT),
  new Uint8Array(STEP_COUNT),
  edges,
  timestampsMs,
  true,
);

function ratesInWasm(): void {
  for (let row = 0; row < SERIES_COUNT; row += 1) {
    const { values } = places[row % PLACE_COUNT]!;
    extrapolate(values, plan, true, rows.values, row * STEP_COUNT);
  }
}

function plainRates(): void {
  for (let row = 0; row < SERIES_COUNT; row += 1) {
    const { copy } = places[row % PLACE_COUNT]!;
    extrapolatePlain(copy, plainPlan, true, rows.values, row * STEP_COUNT);
  }
}

measure("rate + sum by, wasm", () => {
  ratesInWasm();
  sumRows(rows, groups());
});
measure("rate + sum by, plain", () => {
  plainRates();
  sumRowsPlain(rows, groups());
});
measure("rate, wasm", ratesInWasm);
measure("rate, plain", plainRates);
measure("sum by, wasm", () => {
  sumRows(rows, groups());
});
measure("sum by, plain", () => {
  sumRowsPlain(rows, groups());
});
measure("looking for NaN, wasm", () => {
  for (let row = 0; row < SERIES_COUNT; row += 1)
    hasNaN(places[row % PLACE_COUNT]!.values, 0, SAMPLE_COUNT);
});

/**
 * What a query costs between its blocks and its JSON: decode, windows, range function, aggregation, digits.
 *
 * `node bench/engine.ts`: 10,000 series × 240 samples (1 h at 15 s) that share their timestamps, 60 steps. CPU time, median of
 * rounds; decoding is that of the value codec in use, so a line without decoding stands beside it.
 */
import { encodeTimestamps, encodeValues, wrapValues } from "@tideline/kernels";
import {
  COMPLETE,
  DEFAULT_TENANT,
  seriesKey,
  type BlockTable,
  type SeriesBlocks,
  type SeriesSource,
  type StepGrid,
} from "@tideline/model";
import {
  execute,
  leavesOnBlocks,
  prepare,
  writeResultJson,
  type QueryResult,
} from "@tideline/engine";
import { seededRandom } from "@tideline/common/testing";

const SERIES_COUNT = 10_000;
const SAMPLE_COUNT = 240;
const START_MS = 1_700_000_000_000;
const ROUND_COUNT = 9;

const random = seededRandom(1);

/** Counters with decimals now and then; one in 500 is reset once. */
function makeSeries(): SeriesBlocks[] {
  const timestampsMs = Float64Array.from(
    { length: SAMPLE_COUNT },
    (_, i) => START_MS + (i + 1) * 15_000,
  );
  const timestamps = {
    id: 1,
    count: SAMPLE_COUNT,
    minMs: START_MS + 15_000,
    maxMs: START_MS + SAMPLE_COUNT * 15_000,
    bytes: encodeTimestamps(timestampsMs),
  };
  return Array.from({ length: SERIES_COUNT }, (_, number) => {
    const values = new Float64Array(SAMPLE_COUNT);
    let value = random.float() * 1e6;
    for (let i = 0; i < SAMPLE_COUNT; i += 1) {
      value = number % 500 === 0 && i === 100 ? 0 : value + random.below(1000) / 10;
      values[i] = Math.round(value * 10) / 10;
    }
    const key = seriesKey(DEFAULT_TENANT, [
      { name: "__name__", value: "http_requests_total" },
      { name: "instance", value: `host-${number % 50}:9100` },
      { name: "job", value: "node" },
      { name: "path", value: `/api/v1/resource/${number}` },
    ]);
    return { key, blocks: [{ timestamps, bytes: encodeValues(values) }] };
  });
}

const none = () => Promise.resolve({ items: [], coverage: COMPLETE });

function sourceOf(series: readonly SeriesBlocks[]): SeriesSource {
  return {
    search: () => ({
      coverage: () => COMPLETE,
      async *[Symbol.asyncIterator]() {
        for (let start = 0; start < series.length; start += 1_000)
          yield await Promise.resolve(series.slice(start, start + 1_000));
      },
    }),
    labelNames: none,
    labelValues: none,
    seriesKeys: none,
    labelCounts: () => ({
      coverage: () => COMPLETE,
      async *[Symbol.asyncIterator]() {
        yield* await Promise.resolve([]);
      },
    }),
  };
}

const source = sourceOf(makeSeries());
const grid: StepGrid = {
  startMs: START_MS + 60_000,
  endMs: START_MS + 60 * 60_000,
  stepMs: 60_000,
};
const limits = {
  seriesCountMax: 0,
  sampleCountMax: 0,
  pointsPerSeriesMax: 0,
  subqueryPointsPerSeriesMax: 0,
  memorySizeMax: 0,
};

function query(text: string, at: StepGrid = grid, isInstant = false): Promise<QueryResult> {
  const options = {
    tenant: DEFAULT_TENANT,
    grid: at,
    isInstant,
    lookbackMs: 300_000,
    extraFilters: [],
    limits,
  };
  return execute(prepare(text), options, { series: source }, new AbortController().signal);
}

async function measure(name: string, run: () => Promise<void> | void, count: number) {
  const rounds: number[] = [];
  for (let round = 0; round < ROUND_COUNT + 2; round += 1) {
    const before = process.cpuUsage();
    await run();
    const used = process.cpuUsage(before);
    if (round >= 2) rounds.push((used.user + used.system) / 1_000);
  }
  const median = rounds.toSorted((a, b) => a - b)[Math.floor(ROUND_COUNT / 2)] as number;
  const rate = count / median / 1_000;
  process.stdout.write(
    `${name.padEnd(64)} ${median.toFixed(1).padStart(8)} CPU-ms  ${rate.toFixed(1).padStart(7)} M/s\n`,
  );
}

const samples = SERIES_COUNT * SAMPLE_COUNT;
for (const text of [
  "sum by(instance) (rate(http_requests_total[5m]))",
  "rate(http_requests_total[5m])",
  "avg_over_time(http_requests_total[5m])",
  "sum by(instance) (avg_over_time(http_requests_total[5m]))",
  "sum by(instance) (http_requests_total)",
  "http_requests_total",
  "http_requests_total / http_requests_total",
  "topk(5, http_requests_total)",
  "exp(http_requests_total / 1e4)",
  "sin(http_requests_total)",
  "http_requests_total ^ 1.7",
]) {
  await measure(text, async () => void (await query(text)), samples);
}
const lastMs = grid.endMs;
await measure(
  "instant: rate(http_requests_total[5m])",
  async () =>
    void (await query("rate(http_requests_total[5m])", { ...grid, startMs: lastMs }, true)),
  samples,
);

const written: [string, QueryResult][] = [
  ["JSON, 10,000 × 60 decimal values", await query("http_requests_total")],
  ["JSON, 10,000 × 60 rates (17 digits)", await query("rate(http_requests_total[5m])")],
  ["JSON, 10,000 × 60 integers", await query("floor(http_requests_total)")],
];
for (const [name, result] of written) {
  let size = 0;
  const run = (): void => {
    size = 0;
    for (const chunk of writeResultJson(result)) size += chunk.length;
  };
  await measure(name, run, SERIES_COUNT * 60);
  process.stdout.write(`${" ".repeat(4)}${(size / 1e6).toFixed(1)} MB\n`);
}

/** What a lane has cut out of blocks for a window of five minutes: 1,000 series that share their timestamps. */
function cutTable(): BlockTable {
  const count = 21;
  const timestampsMs = Float64Array.from(
    { length: count },
    (_, i) => lastMs - (count - i) * 15_000,
  );
  const timestamps = {
    id: 1,
    count,
    minMs: timestampsMs[0] as number,
    maxMs: timestampsMs[count - 1] as number,
    bytes: encodeTimestamps(timestampsMs),
  };
  const cuts = Array.from({ length: 1_000 }, () =>
    wrapValues(Float64Array.from({ length: count }, (_, i) => i * 7 + random.float())),
  );
  const size = (cuts[0] as Uint8Array).length;
  return {
    bytes: Buffer.concat(cuts),
    blocks: Uint32Array.from(cuts.flatMap((_, i) => [0, (i + 1) * size])),
    series: Uint32Array.from(cuts.flatMap((_, i) => [0, i + 1])),
    timestamps: [timestamps],
  };
}

const table = cutTable();
const leaves = leavesOnBlocks();
for (const text of ["rate(x[5m])", "avg_over_time(x[5m])", "x"]) {
  const leaf = {
    text,
    grid: { startMs: lastMs, endMs: lastMs, stepMs: 60_000 },
    lookbackMs: 300_000,
    dedupIntervalMs: 0,
  };
  await measure(
    `in a lane, 10 × 1,000 series of 20 samples: ${text}`,
    () => {
      for (let i = 0; i < 10; i += 1) leaves.open(leaf)?.rowsOf(table);
    },
    10 * 1_000 * 20,
  );
}

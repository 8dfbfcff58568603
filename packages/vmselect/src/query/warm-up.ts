/**
 * Queries over made-up series that a fresh worker asks itself while it has nothing else to do, so that the first real ones find
 * code that V8 has compiled: a query costs three times as much without.
 */
import { setImmediate } from "node:timers/promises";
import { encodeTimestamps, encodeValues } from "@tideline/kernels";
import { COMPLETE, DEFAULT_TENANT, seriesKey, type Coverage } from "@tideline/model";
import { SeriesFrameEncoder, seriesSourceOf, type FrameSource } from "@tideline/wire";
import type { QueryJob } from "./jobs.ts";
import { runJob } from "./run-job.ts";

const SAMPLE_COUNT = 240;
const SERIES_COUNT = 120;
const INTERVAL_MS = 15_000;
const START_MS = 1_700_000_000_000;
const END_MS = START_MS + SAMPLE_COUNT * INTERVAL_MS;

const NO_LIMITS = {
  seriesCountMax: 0,
  sampleCountMax: 0,
  pointsPerSeriesMax: 0,
  subqueryPointsPerSeriesMax: 0,
  memorySizeMax: 0,
};

/** What dashboards ask most. */
const QUERIES = [
  "requests_total",
  'requests_total{job="warm-up"}',
  "rate(requests_total[5m])",
  "sum by (instance) (rate(requests_total[5m]))",
  "sum(rate(requests_total[5m])) / 7",
  "max by (path) (max_over_time(requests_total[5m]))",
  "avg without (path) (avg_over_time(requests_total[5m]))",
  "topk(3, increase(requests_total[5m]))",
  "100 * (1 - requests_total / requests_total)",
  "histogram_quantile(0.9, sum by (le, path) (rate(requests_total[5m])))",
  "count(requests_total)",
];

function counterFrame(): Uint8Array {
  const timestampsMs = Float64Array.from(
    { length: SAMPLE_COUNT },
    (_, i) => START_MS + (i + 1) * INTERVAL_MS,
  );
  const timestamps = {
    id: 1,
    count: SAMPLE_COUNT,
    minMs: START_MS + INTERVAL_MS,
    maxMs: END_MS,
    bytes: encodeTimestamps(timestampsMs),
  };
  const encoder = new SeriesFrameEncoder();
  for (let number = 0; number < SERIES_COUNT; number += 1) {
    const key = seriesKey(DEFAULT_TENANT, [
      { name: "__name__", value: "requests_total" },
      { name: "instance", value: `host-${number % 5}` },
      { name: "job", value: "warm-up" },
      { name: "le", value: `${number % 4}` },
      { name: "path", value: `/path/${number}` },
    ]);
    const values = timestampsMs.map((_, i) => (i * (number + 1) * 137) / 100);
    encoder.append({ key, blocks: [{ timestamps, bytes: encodeValues(values) }] });
  }
  return encoder.takeFull() ?? encoder.takeRest() ?? new Uint8Array(0);
}

function noItems(): Promise<{ items: never[]; coverage: Coverage }> {
  return Promise.resolve({ items: [], coverage: COMPLETE });
}

/** The made-up series, in a frame of their own each time: a reader owns what it gets. */
function madeUpSource(): FrameSource {
  const frame = counterFrame();
  return {
    searchFrames: () => ({
      coverage: () => COMPLETE,
      async *[Symbol.asyncIterator]() {
        yield await Promise.resolve(frame.slice());
      },
    }),
    labelNames: noItems,
    labelValues: noItems,
    seriesKeys: noItems,
    labelCounts: () => ({
      coverage: () => COMPLETE,
      async *[Symbol.asyncIterator]() {
        yield* await Promise.resolve([]);
      },
    }),
  };
}

function jobOf(text: string, isInstant: boolean): QueryJob {
  return {
    kind: "query",
    tenant: DEFAULT_TENANT,
    text,
    startMs: isInstant ? END_MS : START_MS,
    endMs: END_MS,
    stepMs: 60_000,
    isInstant,
    lookbackMs: 300_000,
    dialect: { allowExperimental: true, delayedNameRemoval: false },
    extraFilters: { selectorTexts: [], labels: [] },
    limits: NO_LIMITS,
    limit: 0,
  };
}

/**
 * Asks query after query for some `durationMs`, with a turn of the event loop between two of them.
 *
 * @param isBusy told before each query: real work ends the warm-up
 */
export async function warmUp(durationMs: number, isBusy: () => boolean): Promise<number> {
  const source = seriesSourceOf(madeUpSource());
  const { signal } = new AbortController();
  const endMs = performance.now() + durationMs;
  let queryCount = 0;
  for (;;) {
    for (const text of QUERIES) {
      for (const isInstant of [false, true]) {
        await setImmediate();
        if (isBusy() || performance.now() > endMs) return queryCount;
        const { chunks } = await runJob(jobOf(text, isInstant), source, signal);
        Array.from(chunks);
        queryCount += 1;
      }
    }
  }
}

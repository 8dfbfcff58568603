import { expect, test } from "vitest";
import { COMPLETE, DEFAULT_TENANT } from "@tideline/model";
import type { Metrics } from "@tideline/service";
import type { IndexJob, JobAnswer } from "./jobs.ts";
import { QueryRunner } from "./query-runner.ts";

const JOB: IndexJob = {
  kind: "labelNames",
  tenant: DEFAULT_TENANT,
  selectorTexts: ["up"],
  extraFilters: { selectorTexts: [], labels: [] },
  startMs: 0,
  endMs: 0,
  labelName: "",
  limit: 0,
  limitName: "limit",
  seriesCountMax: 0,
  seriesCountFlag: "",
};
const ANSWER: JobAnswer = {
  chunks: [],
  rest: null,
  coverage: COMPLETE,
  warnings: [],
  infos: [],
  seriesFetchedCount: 0,
  samplesReadCount: 0,
};
/** Takes every metric and keeps none. */
const NO_METRICS = {
  counter: () => ({ inc() {} }),
  histogram: () => ({ observe() {} }),
  gaugeFrom() {},
  counterFrom() {},
} as unknown as Metrics;
const never = new AbortController().signal;

/** Runs until it is aborted. */
function endless(signal: AbortSignal): Promise<JobAnswer> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error);
    });
  });
}

function runnerOf(
  run: (signal: AbortSignal) => Promise<JobAnswer>,
  options: { queueTimeoutMs?: number; slowQueryMs?: number } = {},
) {
  const slow: object[] = [];
  const runner = new QueryRunner({
    pool: { run: (_job, signal) => run(signal), workerDeathCount: 0 },
    concurrentMax: 1,
    queueTimeoutMs: 60_000,
    slowQueryMs: 0,
    metrics: NO_METRICS,
    log: { warn: (fields) => slow.push(fields) },
    ...options,
  });
  return { runner, slow };
}

const duration = { maxMs: 60_000, flag: "-search.maxQueryDuration" };
const RUN = { signal: never, timeoutMs: Infinity, duration, denyPartial: false };

test("a query past its time fails in VictoriaMetrics' words", async () => {
  const { runner } = runnerOf(endless);
  const short = { maxMs: 5, flag: "-search.maxLabelsAPIDuration" };
  await expect(runner.run(JOB, { ...RUN, duration: short })).rejects.toMatchObject({
    name: "ExecutionError",
    code: "TIDELINE_QUERY_TIMEOUT",
    message: expect.stringMatching(
      /^timeout exceeded during query execution: 0.005 seconds \(-search.maxLabelsAPIDuration /,
    ) as string,
  });
  const { runner: patient } = runnerOf(endless);
  const asked = patient.run(JOB, { ...RUN, timeoutMs: 7 });
  await expect(asked).rejects.toThrow("query execution: 0.007 seconds");
});

test("a query that finds no place in time is told to come again", async () => {
  const { runner } = runnerOf(endless, { queueTimeoutMs: 5 });
  const leave = new AbortController();
  const first = runner.run(JOB, { ...RUN, signal: leave.signal });
  await expect(runner.run(JOB, RUN)).rejects.toMatchObject({
    name: "OverloadError",
    status: 429,
  });
  leave.abort(new Error("client left"));
  await expect(first).rejects.toThrow("client left");
});

test("a client that leaves stops its query", async () => {
  let stopped: unknown = null;
  const { runner } = runnerOf((signal) => {
    signal.addEventListener("abort", () => (stopped = signal.reason));
    return endless(signal);
  });
  const leave = new AbortController();
  const asked = runner.run(JOB, { ...RUN, signal: leave.signal });
  leave.abort(new Error("client left"));
  await expect(asked).rejects.toThrow("client left");
  expect(stopped).toMatchObject({ message: "client left" });
});

/** Busy for longer than a millisecond, by the clock that durations are taken from. */
function later(): Promise<JobAnswer> {
  const endMs = performance.now() + 2;
  while (performance.now() < endMs) Math.sqrt(2);
  return Promise.resolve(ANSWER);
}

test("slow queries are logged, unless nobody asks for that", async () => {
  const { runner, slow } = runnerOf(later, { slowQueryMs: 1 });
  await runner.run(JOB, RUN);
  expect(slow).toMatchObject([{ kind: "labelNames", query: "up" }]);
  const { runner: silent, slow: nothing } = runnerOf(later);
  await silent.run(JOB, RUN);
  expect(nothing).toEqual([]);
});

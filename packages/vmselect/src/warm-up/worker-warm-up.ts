/**
 * Queries over made-up series that a fresh worker asks itself while it has nothing else to do, so that the first real ones find
 * code that V8 has compiled: a query costs three times as much without.
 */
import { setImmediate } from "node:timers/promises";
import { COMPLETE, DEFAULT_TENANT } from "@tideline/model";
import { encodeEndFrame, frameSourceOf, seriesSourceOf } from "@tideline/wire";
import type { QueryJob } from "../query/jobs.ts";
import { runJob } from "../query/run-job.ts";
import { MADE_UP_END_MS, MADE_UP_START_MS, MadeUpFrames } from "./made-up-frames.ts";

const NAME = "node_cpu_seconds_total";

const NO_LIMITS = {
  seriesCountMax: 0,
  sampleCountMax: 0,
  pointsPerSeriesMax: 0,
  subqueryPointsPerSeriesMax: 0,
  memorySizeMax: 0,
};

/** What dashboards ask most. */
const QUERIES = [
  `sum by (instance) (rate(${NAME}{mode!="idle"}[5m]))`,
  NAME,
  `${NAME}{instance="host-00003:9100"}`,
  `rate(${NAME}[5m])`,
  `sum(rate(${NAME}[5m])) / 7`,
  `max by (path) (max_over_time(${NAME}[5m]))`,
  `avg without (path) (avg_over_time(${NAME}[5m]))`,
  `topk(3, increase(${NAME}[5m]))`,
  `100 * (1 - ${NAME} / ${NAME})`,
  `histogram_quantile(0.9, sum by (le, path) (rate(${NAME}[5m])))`,
  `count(${NAME})`,
];
/** V8 compiles anew what meets a new kind of thing: all kinds come first, then what is asked most again and again. */
const USUAL_COUNT = 4;

/** The made-up series, in frames of their own each time: a reader owns what it gets. */
function madeUpSource(frames: MadeUpFrames) {
  const end = encodeEndFrame(COMPLETE);
  return frameSourceOf(async function* (request) {
    for (const frame of frames.of(request.query)) yield await Promise.resolve(frame.slice());
    yield end;
  });
}

function jobOf(text: string, isInstant: boolean): QueryJob {
  return {
    kind: "query",
    dialect: { allowExperimental: true, delayedNameRemoval: false },
    tenant: DEFAULT_TENANT,
    text,
    startMs: isInstant ? MADE_UP_END_MS : MADE_UP_START_MS,
    endMs: MADE_UP_END_MS,
    stepMs: isInstant ? 300_000 : 60_000,
    isInstant,
    lookbackMs: 300_000,
    dedupIntervalMs: 0,
    extraFilters: { selectorTexts: [], labels: [] },
    limits: NO_LIMITS,
    limit: 0,
  };
}

/** The thread's own: while a cluster starts, others want the cores too. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/**
 * Asks query after query, with a turn of the event loop between two of them.
 *
 * @param cpuMsMax of this thread
 * @param isBusy told before each query: real work ends the warm-up
 * @returns how many were asked
 */
export async function warmUp(cpuMsMax: number, isBusy: () => boolean): Promise<number> {
  const endMs = cpuMs() + cpuMsMax;
  await setImmediate();
  if (isBusy()) return 0;
  const source = seriesSourceOf(madeUpSource(new MadeUpFrames(NAME)));
  const { signal } = new AbortController();
  let queryCount = 0;
  for (const job of jobs()) {
    await setImmediate();
    if (isBusy() || cpuMs() > endMs) break;
    const { chunks } = await runJob(job, source, signal);
    Array.from(chunks);
    queryCount += 1;
  }
  return queryCount;
}

/** Without end. */
function* jobs(): Generator<QueryJob> {
  for (const text of QUERIES) for (const isInstant of [true, false]) yield jobOf(text, isInstant);
  for (let round = 0; ; round += 1) {
    for (let i = 0; i < USUAL_COUNT; i += 1) {
      yield jobOf(QUERIES[i] as string, true);
    }
    yield jobOf(QUERIES[round % QUERIES.length] as string, false);
  }
}

/**
 * The query side of a program over any FrameSource: workers, routes, metrics. vmselect mounts it over its
 * nodes, vmsingle over its own storage.
 */
import { availableParallelism } from "node:os";
import { MessageChannel, Worker } from "node:worker_threads";
import { entryUrl, systemClock } from "@tideline/common";
import {
  ByteBudget,
  Metrics,
  type FlagValues,
  type ProgramContext,
  type Route,
} from "@tideline/service";
import { seriesSourceOf, serveFrames, type FrameSource } from "@tideline/wire";
import { deleteRoute, type DeleteRouteOptions } from "./api/delete-route.ts";
import { selectRoutes } from "./api/routes.ts";
import type { searchFlags } from "./config.ts";
import type { QueryWorkerData } from "./query/jobs.ts";
import { QueryMemory } from "./query/query-memory.ts";
import { QueryPool } from "./query/query-pool.ts";
import { QueryRunner } from "./query/query-runner.ts";
import { rehearse } from "./warm-up/rehearsal.ts";
import { RehearsedSource } from "./warm-up/rehearsed-source.ts";

export interface StartSelectOptions {
  readonly context: Pick<
    ProgramContext<typeof searchFlags>,
    "log" | "metrics" | "http" | "allowedMemorySize" | "onStop" | "fail"
  >;
  readonly flags: FlagValues<typeof searchFlags>;
  readonly frames: FrameSource;
  /** Paths before `/api/v1/…`; a `:tenant` in one names the tenant. */
  readonly bases: readonly string[];
  /** The same for deletes. */
  readonly deleteBases: readonly string[];
  readonly deleteSeries: DeleteRouteOptions["deleteSeries"];
  /** Settles when `frames` can be asked, or has taken too long; until then workers do not warm up. */
  readonly warmUpAfter: Promise<void>;
  /** Whether the way to the nodes is rehearsed then. */
  readonly rehearses: boolean;
  readonly withPartial: boolean;
  readonly denyPartial: boolean;
}

/** How long a cancelled query may go on before its worker is ended. */
const CANCEL_GRACE_MS = 10_000;
/** A worker's heap without the data of queries. */
const WORKER_HEAP_MIN_SIZE = 96 * 2 ** 20;
/** Of the main thread: some 500 questions. After 100 half of what V8 compiles is left to the first real queries. */
const REHEARSAL_CPU_MS = 500;
/** What a selected series costs at the least, in bytes: bounds -search.maxUniqueTimeseries=0. */
const SERIES_COST_SIZE = 512;

export function startSelect(options: StartSelectOptions): void {
  const { context, flags } = options;
  const { log, metrics, allowedMemorySize } = context;
  const frames = new RehearsedSource(options.frames);
  const cpuCount = availableParallelism();
  const workerCount = flags["search.workers"] || cpuCount;
  const workerHeapSize = Math.max(
    WORKER_HEAP_MIN_SIZE,
    Math.floor((allowedMemorySize * 0.7) / workerCount),
  );
  const memory = new QueryMemory(workerCount, Math.floor(allowedMemorySize / 2));
  addMemoryMetrics(metrics, memory);
  const pool = new QueryPool({
    workerCount,
    startWorker: () =>
      startWorker(frames, memory, workerHeapSize, (error) => {
        log.error({ error }, "cannot read for a query");
      }),
    cancelGraceMs: CANCEL_GRACE_MS,
    warmUpAfter: options.warmUpAfter,
    clock: systemClock,
    log,
    onFatal: (error) => {
      context.fail(error);
    },
  });
  context.onStop({ name: "query workers", stop: () => pool.close() });
  const newRunner = (counted: Metrics, slowQueryMs: number): QueryRunner =>
    new QueryRunner({
      pool,
      concurrentMax: flags["search.maxConcurrentRequests"] || 2 * cpuCount,
      queueTimeoutMs: flags["search.maxQueueDuration"],
      slowQueryMs,
      metrics: counted,
      log,
    });
  const runner = newRunner(metrics, flags["search.logSlowQueryDuration"]);
  const limits = {
    seriesCountMax:
      flags["search.maxUniqueTimeseries"] || Math.floor(allowedMemorySize / SERIES_COST_SIZE),
    sampleCountMax: flags["search.maxSamplesPerQuery"],
    samplesPerSeriesMax: flags["search.maxSamplesPerSeries"],
    pointsPerSeriesMax: flags["search.maxPointsPerTimeseries"],
    subqueryPointsPerSeriesMax: flags["search.maxPointsSubqueryPerTimeseries"],
    groupCountMax: flags["search.maxSeriesPerAggrFunc"],
    resultSeriesMax: flags["search.maxResponseSeries"],
    memorySizeMax: flags["search.maxMemoryPerQuery"],
  };
  const answers = new ByteBudget({
    noun: "answers that their clients have not read yet",
    sizeMax: flags["search.maxBufferedBytes"] || Math.floor(allowedMemorySize / 4),
  });
  metrics.gaugeFrom(
    { name: "tideline_select_buffered_bytes", help: "Large answers that wait for their clients" },
    () => answers.usedSize,
  );
  metrics.gaugeFrom(
    { name: "tideline_select_buffered_max_bytes", help: "Memory that such answers may take" },
    () => answers.sizeMax,
  );
  addDeleteRoutes(options);
  const routesOf = (base: string, by: QueryRunner): Route[] =>
    selectRoutes({
      base,
      withPartial: options.withPartial,
      runner: by,
      answers,
      limits,
      lookbackMs: flags["search.maxLookback"],
      dedupIntervalMs: flags["dedup.minScrapeInterval"],
      dialect: {
        allowExperimental: !flags["search.disableExperimentalPromQL"],
        delayedNameRemoval: flags["search.delayedNameRemoval"],
      },
      queryLengthMax: flags["search.maxQueryLen"],
      queryDurationMaxMs: flags["search.maxQueryDuration"],
      indexLimits: {
        seriesCountMax: limits.seriesCountMax,
        seriesAnswerMax: flags["search.maxSeries"],
        labelsSeriesMax: flags["search.maxLabelsAPISeries"],
        labelNamesMax: flags["search.maxTagKeys"],
        labelValuesMax: flags["search.maxTagValues"],
        statusSeriesMax: flags["search.maxTSDBStatusSeries"],
        statusTopMax: flags["search.maxTSDBStatusTopNSeries"],
        labelsDurationMaxMs: flags["search.maxLabelsAPIDuration"],
        statusDurationMaxMs: flags["search.maxStatusRequestDuration"],
      },
      denyPartial: options.denyPartial,
      clock: systemClock,
    });
  for (const base of options.bases) context.http.route(...routesOf(base, runner));
  const [base = ""] = options.bases;
  if (!options.rehearses) return;
  void pool.warm.then(() =>
    rehearse({
      http: context.http,
      routes: routesOf(base, newRunner(new Metrics(), 0)),
      base: base.replace(":tenant", "0"),
      source: frames,
      askerCount: workerCount,
      cpuMsMax: REHEARSAL_CPU_MS,
      isBusy: () => runner.askedCount > 0,
    }),
  );
}

function addMemoryMetrics(metrics: Metrics, memory: QueryMemory): void {
  metrics.gaugeFrom(
    {
      name: "tideline_query_memory_bytes",
      help: "Memory of the queries that run now, as they count it",
    },
    () => memory.usedSize,
  );
  metrics.gaugeFrom(
    { name: "tideline_query_memory_max_bytes", help: "Memory that all running queries share" },
    () => memory.sizeMax,
  );
}

function addDeleteRoutes(options: StartSelectOptions): void {
  const { context, flags, deleteBases, deleteSeries } = options;
  const source = seriesSourceOf(options.frames);
  for (const base of deleteBases) {
    context.http.route(
      deleteRoute({
        base,
        deleteSeries,
        source,
        seriesCountMax: flags["search.maxDeleteSeries"],
        authKey: flags.deleteAuthKey,
        durationMaxMs: flags["search.maxDeleteDuration"],
        clock: systemClock,
      }),
    );
  }
}

/** A worker holds a port to the data; the other end is served here, on the thread that has the sockets. */
function startWorker(
  frames: FrameSource,
  memory: QueryMemory,
  heapSize: number,
  onFault: (error: unknown) => void,
): Worker {
  const { port1, port2 } = new MessageChannel();
  const cell = memory.takeCell();
  const worker = new Worker(entryUrl(new URL("./query/query-worker.ts", import.meta.url)), {
    workerData: {
      framePort: port2,
      memory: { cells: memory.cells, cell, sizeMax: memory.sizeMax },
    } satisfies QueryWorkerData,
    transferList: [port2],
    resourceLimits: { maxOldGenerationSizeMb: Math.ceil(heapSize / 2 ** 20) },
  });
  serveFrames(port1, frames, onFault);
  worker.once("exit", () => {
    port1.close();
    memory.freeCell(cell);
  });
  return worker;
}

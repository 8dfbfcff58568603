/**
 * What stands between a request and the pool: a place among the running queries, the time limit, the
 * word on partial answers, and the counters.
 */
import { performance } from "node:perf_hooks";
import { ExecutionError, OverloadError } from "@tideline/model";
import { addConcurrencyMetrics, ConcurrencyLimit, type Metrics } from "@tideline/service";
import type { Job, JobAnswer } from "./jobs.ts";
import type { QueryPool } from "./query-pool.ts";

export interface QueryRunnerOptions {
  readonly pool: Pick<QueryPool, "run" | "workerDeathCount">;
  readonly concurrentMax: number;
  readonly queueTimeoutMs: number;
  /** Queries that take longer are logged and counted; 0: none is. */
  readonly slowQueryMs: number;
  readonly metrics: Metrics;
  readonly log: { warn(fields: object, message: string): void };
}

/** Longest time of a request; it can only lower it. */
export interface DurationLimit {
  readonly maxMs: number;
  /** That set it. */
  readonly flag: string;
}

export interface RunOptions {
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly duration: DurationLimit;
  readonly denyPartial: boolean;
}

export class QueryRunner {
  readonly #options: QueryRunnerOptions;
  readonly #limit: ConcurrencyLimit;
  readonly #slowQueries;
  readonly #partialResults;
  readonly #seriesRead;
  readonly #rowsRead;
  /** Queries that came. */
  askedCount = 0;

  constructor(options: QueryRunnerOptions) {
    this.#options = options;
    const { metrics, concurrentMax, queueTimeoutMs, pool } = options;
    this.#limit = new ConcurrencyLimit({
      noun: "queries",
      concurrentMax,
      queueTimeoutMs,
      status: 429,
    });
    this.#slowQueries = metrics.counter({
      name: "vm_slow_queries_total",
      help: "Queries that took -search.logSlowQueryDuration or longer",
    });
    this.#partialResults = metrics.counter({
      name: "vm_partial_results_total",
      help: "Answers that lack the data of a node or of a damaged part, and said so",
    });
    this.#seriesRead = metrics.histogram(
      { name: "vm_series_read_per_query", help: "Series that the selectors of a query matched" },
      [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000],
    );
    this.#rowsRead = metrics.histogram(
      { name: "vm_rows_read_per_query", help: "Samples that the functions of a query saw" },
      [100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000],
    );
    addConcurrencyMetrics(metrics, "select", this.#limit);
    metrics.counterFrom(
      {
        name: "tideline_query_worker_deaths_total",
        help: "Query workers that stopped and were replaced",
      },
      () => pool.workerDeathCount,
    );
  }

  /**
   * @throws {OverloadError} 429 when no place came free in time; 503 when the answer would be partial and must not
   * @throws {ExecutionError} TIDELINE_QUERY_TIMEOUT; or what the query failed with
   */
  async run(
    job: Job,
    { signal, timeoutMs, duration, denyPartial }: RunOptions,
  ): Promise<JobAnswer> {
    this.askedCount += 1;
    const limitMs = Math.min(timeoutMs, duration.maxMs);
    const deadline = AbortSignal.timeout(Math.max(1, Math.min(limitMs, 2 ** 31 - 1)));
    const stop = AbortSignal.any([signal, deadline]);
    const startedMs = performance.now();
    try {
      const answer = await this.#limit.run(() => this.#options.pool.run(job, stop), stop);
      this.#seriesRead.observe(answer.seriesFetchedCount);
      this.#rowsRead.observe(answer.samplesReadCount);
      return this.#checkPartial(answer, denyPartial);
    } catch (error) {
      if (deadline.aborted && !signal.aborted) {
        throw new ExecutionError(
          "TIDELINE_QUERY_TIMEOUT",
          `timeout exceeded during query execution: ${limitMs / 1_000} seconds (${duration.flag} or timeout)`,
          { cause: error },
        );
      }
      throw error;
    } finally {
      this.#noteSlow(job, performance.now() - startedMs);
    }
  }

  #checkPartial(answer: JobAnswer, denyPartial: boolean): JobAnswer {
    const { missing } = answer.coverage;
    if (missing.length === 0) return answer;
    if (denyPartial) {
      answer.rest?.cancel();
      throw new OverloadError(
        "TIDELINE_PARTIAL",
        `the answer would be partial, which is denied: ${missing.map(({ where, reason }) => `${where}: ${reason}`).join("; ")}`,
      );
    }
    this.#partialResults.inc();
    return answer;
  }

  #noteSlow(job: Job, durationMs: number): void {
    const { slowQueryMs } = this.#options;
    if (slowQueryMs === 0 || durationMs < slowQueryMs) return;
    this.#slowQueries.inc();
    const { startMs, endMs } = job;
    const query = job.kind === "query" ? job.text : job.selectorTexts.join(" or ");
    this.#options.log.warn(
      { kind: job.kind, query, startMs, endMs, durationMs: Math.round(durationMs) },
      "slow query",
    );
  }
}

/**
 * The query API of Prometheus under one base path, for vmselect (per tenant) and vmsingle. Arguments are
 * read here, the work is done in query workers, and the envelope is put around what they answer.
 */
import { performance } from "node:perf_hooks";
import type { Clock } from "@tideline/common";
import { languageFacts } from "@tideline/engine";
import { astJson, prettify, type Expression } from "@tideline/promql";
import { DEFAULT_TENANT, InputError, parseTenant, type Tenant } from "@tideline/model";
import type { ByteBudget, Exchange, Route } from "@tideline/service";
import type { IndexJob, JobAnswer, QueryDialect, QueryJob, QueryLimits } from "../query/jobs.ts";
import { prepareArgument } from "../query/prepare-argument.ts";
import type { QueryRunner } from "../query/query-runner.ts";
import { envelope, staticAnswer } from "./answer.ts";
import { jobDuration, jobLimits, type IndexLimits } from "./index-limits.ts";
import {
  booleanArgument,
  dayArgument,
  durationArgument,
  extraFilterArguments,
  limitArgument,
  readArguments,
  selectorArguments,
  timeArgument,
  timeoutArgument,
  unescapeLabelName,
  WHOLE_TIME,
} from "./arguments.ts";

export interface SelectRoutesOptions {
  /** Path before `/api/v1/…`; `:tenant` in it names the tenant. */
  readonly base: string;
  /** Whether answers tell `isPartial`: a cluster's do. */
  readonly withPartial: boolean;
  readonly runner: QueryRunner;
  /** Of large answers that their clients have not read yet. */
  readonly answers: ByteBudget;
  readonly limits: QueryLimits;
  readonly lookbackMs: number;
  readonly dedupIntervalMs: number;
  readonly dialect: QueryDialect;
  readonly queryLengthMax: number;
  readonly indexLimits: IndexLimits;
  /** -search.maxQueryDuration */
  readonly queryDurationMaxMs: number;
  readonly denyPartial: boolean;
  readonly clock: Clock;
}

/** VictoriaMetrics' defaults where Prometheus has none (reference 1.2.2). */
const DEFAULT_STEP_MS = 300_000;
const DEFAULT_RANGE_MS = 300_000;
/** Small answers go out in one piece, with their length; large ones as a stream. */
const ONE_PIECE_SIZE_MAX = 256 * 1024;

export function selectRoutes(options: SelectRoutesOptions): Route[] {
  const api = new SelectApi(options);
  const route = (path: string, handle: Route["handle"]): Route => ({
    path: `${options.base}/api/v1/${path}`,
    methods: ["GET", "POST"],
    errors: "prometheus",
    handle,
  });
  const fixed = (path: string, data: unknown): Route => {
    const body = staticAnswer(data);
    return route(path, (exchange) => exchange.send({ type: "application/json", body }));
  };
  return [
    route("query", (exchange) => api.query(exchange)),
    route("query_range", (exchange) => api.queryRange(exchange)),
    route("format_query", (exchange) => api.describe(exchange, prettify)),
    route("parse_query", (exchange) =>
      api.describe(exchange, (expression) => astJson(expression, languageFacts)),
    ),
    route("series", (exchange) => api.index(exchange, "series")),
    route("labels", (exchange) => api.index(exchange, "labelNames")),
    route("label/:name/values", (exchange) => api.index(exchange, "labelValues")),
    route("status/tsdb", (exchange) => api.tsdbStatus(exchange)),
    // Grafana reads the version to learn what the API can do; 2.24 is what VictoriaMetrics says, too.
    fixed("status/buildinfo", {
      version: "2.24.0",
      revision: "tideline",
      branch: "",
      buildUser: "",
      buildDate: "",
      goVersion: "",
    }),
    fixed("metadata", {}),
    fixed("query_exemplars", []),
    fixed("rules", { groups: [] }),
    fixed("alerts", { alerts: [] }),
    fixed("notifiers", { notifiers: [] }),
    // Grafana 13 falls back to the routes above when its optional search API is not there, which only 404 says.
    route("search/*", (exchange) => {
      throw new InputError("TIDELINE_NO_SEARCH", `there is no ${exchange.path}`, { status: 404 });
    }),
  ];
}

class SelectApi {
  readonly #options: SelectRoutesOptions;

  constructor(options: SelectRoutesOptions) {
    this.#options = options;
  }

  async query(exchange: Exchange): Promise<void> {
    const startedMs = performance.now();
    const args = await readArguments(exchange);
    const nowMs = this.#options.clock.nowMs();
    const timeMs = timeArgument(args, "time", nowMs, nowMs);
    await this.#run(exchange, args, startedMs, {
      ...this.#queryJob(exchange, args),
      startMs: timeMs,
      endMs: timeMs,
      stepMs: Math.max(1, durationArgument(args, "step", DEFAULT_STEP_MS)),
      isInstant: true,
    });
  }

  async queryRange(exchange: Exchange): Promise<void> {
    const startedMs = performance.now();
    const args = await readArguments(exchange);
    const nowMs = this.#options.clock.nowMs();
    const endMs = timeArgument(args, "end", nowMs, nowMs);
    const startMs = timeArgument(args, "start", endMs - DEFAULT_RANGE_MS, nowMs);
    const stepMs = durationArgument(args, "step", DEFAULT_STEP_MS);
    if (endMs < startMs) {
      throw new InputError(
        "TIDELINE_RANGE",
        'invalid parameter "end": end timestamp must not be before start time',
      );
    }
    if (stepMs <= 0) {
      throw new InputError(
        "TIDELINE_STEP",
        'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
      );
    }
    const pointCount = Math.floor((endMs - startMs) / stepMs) + 1;
    const { pointsPerSeriesMax } = this.#options.limits;
    if (pointCount > pointsPerSeriesMax) {
      throw new InputError(
        "TIDELINE_POINTS",
        `exceeded maximum resolution of ${pointsPerSeriesMax} points per timeseries (-search.maxPointsPerTimeseries): the query asks for ${pointCount}. Try decreasing the query resolution (?step=XX)`,
      );
    }
    await this.#run(exchange, args, startedMs, {
      ...this.#queryJob(exchange, args),
      startMs,
      endMs,
      stepMs,
      isInstant: false,
    });
  }

  /** What can be said of a query without asking it. */
  async describe(exchange: Exchange, say: (expression: Expression) => unknown): Promise<void> {
    const text = this.#checkLength((await readArguments(exchange)).get("query") ?? "");
    const { expression } = prepareArgument(text, this.#options.dialect);
    await exchange.send({ type: "application/json", body: staticAnswer(say(expression)) });
  }

  async index(exchange: Exchange, kind: IndexJob["kind"]): Promise<void> {
    const args = await readArguments(exchange);
    const nowMs = this.#options.clock.nowMs();
    const selectorTexts = selectorArguments(args);
    if (kind === "series" && selectorTexts.length === 0) {
      throw new InputError("TIDELINE_MATCH", "no match[] parameter provided");
    }
    const limit = limitArgument(args, "limit");
    const labelName = unescapeLabelName(exchange.parameter("name"));
    await this.#run(exchange, args, null, {
      kind,
      tenant: this.#tenant(exchange),
      selectorTexts,
      extraFilters: extraFilterArguments(args),
      startMs: timeArgument(args, "start", WHOLE_TIME.startMs, nowMs),
      endMs: timeArgument(args, "end", WHOLE_TIME.endMs, nowMs),
      labelName,
      ...jobLimits(kind, limit, this.#options.indexLimits),
    });
  }

  async tsdbStatus(exchange: Exchange): Promise<void> {
    const args = await readArguments(exchange);
    const day = dayArgument(args, "date", this.#options.clock.nowMs());
    const name = args.has("topN") ? "topN" : "limit";
    await this.#run(exchange, args, null, {
      kind: "tsdbStatus",
      tenant: this.#tenant(exchange),
      selectorTexts: selectorArguments(args),
      extraFilters: extraFilterArguments(args),
      ...day,
      labelName: args.get("focusLabel") ?? "",
      ...jobLimits("tsdbStatus", limitArgument(args, name), this.#options.indexLimits),
    });
  }

  #queryJob(
    exchange: Exchange,
    args: URLSearchParams,
  ): Omit<QueryJob, "startMs" | "endMs" | "stepMs" | "isInstant"> {
    const text = this.#checkLength(args.get("query") ?? "");
    const lookbackMs = durationArgument(
      args,
      "max_lookback",
      durationArgument(args, "lookback_delta", this.#options.lookbackMs),
    );
    return {
      kind: "query",
      dialect: this.#options.dialect,
      tenant: this.#tenant(exchange),
      text,
      // None, and none that makes sense, is the default in Prometheus.
      lookbackMs: lookbackMs > 0 ? lookbackMs : this.#options.lookbackMs,
      dedupIntervalMs: this.#options.dedupIntervalMs,
      extraFilters: extraFilterArguments(args),
      limits: this.#options.limits,
      limit: limitArgument(args, "limit"),
    };
  }

  #checkLength(text: string): string {
    const { queryLengthMax } = this.#options;
    const size = Buffer.byteLength(text);
    if (size <= queryLengthMax) return text;
    throw new InputError(
      "TIDELINE_QUERY_LENGTH",
      `too long query; got ${size} bytes; mustn't exceed -search.maxQueryLen=${queryLengthMax} bytes`,
    );
  }

  #tenant(exchange: Exchange): Tenant {
    return this.#options.base.includes(":tenant")
      ? parseTenant(exchange.parameter("tenant"))
      : DEFAULT_TENANT;
  }

  async #run(
    exchange: Exchange,
    args: URLSearchParams,
    startedMs: number | null,
    job: QueryJob | IndexJob,
  ): Promise<void> {
    const { queryDurationMaxMs, indexLimits } = this.#options;
    const answer = await this.#options.runner.run(job, {
      signal: exchange.signal,
      duration:
        job.kind === "query"
          ? { maxMs: queryDurationMaxMs, flag: "-search.maxQueryDuration" }
          : jobDuration(job.kind, indexLimits),
      timeoutMs: timeoutArgument(args),
      denyPartial: this.#options.denyPartial || booleanArgument(args, "deny_partial_response"),
    });
    const executionMs = startedMs === null ? null : performance.now() - startedMs;
    const { before, after } = envelope(answer, {
      withPartial: this.#options.withPartial,
      executionMs,
    });
    const pieces = [before, ...answer.chunks, after];
    const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (!answer.rest && size <= ONE_PIECE_SIZE_MAX) {
      await exchange.send({ type: "application/json", body: Buffer.concat(pieces, size) });
      return;
    }
    this.#holdUntilRead(exchange, answer, size);
    await exchange.send({ type: "application/json", body: streamOf(before, answer, after) });
  }

  /**
   * The query has given up its place: a client that reads slowly holds what is on its way, and in the worker what the rest is
   * written from. One that leaves stops the writing. @throws {OverloadError}
   */
  #holdUntilRead({ response }: Exchange, { rest }: JobAnswer, size: number): void {
    const { answers } = this.#options;
    const heldSize = size + (rest?.heldSize ?? 0);
    if (response.closed) {
      rest?.cancel();
      return;
    }
    try {
      answers.take(heldSize);
    } catch (error) {
      rest?.cancel();
      throw error;
    }
    response.once("close", () => {
      rest?.cancel();
      answers.giveBack(heldSize);
    });
  }
}

async function* streamOf(
  before: Uint8Array,
  { chunks, rest }: JobAnswer,
  after: Uint8Array,
): AsyncGenerator<Uint8Array> {
  yield before;
  yield* chunks;
  if (rest) yield* rest;
  yield after;
}

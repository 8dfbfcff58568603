/**
 * What main asks of a query worker and what comes back. Plain data: it crosses threads by structured clone.
 */
import type { MessagePort } from "node:worker_threads";
import type { Coverage, Tenant } from "@tideline/model";
import type { QueryMemoryShare } from "./query-memory.ts";

/** Limits of one query; past them it fails with an ExecutionError. 0 = no limit. */
export interface QueryLimits {
  readonly seriesCountMax: number;
  readonly sampleCountMax: number;
  readonly samplesPerSeriesMax?: number;
  readonly pointsPerSeriesMax: number;
  readonly subqueryPointsPerSeriesMax: number;
  readonly groupCountMax?: number;
  readonly resultSeriesMax?: number;
  readonly memorySizeMax: number;
}

/** Selectors that narrow every selector of a request: alternatives in `filters`, and `labels` as k=v pairs that must all hold. */
export interface ExtraFilters {
  readonly selectorTexts: readonly string[];
  readonly labels: readonly { readonly name: string; readonly value: string }[];
}

/** Prometheus' feature flags, as far as they change queries. */
export interface QueryDialect {
  readonly allowExperimental: boolean;
  readonly delayedNameRemoval: boolean;
}

export interface QueryJob {
  readonly kind: "query";
  readonly dialect: QueryDialect;
  readonly tenant: Tenant;
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly isInstant: boolean;
  readonly lookbackMs: number;
  /** Of each interval of so many ms the newest sample counts. Default 0: all. */
  readonly dedupIntervalMs?: number;
  readonly extraFilters: ExtraFilters;
  readonly limits: QueryLimits;
  /** Series in the answer at most, the rest cut off with a warning; 0 = all. */
  readonly limit: number;
}

/** Look-ups in the index: each alternative of `selectorTexts` (match[]) passes; none = every series. */
export interface IndexJob {
  readonly kind: "labelNames" | "labelValues" | "series" | "tsdbStatus";
  readonly tenant: Tenant;
  readonly selectorTexts: readonly string[];
  readonly extraFilters: ExtraFilters;
  readonly startMs: number;
  readonly endMs: number;
  /** Of labelValues; of tsdbStatus the label whose values are counted, or empty. */
  readonly labelName: string;
  /** Items of the answer; of tsdbStatus those of each of its lists. */
  readonly limit: number;
  /** What set `limit`, as the word says that the answer was cut: the argument, or a flag and its value. */
  readonly limitName: string;
  readonly seriesCountMax: number;
  /** The flag that set it. */
  readonly seriesCountFlag: string;
}

export type Job = QueryJob | IndexJob;

export interface JobAnswer {
  /** The value of "data" as JSON text in UTF-8; each chunk alone in its ArrayBuffer. */
  readonly chunks: readonly Uint8Array[];
  readonly coverage: Coverage;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** Series that the selectors matched. */
  readonly seriesFetchedCount: number;
  /** Samples that functions saw. */
  readonly samplesReadCount: number;
}

/** What a worker is started with. */
export interface QueryWorkerData {
  /** To a FrameServer. */
  readonly framePort: MessagePort;
  readonly memory: QueryMemoryShare;
}

export type ToWorker =
  | { readonly type: "run"; readonly jobId: number; readonly job: Job }
  | { readonly type: "cancel"; readonly jobId: number }
  | { readonly type: "warmUp" };

/** A failure is encoded as wire has it (docs/formats/wire.md). */
export type FromWorker =
  | { readonly type: "ready" }
  | { readonly type: "answer"; readonly jobId: number; readonly answer: JobAnswer }
  | { readonly type: "failure"; readonly jobId: number; readonly failure: Uint8Array<ArrayBuffer> };

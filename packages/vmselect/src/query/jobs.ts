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

/** What is said of an answer beside its data. */
export interface AnswerFacts {
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

/** What a worker has found. "data" is the value of that name as JSON text in UTF-8. */
export interface JobOutput extends AnswerFacts {
  /** Of the data, written as they are asked for; each alone in its ArrayBuffer. */
  readonly chunks: Iterable<Uint8Array>;
  /** Bytes of what they are written from, roughly. */
  readonly heldSize: number;
}

/** As main has it. */
export interface JobAnswer extends AnswerFacts {
  /** The start of the data, or all of it. */
  readonly chunks: readonly Uint8Array[];
  /** The rest; null: there is none. Whoever has it reads it to its end or cancels it. */
  readonly rest: AnswerRest | null;
}

/** The rest of a large answer, which its worker writes as fast as it is read. */
export interface AnswerRest extends AsyncIterable<Uint8Array> {
  /** Bytes that it takes in the worker and on the way until it is read. */
  readonly heldSize: number;
  /** Nobody reads on. */
  cancel(): void;
}

/** Answers up to this size come as one message. */
export const WHOLE_SIZE_MAX = 256 * 1024;
/** Chunks of an answer that may be on their way or wait in main; each of some 256 KiB. */
export const CHUNKS_IN_FLIGHT_MAX = 4;

export type ToWorker =
  | { readonly type: "run"; readonly jobId: number; readonly job: Job }
  | { readonly type: "cancel"; readonly jobId: number }
  | { readonly type: "warmUp" }
  /** Main has room for one more chunk of an answer that is not whole. */
  | { readonly type: "credit"; readonly jobId: number };

/**
 * Each job ends with one message: a whole answer, a failure, or, after an answer that is not whole and its chunks, an end
 * or a failure. A failure is encoded as wire has it (docs/formats/wire.md).
 */
export type FromWorker =
  | { readonly type: "ready" }
  /** Its warm-up is over. */
  | { readonly type: "warm" }
  | {
      readonly type: "answer";
      readonly jobId: number;
      readonly facts: AnswerFacts;
      readonly chunks: readonly Uint8Array[];
      /** Null: the answer is whole. Else chunks follow, as far as there is credit, and `end`. */
      readonly heldSize: number | null;
    }
  | { readonly type: "chunk"; readonly jobId: number; readonly chunk: Uint8Array }
  | { readonly type: "end"; readonly jobId: number }
  | { readonly type: "failure"; readonly jobId: number; readonly failure: Uint8Array<ArrayBuffer> };

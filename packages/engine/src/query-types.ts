/** What a query is asked with and what it answers with. Functions: query.ts. */
import type {
  Coverage,
  LeafSource,
  Matcher,
  SeriesSource,
  StepGrid,
  Tenant,
} from "@tideline/model";
import type { Expression, ValueType } from "@tideline/promql";
import type { MemoryPool } from "./budget.ts";
import type { Columns } from "./columns/columns.ts";
import type { RawMatrix } from "./leaf/raw-matrix.ts";

/** A parsed and checked query; may be executed many times, by anyone. */
export interface Prepared {
  readonly text: string;
  readonly expression: Expression;
  readonly type: ValueType;
}

/** Budgets of one query; each one passed is an ExecutionError. 0 = no limit. */
export interface QueryLimits {
  /** Series that one leaf may select. */
  readonly seriesCountMax: number;
  /** Raw samples that the query may read. */
  readonly sampleCountMax: number;
  /** Raw samples that a series may have in the range of one selector. Default none. */
  readonly samplesPerSeriesMax?: number;
  /** Steps of the grid. */
  readonly pointsPerSeriesMax: number;
  /** Steps of the grid of each subquery. */
  readonly subqueryPointsPerSeriesMax: number;
  /** Groups that one aggregation may make. Default none. */
  readonly groupCountMax?: number;
  /** Series of the result. Default none. */
  readonly resultSeriesMax?: number;
  /** Bytes of blocks and columns that the query may hold, estimated. */
  readonly memorySizeMax: number;
}

export interface QueryOptions {
  readonly tenant: Tenant;
  /** For an instant query startMs = endMs. */
  readonly grid: StepGrid;
  readonly isInstant: boolean;
  readonly lookbackMs: number;
  /** Of each interval (kD - D, kD] the query sees the newest sample. Default 0: all. */
  readonly dedupIntervalMs?: number;
  /** Step of subqueries that name none (Prometheus: its evaluation interval). Default 60,000. */
  readonly subqueryStepMs?: number;
  /** ANDed into each selector: alternatives of conjunctions; empty = none. */
  readonly extraFilters: readonly (readonly Matcher[])[];
  readonly limits: QueryLimits;
  /** Metric names are dropped at the end of the query, as Prometheus' feature of that name does. Default false. */
  readonly delayedNameRemoval?: boolean;
}

/** Where the data is. Without `leaves`, leaves are evaluated here, from raw blocks of `series`. */
export interface QuerySources {
  readonly series: SeriesSource;
  readonly leaves?: LeafSource;
  /** What the query takes its memory from, within its own limit. Default: that is all. */
  readonly memory?: MemoryPool;
}

/** The data of a result. Values are bits: they are not to pass through plain arrays. */
export type ResultData =
  | { readonly type: "scalar"; readonly timeMs: number; readonly value: Float64Array }
  | { readonly type: "string"; readonly timeMs: number; readonly text: string }
  | { readonly type: "vector"; readonly timeMs: number; readonly columns: Columns }
  | { readonly type: "matrix"; readonly grid: StepGrid; readonly columns: Columns }
  /** An instant query of a range selector: samples as they are stored. */
  | { readonly type: "samples"; readonly samples: RawMatrix };

export interface QueryResult {
  readonly data: ResultData;
  readonly coverage: Coverage;
  /** In Prometheus' words, with the place in the query. */
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** Series that the leaves read, over all of them. */
  readonly seriesFetched: number;
  /** Raw samples that were read. */
  readonly samplesRead: number;
}

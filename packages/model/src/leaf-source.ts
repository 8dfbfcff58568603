/**
 * The contract of pushdown: a leaf of the plan goes to where the data lives and comes back as columns.
 * Today a leaf is a selector that is evaluated beside the planner, from raw blocks; later a leaf is
 * sent to the nodes as its text. Nothing but `evaluate` is known to the planner.
 */
import type { Matcher } from "./matcher.ts";
import type { Coverage } from "./series-source.ts";
import type { Tenant } from "./tenant.ts";

/** The instants at which a query is evaluated: startMs, startMs + stepMs, … ≤ endMs. */
export interface StepGrid {
  readonly startMs: number;
  readonly endMs: number;
  /** ≥ 1; for an instant query startMs = endMs and the step does not matter. */
  readonly stepMs: number;
}

export interface Leaf {
  readonly tenant: Tenant;
  /** Canonical PromQL text of the subtree; what would travel to another node. */
  readonly text: string;
  readonly grid: StepGrid;
  readonly lookbackMs: number;
  /** Of each interval (kD - D, kD] the newest sample counts (sample-dedup.ts). Default 0: all. */
  readonly dedupIntervalMs?: number;
  /** ANDed into each selector: alternatives of conjunctions; empty = none (extra_filters, extra_label). */
  readonly extraFilters: readonly (readonly Matcher[])[];
  readonly seriesCountMax: number;
  readonly sampleCountMax: number;
}

/** A vector over the grid, in columns: row-major series × steps. */
export interface LeafColumns {
  readonly stepCount: number;
  /** Canonical keys, one per row; unique. */
  readonly keys: readonly Uint8Array[];
  /** keys.length × stepCount; meaningless where absent. A NaN is a value. */
  readonly values: Float64Array;
  /** One byte per value: 1 where there is a sample. */
  readonly presence: Uint8Array;
}

export interface LeafResult {
  readonly columns: LeafColumns;
  readonly coverage: Coverage;
  /** Raw samples that were read to make it. */
  readonly sampleCount: number;
}

export interface LeafSource {
  evaluate(leaf: Leaf, signal: AbortSignal): Promise<LeafResult>;
}

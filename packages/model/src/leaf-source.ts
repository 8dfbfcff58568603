/**
 * The contract of pushdown: a leaf of the plan goes to where the data lives and comes back as columns. Nothing but `evaluate` is
 * known to the planner. A leaf of one step travels with the search for its series: nodes answer with rows where they can
 * (LeavesOnBlocks), and with raw blocks that are evaluated beside the planner where they cannot.
 */
import type { Matcher } from "./matcher.ts";
import type { BlockTable } from "./block-table.ts";
import type { BatchRows, Coverage, SearchLeaf } from "./series-source.ts";
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

/** Works leaves out where the blocks lie. Implemented by the engine, used by whoever answers searches. */
export interface LeavesOnBlocks {
  /** @returns null when this leaf is none that can be worked out here: its blocks are sent instead */
  open(leaf: SearchLeaf): LeafOnBlocks | null;
}

/** One leaf, over one search: ids of timestamp blocks mean the same throughout. */
export interface LeafOnBlocks {
  /**
   * Works out a row for each series of a table, which has all of its blocks. Without a wait.
   *
   * @param table borrowed
   * @returns owned by the caller; null where blocks cannot be read or are too many: their reader says what is wrong with them
   */
  rowsOf(table: BlockTable): BatchRows | null;
}

/**
 * The contract of reading raw data: compressed blocks grouped by series, and what the index knows.
 * Implemented by storage over its lanes, by cluster over its nodes, and by a fake of arrays.
 */
import type { Matcher } from "./matcher.ts";
import type { BlockTable } from "./block-table.ts";
import type { StepGrid } from "./leaf-source.ts";
import type { Tenant } from "./tenant.ts";

/** Which series and which time. Times are inclusive at both ends. */
export interface SearchQuery {
  readonly tenant: Tenant;
  /** Alternatives, each a conjunction; a series passes if one of them passes. Empty: every series of the tenant. */
  readonly filters: readonly (readonly Matcher[])[];
  readonly startMs: number;
  readonly endMs: number;
  /** Past it the source rejects with an ExecutionError. 0 = no limit. */
  readonly seriesCountMax: number;
  /** What the asker makes of the series: who has all of a series may give its row instead of its blocks (SeriesBatch.rows). */
  readonly leaf?: SearchLeaf;
}

/** A leaf of a query's plan, over the series and the time of a search. */
export interface SearchLeaf {
  /** Canonical PromQL text: see Leaf. Its matchers do not matter, the search has its own. */
  readonly text: string;
  readonly grid: StepGrid;
  readonly lookbackMs: number;
  /** See Leaf. 0 = all samples count. */
  readonly dedupIntervalMs: number;
}

/** Timestamps that any number of value blocks share. `bytes`: docs/formats/block.md, kernels' timestamp block. */
export interface TimestampBlock {
  /** Within one answer, equal ids mean equal timestamps (never by a hash alone): windows are computed once per id. */
  readonly id: number;
  readonly count: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly bytes: Uint8Array;
}

/** Values of one series at the times of a timestamp block. `bytes`: docs/formats/block.md, kernels' value block. */
export interface ValueBlock {
  readonly timestamps: TimestampBlock;
  readonly bytes: Uint8Array;
}

export interface SeriesBlocks {
  /** Canonical series key (docs/formats/identity.md). */
  readonly key: Uint8Array;
  /**
   * Ascending by minMs. Blocks that meet the time range; samples outside it may be included. Blocks may
   * overlap in time and even repeat a sample: the reader merges by law 3 (sample-merge.ts).
   */
  readonly blocks: readonly ValueBlock[];
}

/** Keys of series one after another, in one piece of memory. */
export interface KeySection {
  readonly bytes: Uint8Array;
  /** Where each key ends; it starts where the one before it ended. */
  readonly ends: Uint32Array;
}

/** Series as a search delivers them: an array of them is one. They may be made when they are asked for, anew each time. */
export interface SeriesBatch extends Iterable<SeriesBlocks> {
  /** How many there are. */
  readonly length: number;
  /** The keys of all its series, where they lie so: who has seen the same bytes before knows all labels at once. */
  readonly keySection?: KeySection;
  /** How many value blocks its series have, and their bytes. */
  readonly blockTotals?: { readonly count: number; readonly size: number };
  /** The same blocks as its series have. */
  readonly blockTable?: BlockTable;
  /** The leaf that was asked for, worked out over all samples that this source has of each series: then series have no blocks. */
  readonly rows?: BatchRows;
}

/** Rows of a leaf over its grid, one for each series of a batch. */
export interface BatchRows {
  readonly stepCount: number;
  /** Series × steps, row-major; meaningless where absent. A NaN is a value. */
  readonly values: Float64Array;
  /** One byte per value: 1 where there is a sample. */
  readonly presence: Uint8Array;
  /** Raw samples that windows of theirs held, and those of the series that had most. */
  readonly sampleCount: number;
  readonly seriesSampleCountMax: number;
}

/** What an answer is based on: it travels with every result, so that nothing missing is silent. */
export interface Coverage {
  /** Names of the nodes (or parts) whose data may be missing, with the reason. Empty: complete. */
  readonly missing: readonly { readonly where: string; readonly reason: string }[];
}

export const COMPLETE: Coverage = { missing: [] };

/**
 * A running search. Batches come as lanes and nodes deliver them: a series may occur in several batches
 * (a lane gives it once, with all its blocks), in no defined order; the reader puts its blocks together.
 */
export interface SeriesSearch extends AsyncIterable<SeriesBatch> {
  /** What is missing; final once the iteration has ended. */
  coverage(): Coverage;
}

export interface IndexAnswer<T> {
  readonly items: readonly T[];
  readonly coverage: Coverage;
}

/** How many of the matching series have a label. */
export interface LabelCount {
  readonly name: string;
  readonly value: string;
  readonly seriesCount: number;
}

/**
 * Counts of all labels of the matching series, in batches: each label once, sorted by name, then by value, as UTF-8 bytes. Before
 * them comes one with an empty name and value: all matching series. A series of several nodes counts once on each.
 */
export interface LabelCounts extends AsyncIterable<readonly LabelCount[]> {
  /** What is missing; final once the iteration has ended. */
  coverage(): Coverage;
}

export interface SeriesSource {
  /**
   * @throws {OverloadError} nothing could be read and trying again helps
   * @throws {ExecutionError} a limit of the query was hit
   * Cancels by `signal`; also when the iteration is left early.
   */
  search(query: SearchQuery, signal: AbortSignal): SeriesSearch;
  /** Sorted label names of the matching series. `limit` 0 = no limit. */
  labelNames(query: SearchQuery, limit: number, signal: AbortSignal): Promise<IndexAnswer<string>>;
  /** Sorted values of one label over the matching series. */
  labelValues(
    name: string,
    query: SearchQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<IndexAnswer<string>>;
  /** Canonical keys of the matching series, each once, sorted by bytes. */
  seriesKeys(
    query: SearchQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<IndexAnswer<Uint8Array>>;
  /** Held in memory nowhere as a whole, so that any number of labels can be counted. Errors and cancel as `search`. */
  labelCounts(query: SearchQuery, signal: AbortSignal): LabelCounts;
}

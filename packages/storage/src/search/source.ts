/**
 * One thing that a lane searches: a memtable or a part. Sources of one search are visited side by side.
 */
import type { Tenant } from "@tideline/model";
import type { LabelIndex, Ordinals } from "../index/label-index.ts";
import type { CompiledFilters } from "../index/select.ts";
import type { SeriesTarget } from "./series-target.ts";

export interface SearchSource {
  /** For messages: where the data is. */
  readonly where: string;
  readonly index: LabelIndex;
  /** Whether every series of the index is this lane's: then the index may answer for them as a whole. */
  readonly isWhole: boolean;
  /** Series of this lane that pass the filters and may have samples in the time range of the search. */
  select(tenant: Tenant, filters: CompiledFilters): Ordinals;
  /** Whether `meets` is true of all that `select` gives. */
  readonly selectsExactly: boolean;
  /** Whether a series has a block that meets the time range of the search. */
  meets(ordinal: number): boolean;
  /** 16 bytes: a view, borrowed until the next call. */
  identityOf(ordinal: number): Uint8Array;
  /** A view, borrowed until the next call. */
  keyOf(ordinal: number): Uint8Array;
  /**
   * Begins a series in `target`, and puts its blocks that meet the time range, ascending. Ids of timestamp blocks are unique
   * over all sources of the search.
   */
  readSeries(ordinal: number, target: SeriesTarget): void;
  /**
   * What to do about an error of this source: true when it is damaged, was set aside, and the search goes on
   * without it.
   */
  setAside(error: unknown): boolean;
}

/** Ids of timestamp blocks of source i start here, so that sources need not know of each other. */
export function firstTimestampId(sourceNumber: number): number {
  return sourceNumber * 2 ** 40;
}

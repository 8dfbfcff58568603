/**
 * What a search needs to know of an index, be it the head's in memory or a part's on disk. Series are
 * ordinals local to the index; `select.ts` turns matchers into ordinals over this contract.
 */
import type { Tenant } from "@tideline/model";
import type { Breather } from "../lane/breather.ts";

/** Ascending, unique. Borrowed from the index: never written to, read before the next change of a head. */
export type Ordinals = Uint32Array;

/** A value of a label, as UTF-8, and the series that have it; both borrowed until the next wait. */
export interface LabelSeries {
  readonly value: Uint8Array;
  readonly series: Ordinals;
}

export interface LabelIndex {
  /** Every series of the tenant. */
  seriesOf(tenant: Tenant): Ordinals;
  /** Names of labels that series of the tenant have, in any order. */
  labelNames(tenant: Tenant): Iterable<string>;
  /** Values of a label that series of the tenant have, in any order, each once. */
  labelValues(tenant: Tenant, name: string): Iterable<string>;
  /** Series of the tenant with label `name` = `value`; empty when there are none. */
  postings(tenant: Tenant, name: string, value: string): Ordinals;
  /**
   * Values of a label with their series, ascending by bytes, without those that come up while they are read. Waits where they must be
   * put in order first.
   */
  sortedValues(tenant: Tenant, name: string, breather: Breather): Promise<Iterable<LabelSeries>>;
}

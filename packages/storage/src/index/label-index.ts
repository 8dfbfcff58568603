/**
 * What a search needs to know of an index, be it the head's in memory or a part's on disk. Series are
 * ordinals local to the index; `select.ts` turns matchers into ordinals over this contract.
 */
import type { Tenant } from "@tideline/model";

/** Ascending, unique. Borrowed from the index: never written to, read before the next change of a head. */
export type Ordinals = Uint32Array;

export interface LabelIndex {
  /** Every series of the tenant. */
  seriesOf(tenant: Tenant): Ordinals;
  /** Names of labels that series of the tenant have, in any order. */
  labelNames(tenant: Tenant): Iterable<string>;
  /** Values of a label that series of the tenant have, in any order, each once. */
  labelValues(tenant: Tenant, name: string): Iterable<string>;
  /** Series of the tenant with label `name` = `value`; empty when there are none. */
  postings(tenant: Tenant, name: string, value: string): Ordinals;
}

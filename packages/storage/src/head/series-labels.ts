/**
 * The labels of a generation's series, and the index over them: label → slots.
 */
import { assert } from "@tideline/common";
import { formatTenant, type Tenant } from "@tideline/model";
import type { LabelIndex, LabelSeries, Ordinals } from "../index/label-index.ts";
import type { Breather } from "../lane/breather.ts";
import {
  parseKey,
  pairBytes,
  pairName,
  pairNameEnd,
  pairValue,
  TENANT_SIZE,
} from "./key-layout.ts";
import { LabelPairs, NO_PAIR } from "./label-pairs.ts";
import { PostingLists } from "./posting-lists.ts";
import { SeriesRows } from "./series-rows.ts";
import { sortSliced } from "./sliced-sort.ts";

export interface TenantEntry {
  readonly number: number;
  readonly tenant: Tenant;
  /** List of the tenant's slots. */
  readonly series: number;
  /** Label name → list of its pairs. */
  readonly names: Map<string, number>;
}

const NO_SERIES = new Uint32Array(0);

/**
 * What a tenant and a label name take of the heap, generously: a head counts them, so that it is flushed before a flood
 * of them fills the lane's heap, which is smaller than the memory for heads.
 */
const TENANT_HEAP_SIZE = 1024;
const NAME_HEAP_SIZE = 256;

export class SeriesLabels implements LabelIndex {
  readonly #pairs = new LabelPairs();
  readonly #tenants: Tenant[] = [];
  readonly rows = new SeriesRows(this.#pairs, this.#tenants);
  /** The list of a pair's slots has the pair's own number. */
  readonly #postings = new PostingLists();
  /** Lists of tenants and names. */
  readonly #lists = new PostingLists();
  readonly #tenantByName = new Map<string, TenantEntry>();
  #lastTenant: TenantEntry | null = null;
  /** Over all tenants. */
  #nameCount = 0;
  /** Ends of labels in the key that is being added. */
  readonly #labelEnds: number[] = [];

  get memorySize(): number {
    const heapSize = this.#tenants.length * TENANT_HEAP_SIZE + this.#nameCount * NAME_HEAP_SIZE;
    return this.rows.memorySize + this.#postings.memorySize + this.#lists.memorySize + heapSize;
  }

  /**
   * Adds the series of the next slot.
   *
   * @param key borrowed
   * @returns false, and nothing is added, when the bytes are no canonical key
   */
  add(key: Uint8Array): boolean {
    const ends = this.#labelEnds;
    if (!parseKey(key, ends)) return false;
    const tenant = this.#tenantOf(readU32(key, 0), readU32(key, 4));
    const slot = this.rows.open();
    this.#lists.append(tenant.series, slot);
    let start = TENANT_SIZE;
    for (let i = 0; i < ends.length; i += 1) {
      const end = ends[i] as number;
      const pair = this.intern(tenant, key, start, end);
      this.rows.add(pair);
      this.#postings.append(pair, slot);
      start = end;
    }
    return true;
  }

  /** A tenant, made when it is new, for `intern` and `addRow`. */
  open(tenant: Tenant): TenantEntry {
    return this.#tenantOf(tenant.accountId, tenant.projectId);
  }

  /** The number of a label, which is added when it is new. @param bytes holds it from `start` to `end`, as a key does */
  intern(tenant: TenantEntry, bytes: Uint8Array, start: number, end: number): number {
    const known = this.#pairs.count;
    const pair = this.#pairs.intern(tenant.number, bytes, start, end);
    if (pair === known) this.#addPair(tenant, pair);
    return pair;
  }

  /** Adds the series of the next slot. @param pairs its labels, `start` to `end`: of this tenant, in canonical order */
  addRow(tenant: TenantEntry, pairs: Uint32Array, start: number, end: number): void {
    const slot = this.rows.count;
    this.#lists.append(tenant.series, slot);
    this.rows.addRow(pairs, start, end);
    for (let i = start; i < end; i += 1) this.#postings.append(pairs[i] as number, slot);
  }

  seriesOf(tenant: Tenant): Ordinals {
    const entry = this.#tenantByName.get(formatTenant(tenant));
    return entry ? this.#lists.elements(entry.series) : NO_SERIES;
  }

  labelNames(tenant: Tenant): Iterable<string> {
    return this.#tenantByName.get(formatTenant(tenant))?.names.keys() ?? [];
  }

  *labelValues(tenant: Tenant, name: string): Generator<string> {
    const list = this.#tenantByName.get(formatTenant(tenant))?.names.get(name);
    if (list === undefined) return;
    for (const pair of this.#lists.elements(list)) yield pairValue(this.#pairs.bytes(pair));
  }

  async sortedValues(
    tenant: Tenant,
    name: string,
    breather: Breather,
  ): Promise<Iterable<LabelSeries>> {
    const list = this.#tenantByName.get(formatTenant(tenant))?.names.get(name);
    if (list === undefined) return [];
    const pairs = this.#lists.elements(list).slice();
    const nameEnd = pairNameEnd(name);
    const valueAt = (pair: number): number => nameEnd + this.#pairs.varintSize(pair, nameEnd);
    const byValue = (a: number, b: number): number =>
      this.#pairs.compare(a, b, valueAt(a), valueAt(b));
    return this.#valuesOf(await sortSliced(pairs, byValue, breather), valueAt);
  }

  *#valuesOf(pairs: Uint32Array, valueAt: (pair: number) => number): Generator<LabelSeries> {
    for (const pair of pairs) {
      const value = this.#pairs.bytes(pair).subarray(valueAt(pair));
      yield { value, series: this.#postings.elements(pair) };
    }
  }

  postings(tenant: Tenant, name: string, value: string): Ordinals {
    const entry = this.#tenantByName.get(formatTenant(tenant));
    if (!entry) return NO_SERIES;
    const bytes = pairBytes(name, value);
    const pair = this.#pairs.find(entry.number, bytes, 0, bytes.length);
    return pair === NO_PAIR ? NO_SERIES : this.#postings.elements(pair);
  }

  #addPair(tenant: TenantEntry, pair: number): void {
    const list = this.#postings.addList();
    assert(list === pair, "each pair has the posting list of its number");
    const name = pairName(this.#pairs.bytes(pair));
    let pairsOfName = tenant.names.get(name);
    if (pairsOfName === undefined) {
      pairsOfName = this.#lists.addList();
      tenant.names.set(name, pairsOfName);
      this.#nameCount += 1;
    }
    this.#lists.append(pairsOfName, pair);
  }

  #tenantOf(accountId: number, projectId: number): TenantEntry {
    const last = this.#lastTenant;
    if (last && last.tenant.accountId === accountId && last.tenant.projectId === projectId)
      return last;
    const tenant: Tenant = { accountId, projectId };
    const name = formatTenant(tenant);
    let entry = this.#tenantByName.get(name);
    if (!entry) {
      const number = this.#tenants.length;
      entry = { number, tenant, series: this.#lists.addList(), names: new Map() };
      this.#tenants.push(tenant);
      this.#tenantByName.set(name, entry);
    }
    this.#lastTenant = entry;
    return entry;
  }
}

function readU32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) +
    (bytes[at + 1] as number) * 0x100 +
    (bytes[at + 2] as number) * 0x1_0000 +
    (bytes[at + 3] as number) * 0x100_0000
  );
}

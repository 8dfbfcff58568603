/**
 * The labels of each series of a generation: slot → pairs, and the key put together again from them.
 */
import type { Tenant } from "@tideline/model";
import { U32Column } from "./columns.ts";
import { TENANT_SIZE } from "./key-layout.ts";
import type { LabelPairs } from "./label-pairs.ts";

export class SeriesRows {
  readonly pairs: LabelPairs;
  /** By the numbers that the pairs know them by. */
  readonly tenants: readonly Tenant[];
  /** Pairs of all slots, one after another; those of slot i end at #ends[i]. */
  readonly #rows = new U32Column(1024);
  readonly #ends = new U32Column(256);
  #count = 0;

  /** @param tenants grows with the pairs */
  constructor(pairs: LabelPairs, tenants: readonly Tenant[]) {
    this.pairs = pairs;
    this.tenants = tenants;
  }

  get count(): number {
    return this.#count;
  }

  get memorySize(): number {
    return this.pairs.memorySize + this.#rows.memorySize + this.#ends.memorySize;
  }

  /** Begins the row of the next slot; `add` its labels then, in canonical order. */
  open(): number {
    this.#count += 1;
    this.#ends.ensure(this.#count);
    this.#ends.array[this.#count - 1] = this.#start(this.#count - 1);
    return this.#count - 1;
  }

  /** Appends a label to the row opened last. */
  add(pair: number): void {
    const at = this.#ends.array[this.#count - 1] as number;
    this.#rows.ensure(at + 1);
    this.#rows.array[at] = pair;
    this.#ends.array[this.#count - 1] = at + 1;
  }

  /** Adds the row of the next slot. @param pairs its labels, from `start` to `end`, in canonical order */
  addRow(pairs: Uint32Array, start: number, end: number): void {
    const slot = this.#count;
    const at = this.#start(slot);
    this.#count += 1;
    this.#ends.ensure(slot + 1);
    this.#ends.array[slot] = at + end - start;
    this.#rows.ensure(at + end - start);
    const rows = this.#rows.array;
    for (let i = start, o = at; i < end; i += 1, o += 1) rows[o] = pairs[i] as number;
  }

  /** The pairs of a slot, in canonical order: a view, void after the next `add`. */
  row(slot: number): Uint32Array {
    return this.#rows.array.subarray(this.#start(slot), this.#ends.array[slot]);
  }

  /** Number of the tenant of a slot. */
  tenantOf(slot: number): number {
    return this.pairs.tenant(this.#rows.array[this.#start(slot)] as number);
  }

  /** Orders two series by the pairs that `rank` gives ranks for; a row that another begins with comes first. */
  compareRows(a: number, b: number, rank: Uint32Array): number {
    const rows = this.#rows.array;
    let i = this.#start(a);
    let j = this.#start(b);
    const aEnd = this.#ends.array[a] as number;
    const bEnd = this.#ends.array[b] as number;
    for (; i < aEnd && j < bEnd; i += 1, j += 1) {
      const x = rows[i] as number;
      const y = rows[j] as number;
      if (x !== y) return (rank[x] as number) - (rank[y] as number);
    }
    return aEnd - i - (bEnd - j);
  }

  /** The key of a slot, owned by the caller. */
  keyOf(slot: number): Uint8Array<ArrayBuffer> {
    const key = new Uint8Array(this.keySize(slot));
    this.copyKey(slot, key);
    return key;
  }

  /** Size of the key of a slot in bytes. */
  keySize(slot: number): number {
    const start = this.#start(slot);
    const end = this.#ends.array[slot] as number;
    const rows = this.#rows.array;
    let size = TENANT_SIZE;
    for (let i = start; i < end; i += 1) size += this.pairs.size(rows[i] as number);
    return size;
  }

  /** Writes the key of a slot to the start of `target`, which has room for it. */
  copyKey(slot: number, target: Uint8Array): void {
    const end = this.#ends.array[slot] as number;
    const rows = this.#rows.array;
    const tenant = this.tenants[this.tenantOf(slot)] as Tenant;
    writeU32(target, 0, tenant.accountId);
    writeU32(target, 4, tenant.projectId);
    let at = TENANT_SIZE;
    for (let i = this.#start(slot); i < end; i += 1)
      at = this.pairs.copy(rows[i] as number, target, at);
  }

  #start(slot: number): number {
    return slot === 0 ? 0 : (this.#ends.array[slot - 1] as number);
  }
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

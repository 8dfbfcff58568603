/**
 * The labels of each series of a generation: slot → pairs, and the key put together again from them.
 */
import { assert } from "@tideline/common";
import type { Tenant } from "@tideline/model";
import { U32Column } from "./columns.ts";
import { TENANT_SIZE } from "./key-layout.ts";
import type { LabelPairs } from "./label-pairs.ts";

export class SeriesRows {
  readonly #pairs: LabelPairs;
  readonly #tenants: readonly Tenant[];
  /** Pairs of all slots, one after another; those of slot i end at #ends[i]. */
  readonly #rows = new U32Column(1024);
  readonly #ends = new U32Column(256);
  #count = 0;

  /** @param tenants by the numbers that the pairs know them by; grows */
  constructor(pairs: LabelPairs, tenants: readonly Tenant[]) {
    this.#pairs = pairs;
    this.#tenants = tenants;
  }

  get count(): number {
    return this.#count;
  }

  get memorySize(): number {
    return this.#pairs.memorySize + this.#rows.memorySize + this.#ends.memorySize;
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

  /** The key of a slot, owned by the caller. */
  keyOf(slot: number): Uint8Array<ArrayBuffer> {
    const start = this.#start(slot);
    const end = this.#ends.array[slot] as number;
    const rows = this.#rows.array;
    let size = TENANT_SIZE;
    for (let i = start; i < end; i += 1) size += this.#pairs.size(rows[i] as number);
    const key = new Uint8Array(size);
    const tenant = this.#tenants[this.#pairs.tenant(rows[start] as number)] as Tenant;
    writeU32(key, 0, tenant.accountId);
    writeU32(key, 4, tenant.projectId);
    let at = TENANT_SIZE;
    for (let i = start; i < end; i += 1) at = this.#pairs.copy(rows[i] as number, key, at);
    assert(at === size, "a key has the size of its labels");
    return key;
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

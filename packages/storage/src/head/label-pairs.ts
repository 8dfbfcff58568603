/**
 * Labels (name = value, per tenant) interned as numbers, by the bytes they have in a series key.
 *
 * A pair is kept once, however many series have it, so a series costs 4 bytes a label instead of its
 * text, and a key is put together again by copying pairs (docs/formats/identity.md: size, name, size, value).
 */
import { assert, dropArray } from "@tideline/common";
import { ByteArena, U32Column } from "./columns.ts";

export const NO_PAIR = 0xffff_ffff;

export class LabelPairs {
  readonly #arena = new ByteArena(16 * 1024);
  /** Where pair i ends in the arena; it starts where the one before ends. */
  readonly #ends = new U32Column(256);
  readonly #tenants = new U32Column(256);
  /** pair + 1, 0 = free; a power of two long, at most 3/4 full. */
  #table = new Uint32Array(512);
  #count = 0;
  readonly #seed = (Math.random() * 0x1_0000_0000) >>> 0;

  get count(): number {
    return this.#count;
  }

  get memorySize(): number {
    return (
      this.#arena.memorySize +
      this.#ends.memorySize +
      this.#tenants.memorySize +
      this.#table.byteLength
    );
  }

  /** The pair whose bytes are `source` from `start` to `end`, or NO_PAIR. */
  find(tenant: number, source: Uint8Array, start: number, end: number): number {
    const at = this.#place(this.#hash(tenant, source, start, end), tenant, source, start, end);
    return ((this.#table[at] as number) - 1) >>> 0;
  }

  /** The same, but a pair that is not there is added (its number is then the old `count`). */
  intern(tenant: number, source: Uint8Array, start: number, end: number): number {
    const hash = this.#hash(tenant, source, start, end);
    const at = this.#place(hash, tenant, source, start, end);
    const entry = this.#table[at] as number;
    if (entry !== 0) return entry - 1;
    const pair = this.#count;
    this.#count += 1;
    this.#arena.append(source, start, end);
    assert(this.#arena.size < 2 ** 32, "labels of one generation fit 4 GiB");
    this.#ends.ensure(this.#count);
    this.#ends.array[pair] = this.#arena.size;
    this.#tenants.ensure(this.#count);
    this.#tenants.array[pair] = tenant;
    this.#table[at] = pair + 1;
    if (this.#count * 4 > this.#table.length * 3) this.#rehash();
    return pair;
  }

  tenant(pair: number): number {
    return this.#tenants.array[pair] as number;
  }

  size(pair: number): number {
    return (this.#ends.array[pair] as number) - this.#start(pair);
  }

  /** A view of the bytes of a pair: void after the next `intern`. */
  bytes(pair: number): Uint8Array {
    return this.#arena.bytes.subarray(this.#start(pair), this.#ends.array[pair]);
  }

  /** Bytes of the varint at `offset` of a pair. */
  varintSize(pair: number, offset: number): number {
    const start = this.#start(pair) + offset;
    let size = 1;
    while ((this.#arena.bytes[start + size - 1] as number) >= 0x80) size += 1;
    return size;
  }

  /** Orders two pairs by their bytes, from offsets on. */
  compare(a: number, b: number, aFrom = 0, bFrom = 0): number {
    const bytes = this.#arena.bytes;
    const aStart = this.#start(a) + aFrom;
    const bStart = this.#start(b) + bFrom;
    const aSize = this.size(a) - aFrom;
    const bSize = this.size(b) - bFrom;
    const size = Math.min(aSize, bSize);
    for (let i = 0; i < size; i += 1) {
      const difference = (bytes[aStart + i] as number) - (bytes[bStart + i] as number);
      if (difference !== 0) return difference;
    }
    return aSize - bSize;
  }

  /** Copies the bytes of a pair to `target`; returns where they end there. */
  copy(pair: number, target: Uint8Array, at: number): number {
    const end = this.#ends.array[pair] as number;
    const source = this.#arena.bytes;
    let o = at;
    for (let i = this.#start(pair); i < end; i += 1, o += 1) target[o] = source[i] as number;
    return o;
  }

  #start(pair: number): number {
    return pair === 0 ? 0 : (this.#ends.array[pair - 1] as number);
  }

  #place(hash: number, tenant: number, source: Uint8Array, start: number, end: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    let at = hash & mask;
    for (;;) {
      const entry = table[at] as number;
      if (entry === 0 || this.#equals(entry - 1, tenant, source, start, end)) return at;
      at = (at + 1) & mask;
    }
  }

  #equals(pair: number, tenant: number, source: Uint8Array, start: number, end: number): boolean {
    const from = this.#start(pair);
    if ((this.#ends.array[pair] as number) - from !== end - start) return false;
    if (this.#tenants.array[pair] !== tenant) return false;
    const bytes = this.#arena.bytes;
    // From the end: values differ there more often than names.
    for (let i = end - 1, o = from + end - start - 1; i >= start; i -= 1, o -= 1) {
      if (source[i] !== bytes[o]) return false;
    }
    return true;
  }

  #hash(tenant: number, source: Uint8Array, start: number, end: number): number {
    let hash = this.#seed ^ Math.imul(tenant, 0x9e37_79b1);
    for (let i = start; i < end; i += 1)
      hash = Math.imul(hash ^ (source[i] as number), 0x0100_0193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85eb_ca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  #rehash(): void {
    const table = new Uint32Array(this.#table.length * 2);
    const mask = table.length - 1;
    for (let pair = 0; pair < this.#count; pair += 1) {
      const start = this.#start(pair);
      const end = this.#ends.array[pair] as number;
      let at = this.#hash(this.tenant(pair), this.#arena.bytes, start, end) & mask;
      while (table[at] !== 0) at = (at + 1) & mask;
      table[at] = pair + 1;
    }
    dropArray(this.#table);
    this.#table = table;
  }
}

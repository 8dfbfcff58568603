/**
 * Identity → slot, by open addressing in flat memory. Slots are given out in order: 0, 1, 2, …
 */
import { dropArray } from "@tideline/common";
import { IDENTITY_SIZE } from "@tideline/model";
import { U32Column } from "./columns.ts";

/** Words of an identity. */
const WORDS = IDENTITY_SIZE / 4;
export const NO_SLOT = 0xffff_ffff;

export class IdentityTable {
  /** Identities in slot order, as words. */
  readonly #identities = new U32Column(256 * WORDS);
  /** slot + 1, 0 = free; a power of two long, at most 3/4 full. */
  #table = new Uint32Array(512);
  #count = 0;
  /** So that nobody outside can aim series at one place of the table. */
  readonly #seed = (Math.random() * 0x1_0000_0000) >>> 0;
  readonly #probe = new Uint32Array(WORDS);
  readonly #probeBytes = new Uint8Array(this.#probe.buffer);

  get count(): number {
    return this.#count;
  }

  get memorySize(): number {
    return this.#identities.memorySize + this.#table.byteLength;
  }

  /** The slot of the identity at `offset` of `bytes`, or NO_SLOT. */
  find(bytes: Uint8Array, offset: number): number {
    this.#load(bytes, offset);
    return ((this.#table[this.#place()] as number) - 1) >>> 0;
  }

  /** Gives the next slot to an identity that is not there. */
  add(bytes: Uint8Array, offset: number): number {
    if ((this.#count + 1) * 4 > this.#table.length * 3) this.#rehash();
    this.#load(bytes, offset);
    const slot = this.#count;
    this.#count += 1;
    this.#identities.ensure(this.#count * WORDS);
    this.#identities.array.set(this.#probe, slot * WORDS);
    this.#table[this.#place()] = slot + 1;
    return slot;
  }

  /** The slot of the identity at `offset` of `bytes`: the next one, and with it the count goes up, when it is not there. */
  findOrAdd(bytes: Uint8Array, offset: number): number {
    if ((this.#count + 1) * 4 > this.#table.length * 3) this.#rehash();
    this.#load(bytes, offset);
    const place = this.#place();
    const known = this.#table[place] as number;
    if (known !== 0) return known - 1;
    const slot = this.#count;
    this.#count += 1;
    this.#identities.ensure(this.#count * WORDS);
    const identities = this.#identities.array;
    for (let i = 0; i < WORDS; i += 1) identities[slot * WORDS + i] = this.#probe[i] as number;
    this.#table[place] = slot + 1;
    return slot;
  }

  /** A view of the identity of a slot: void after the next `add`. */
  identity(slot: number): Uint8Array {
    return new Uint8Array(this.#identities.array.buffer, slot * IDENTITY_SIZE, IDENTITY_SIZE);
  }

  #load(bytes: Uint8Array, offset: number): void {
    const target = this.#probeBytes;
    for (let i = 0; i < IDENTITY_SIZE; i += 1) target[i] = bytes[offset + i] as number;
  }

  /** Where the loaded identity lies in the table, or the free place where it would. */
  #place(): number {
    const table = this.#table;
    const identities = this.#identities.array;
    const a = this.#probe[0] as number;
    const b = this.#probe[1] as number;
    const c = this.#probe[2] as number;
    const d = this.#probe[3] as number;
    const mask = table.length - 1;
    let at = this.#hash(b, c) & mask;
    for (;;) {
      const entry = table[at] as number;
      if (entry === 0) return at;
      const o = (entry - 1) * WORDS;
      if (
        identities[o] === a &&
        identities[o + 1] === b &&
        identities[o + 2] === c &&
        identities[o + 3] === d
      ) {
        return at;
      }
      at = (at + 1) & mask;
    }
  }

  #hash(b: number, c: number): number {
    let hash = Math.imul(b ^ this.#seed, 0x9e37_79b1) ^ c;
    hash = Math.imul(hash ^ (hash >>> 15), 0x85eb_ca6b);
    return (hash ^ (hash >>> 13)) >>> 0;
  }

  #rehash(): void {
    const table = new Uint32Array(this.#table.length * 2);
    const identities = this.#identities.array;
    const mask = table.length - 1;
    for (let slot = 0; slot < this.#count; slot += 1) {
      const o = slot * WORDS;
      let at = this.#hash(identities[o + 1] as number, identities[o + 2] as number) & mask;
      while (table[at] !== 0) at = (at + 1) & mask;
      table[at] = slot + 1;
    }
    dropArray(this.#table);
    this.#table = table;
  }
}

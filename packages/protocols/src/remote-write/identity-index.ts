/**
 * Identity → ref, in flat memory: an open table of refs that compares with the flat array of identities.
 */
import { randomFillSync } from "node:crypto";
import { assert, dropArray } from "@tideline/common";
import { IDENTITY_SIZE } from "@tideline/model";

/** At most half of the slots are taken; a quarter when they have just been doubled. */
export const IDENTITY_INDEX_SLOTS_PER_REF = 2;

const SLOT_COUNT_MIN = 1_024;

const WORDS_PER_IDENTITY = IDENTITY_SIZE / 4;

export class IdentityIndex {
  /** Identities in ref order; room for refCountMax of them. */
  readonly identities: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array;
  /** ref + 1; 0 = free. Grows as refs come: any use of it makes all of it resident. */
  #slots = new Uint32Array(SLOT_COUNT_MIN);
  /** Identities can be searched for by their first bytes; where they land here cannot. */
  readonly #secret = randomFillSync(new Uint32Array(2));
  #refCount = 0;

  constructor(refCountMax: number) {
    this.identities = new Uint8Array(refCountMax * IDENTITY_SIZE);
    this.#words = new Uint32Array(this.identities.buffer);
  }

  get refCount(): number {
    return this.#refCount;
  }

  clear(): void {
    this.#slots.fill(0);
    this.#refCount = 0;
  }

  /** The ref of an identity: a known one, or the next number. */
  refOf(identity: Uint8Array): number {
    const next = this.#refCount;
    // Written where it would go if it is new, so that both sides are words to compare.
    assert((next + 1) * IDENTITY_SIZE <= this.identities.length, "each key has at most one ref");
    this.identities.set(identity, next * IDENTITY_SIZE);
    const slot = this.#find(next);
    const known = this.#slots[slot] as number;
    if (known !== 0) return known - 1;
    this.#slots[slot] = next + 1;
    this.#refCount = next + 1;
    if (this.#refCount * IDENTITY_INDEX_SLOTS_PER_REF > this.#slots.length) this.#grow();
    return next;
  }

  /** The slot that holds the identity of `ref`, or the free one where it belongs. */
  #find(ref: number): number {
    const words = this.#words;
    const at = ref * WORDS_PER_IDENTITY;
    const slotCount = this.#slots.length;
    let slot = this.#firstSlot(words[at] as number, words[at + 1] as number);
    for (;;) {
      const entry = this.#slots[slot] as number;
      const other = (entry - 1) * WORDS_PER_IDENTITY;
      if (
        entry === 0 ||
        (words[other] === words[at] &&
          words[other + 1] === words[at + 1] &&
          words[other + 2] === words[at + 2] &&
          words[other + 3] === words[at + 3])
      ) {
        return slot;
      }
      slot = slot + 1 === slotCount ? 0 : slot + 1;
    }
  }

  #grow(): void {
    const slotCount = this.#slots.length * 2;
    dropArray(this.#slots);
    this.#slots = new Uint32Array(slotCount);
    for (let ref = 0; ref < this.#refCount; ref += 1) this.#slots[this.#find(ref)] = ref + 1;
  }

  #firstSlot(low: number, high: number): number {
    let mixed = Math.imul(low ^ (this.#secret[0] as number), 0x9e37_79b1);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed ^ high ^ (this.#secret[1] as number), 0x85eb_ca77);
    mixed ^= mixed >>> 13;
    return Math.floor(((mixed >>> 0) / 0x1_0000_0000) * this.#slots.length);
  }
}

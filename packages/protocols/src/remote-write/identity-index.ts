/**
 * Identity → ref, in flat memory: an open table of refs that compares with the flat array of identities.
 */
import { randomFillSync } from "node:crypto";
import { assert } from "@tideline/common";
import { IDENTITY_SIZE } from "@tideline/model";

/** At most 2 of 3 slots are taken. */
export const IDENTITY_INDEX_SLOTS_PER_REF = 1.5;

const WORDS_PER_IDENTITY = IDENTITY_SIZE / 4;

export class IdentityIndex {
  /** Identities in ref order; room for refCountMax of them. */
  readonly identities: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array;
  /** ref + 1; 0 = free. */
  readonly #slots: Uint32Array;
  /** Identities can be searched for by their first bytes; where they land here cannot. */
  readonly #secret = randomFillSync(new Uint32Array(2));
  #refCount = 0;

  constructor(refCountMax: number) {
    this.identities = new Uint8Array(refCountMax * IDENTITY_SIZE);
    this.#words = new Uint32Array(this.identities.buffer);
    this.#slots = new Uint32Array(Math.ceil(refCountMax * IDENTITY_INDEX_SLOTS_PER_REF) + 1);
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
    const words = this.#words;
    const next = this.#refCount;
    // Written where it would go if it is new, so that both sides are words to compare.
    assert((next + 1) * IDENTITY_SIZE <= this.identities.length, "each key has at most one ref");
    this.identities.set(identity, next * IDENTITY_SIZE);
    const at = next * WORDS_PER_IDENTITY;
    const slotCount = this.#slots.length;
    let slot = this.#firstSlot(words[at] as number, words[at + 1] as number);
    for (;;) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) break;
      const other = (entry - 1) * WORDS_PER_IDENTITY;
      if (
        words[other] === words[at] &&
        words[other + 1] === words[at + 1] &&
        words[other + 2] === words[at + 2] &&
        words[other + 3] === words[at + 3]
      ) {
        return entry - 1;
      }
      slot = slot + 1 === slotCount ? 0 : slot + 1;
    }
    this.#slots[slot] = next + 1;
    this.#refCount = next + 1;
    return next;
  }

  #firstSlot(low: number, high: number): number {
    let mixed = Math.imul(low ^ (this.#secret[0] as number), 0x9e37_79b1);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed ^ high ^ (this.#secret[1] as number), 0x85eb_ca77);
    mixed ^= mixed >>> 13;
    return Math.floor(((mixed >>> 0) / 0x1_0000_0000) * this.#slots.length);
  }
}

/**
 * Where in their blocks cuts began: a cut in the same place, or behind it, need not add up again what lies before. Instant
 * queries ask for the last minutes of a day's block over and over; nothing is kept on the disk for them.
 *
 * Flat memory with a slot for each of so many blocks: a block that comes to a slot of another one takes it over, and its next cut
 * begins at the block's start.
 */
import { assert } from "@tideline/common";

/** A mark as the kernel writes it (value-block.as.ts, decodeMarked). */
export const MARK_WORDS = 11;
/** Owner, place of its unit, place inside it. */
const NAME_WORDS = 3;
const SLOT_WORDS = NAME_WORDS + MARK_WORDS;
const SLOT_SIZE = SLOT_WORDS * 8;

export class CutMarks {
  readonly #words: Float64Array;
  readonly #slotMask: number;

  /** @param sizeMax bytes that they may take; it takes what is used of them only */
  constructor(sizeMax: number) {
    assert(sizeMax >= SLOT_SIZE, "there is room for a mark");
    const slotCount = 2 ** Math.floor(Math.log2(sizeMax / SLOT_SIZE));
    this.#words = new Float64Array(slotCount * SLOT_WORDS);
    this.#slotMask = slotCount - 1;
  }

  /**
   * The slot of a block, empty if it was another one's. The three numbers name the bytes of the block: equal ones, equal bytes.
   *
   * @param owner of the file, from 1 on
   */
  slotOf(owner: number, offset: number, start: number): number {
    let hash = Math.imul(owner, 0x9e37_79b1) ^ Math.imul(start, 0x85eb_ca6b);
    hash = Math.imul(hash ^ (offset >>> 0), 0x9e37_79b1);
    hash = Math.imul(hash ^ (hash >>> 15) ^ Math.floor(offset / 0x1_0000_0000), 0xc2b2_ae35);
    const slot = (hash >>> 11) & this.#slotMask;
    const at = slot * SLOT_WORDS;
    const words = this.#words;
    if (words[at] === owner && words[at + 1] === offset && words[at + 2] === start) return slot;
    words[at] = owner;
    words[at + 1] = offset;
    words[at + 2] = start;
    words[at + NAME_WORDS] = 0;
    return slot;
  }

  load(slot: number, target: Float64Array): void {
    const at = slot * SLOT_WORDS + NAME_WORDS;
    for (let i = 0; i < MARK_WORDS; i += 1) target[i] = this.#words[at + i] as number;
  }

  store(slot: number, mark: Float64Array): void {
    const at = slot * SLOT_WORDS + NAME_WORDS;
    for (let i = 0; i < MARK_WORDS; i += 1) this.#words[at + i] = mark[i] as number;
  }
}

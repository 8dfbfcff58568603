/**
 * Lists of ascending numbers in slabs: which series have a label, which labels have a name.
 *
 * Most lists have one element (labels of one series), a few have all series. A list of one lies in its own
 * entry; larger ones are chains of blocks for 4, 8, 16, … and then 256 elements each. Nothing moves when a list grows, so
 * nothing is left behind: a list of many takes 4.02 bytes an element and half a KiB. (One block per list that doubles took
 * 11, with what growth left behind.)
 */
import { assert } from "@tideline/common";
import { U32Column } from "./columns.ts";

/** Words of an entry: count, and the element itself (count 1) or where the last block starts. */
const ENTRY = 2;

/** Elements of the first block, and of the largest; powers of two. */
const BLOCK_COUNT_MIN = 4;
const BLOCK_COUNT_MAX = 256;

/** Words of a slab: 1 MiB. */
const SLAB_SHIFT = 18;
const SLAB_LENGTH = 2 ** SLAB_SHIFT;
const SLAB_MASK = SLAB_LENGTH - 1;

export class PostingLists {
  readonly #entries = new U32Column(1024 * ENTRY);
  /** Blocks: one word that leads to the block before, then elements. */
  readonly #slabs: Uint32Array[] = [];
  /** Words given out of the last slab. */
  #used = SLAB_LENGTH;
  #listCount = 0;

  /** Adds an empty list and returns its number: 0, 1, 2, … */
  addList(): number {
    this.#listCount += 1;
    this.#entries.ensure(this.#listCount * ENTRY);
    return this.#listCount - 1;
  }

  count(list: number): number {
    return this.#entries.array[list * ENTRY] as number;
  }

  /** Appends a number that is greater than all in the list. */
  append(list: number, value: number): void {
    const entry = list * ENTRY;
    const entries = this.#entries.array;
    const count = entries[entry] as number;
    entries[entry] = count + 1;
    if (count === 0) {
      entries[entry + 1] = value;
      return;
    }
    let block = entries[entry + 1] as number;
    const first = firstOf(count);
    if (count === 1) {
      const only = block;
      block = this.#allocate(BLOCK_COUNT_MIN, 0);
      (this.#slabs[block >>> SLAB_SHIFT] as Uint32Array)[(block & SLAB_MASK) + 1] = only;
      entries[entry + 1] = block;
    } else if (count === first) {
      block = this.#allocate(blockCountOf(count), block);
      entries[entry + 1] = block;
    }
    const slab = this.#slabs[block >>> SLAB_SHIFT] as Uint32Array;
    slab[(block & SLAB_MASK) + 1 + count - first] = value;
  }

  /** The elements as they are now, not to be written to: a view of a short list, a copy of a longer one. */
  elements(list: number): Uint32Array {
    const count = this.count(list);
    let block = this.#entries.array[list * ENTRY + 1] as number;
    if (count <= 1) return Uint32Array.of(block).subarray(0, count);
    if (count <= BLOCK_COUNT_MIN) {
      const start = (block & SLAB_MASK) + 1;
      return (this.#slabs[block >>> SLAB_SHIFT] as Uint32Array).subarray(start, start + count);
    }
    const all = new Uint32Array(count);
    for (let end = count; end > 0;) {
      const first = firstOf(end - 1);
      const slab = this.#slabs[block >>> SLAB_SHIFT] as Uint32Array;
      const start = (block & SLAB_MASK) + 1;
      all.set(slab.subarray(start, start + end - first), first);
      block = slab[start - 1] as number;
      end = first;
    }
    return all;
  }

  get memorySize(): number {
    return this.#entries.memorySize + this.#slabs.length * SLAB_LENGTH * 4;
  }

  /** Takes a block for `count` elements and links it to the one before. */
  #allocate(count: number, previous: number): number {
    if (this.#used + 1 + count > SLAB_LENGTH) {
      this.#slabs.push(new Uint32Array(SLAB_LENGTH));
      this.#used = 0;
    }
    const start = (this.#slabs.length - 1) * SLAB_LENGTH + this.#used;
    assert(start < 2 ** 32, "posting lists of one generation fit 16 GiB");
    this.#used += 1 + count;
    (this.#slabs[start >>> SLAB_SHIFT] as Uint32Array)[start & SLAB_MASK] = previous;
    return start;
  }
}

/** The first element of the block that holds element `index`: blocks start at 0, 4, 12, 28, … 252, 508, 764, … */
function firstOf(index: number): number {
  const place = index + BLOCK_COUNT_MIN;
  const start =
    place < BLOCK_COUNT_MAX ? 1 << (31 - Math.clz32(place)) : place & ~(BLOCK_COUNT_MAX - 1);
  return start - BLOCK_COUNT_MIN;
}

/** How many elements the block holds that starts with element `first`. */
function blockCountOf(first: number): number {
  return Math.min(BLOCK_COUNT_MAX, first + BLOCK_COUNT_MIN);
}

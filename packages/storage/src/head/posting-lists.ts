/**
 * Lists of ascending numbers in one flat memory: which series have a label, which labels have a name.
 *
 * Most lists have one element (labels of one series), a few have all series. A list of one lies in its
 * own entry; larger ones lie in blocks of powers of two, and a block left behind by growth is used again.
 */
import { U32Column } from "./columns.ts";

/** Words of an entry: count, and the element itself (count 1) or where the block starts. */
const ENTRY = 2;
const NONE = 0xffff_ffff;

export class PostingLists {
  readonly #entries = new U32Column(1024 * ENTRY);
  readonly #blocks = new U32Column(4096);
  #blocksUsed = 0;
  #listCount = 0;
  /** Start of the first free block of 2^class words; a free block's first word leads to the next one. */
  readonly #free: number[] = Array.from<number>({ length: 33 }).fill(NONE);

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
    // A list of `count` has room for the next power of two: it is full when count is one.
    if ((count & (count - 1)) === 0)
      entries[entry + 1] = this.#grow(count, entries[entry + 1] as number);
    this.#blocks.array[(entries[entry + 1] as number) + count] = value;
  }

  /** A view of a list: void after the next `append` to any list. */
  view(list: number): Uint32Array {
    const entry = list * ENTRY;
    const count = this.#entries.array[entry] as number;
    if (count <= 1) return this.#entries.array.subarray(entry + 1, entry + 1 + count);
    const start = this.#entries.array[entry + 1] as number;
    return this.#blocks.array.subarray(start, start + count);
  }

  get memorySize(): number {
    return this.#entries.memorySize + this.#blocks.memorySize;
  }

  /** Moves `count` elements (a power of two) into a block twice as large; returns where it starts. */
  #grow(count: number, old: number): number {
    const start = this.#allocate(31 - Math.clz32(count) + 1);
    const blocks = this.#blocks.array;
    if (count === 1) {
      blocks[start] = old;
      return start;
    }
    blocks.copyWithin(start, old, old + count);
    const sizeClass = 31 - Math.clz32(count);
    blocks[old] = this.#free[sizeClass] as number;
    this.#free[sizeClass] = old;
    return start;
  }

  #allocate(sizeClass: number): number {
    const free = this.#free[sizeClass] as number;
    if (free !== NONE) {
      this.#free[sizeClass] = this.#blocks.array[free] as number;
      return free;
    }
    const start = this.#blocksUsed;
    this.#blocksUsed += 2 ** sizeClass;
    this.#blocks.ensure(this.#blocksUsed);
    return start;
  }
}

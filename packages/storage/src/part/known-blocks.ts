/**
 * Blocks that a part has already, to store equal ones once: found by checksum, compared byte by byte.
 *
 * Memory is bounded and flat, since a merge may meet millions of blocks that are all different: bytes lie in one ring, entries in
 * columns, and the oldest are forgotten, whose bytes the newest overwrite. An entry knows the one before it of its bucket; those ascend in
 * age, so a chain ends at the first that is forgotten, and nothing is ever unlinked.
 */
import { crc32c } from "@tideline/kernels";

/** Rough cost of an entry besides its bytes: its columns, its buckets, and the small objects that tell where it lies. */
const ENTRY_SIZE = 192;
const BYTES_SIZE_MIN = 4096;
const ENTRY_COUNT_MIN = 16;

/** Columns over entries, by number modulo their length. */
interface Entries {
  readonly starts: Uint32Array;
  readonly sizes: Uint32Array;
  readonly hashes: Uint32Array;
  /** What tells blocks of equal bytes apart. */
  readonly tags: Uint32Array;
  /** How many numbers before it the entry before of its bucket has; 0 = there is none. */
  readonly steps: Float64Array;
  /** By bucket: number of its newest entry + 1; 0 = there is none. */
  readonly newest: Float64Array;
}

function entriesOf(count: number): Entries {
  return {
    starts: new Uint32Array(count),
    sizes: new Uint32Array(count),
    hashes: new Uint32Array(count),
    tags: new Uint32Array(count),
    steps: new Float64Array(count),
    newest: new Float64Array(2 ** Math.ceil(Math.log2(count))),
  };
}

export class KnownBlocks<Place> {
  readonly #bytesSizeMax: number;
  readonly #entryCountMax: number;
  #bytes = new Uint8Array(BYTES_SIZE_MIN);
  #entries = entriesOf(ENTRY_COUNT_MIN);
  #places: Place[] = [];
  /** Numbers of the oldest entry that is kept, and of the next one. */
  #oldest = 0;
  #next = 0;
  /** Where the next bytes go. */
  #at = 0;

  /** @param memorySizeMax bytes, half of them for the blocks' own, half for entries */
  constructor(memorySizeMax: number) {
    this.#bytesSizeMax = Math.max(BYTES_SIZE_MIN, Math.floor(memorySizeMax / 2));
    this.#entryCountMax = Math.max(ENTRY_COUNT_MIN, Math.floor(memorySizeMax / 2 / ENTRY_SIZE));
  }

  /** Blocks that are remembered. */
  get count(): number {
    return this.#next - this.#oldest;
  }

  /** Bytes of the flat memory, without places. */
  get memorySize(): number {
    const { steps, newest } = this.#entries;
    return this.#bytes.length + steps.length * 24 + newest.byteLength;
  }

  /** @param tag of 32 bits: blocks of other tags are others */
  find(bytes: Uint8Array, tag: number): Place | undefined {
    const { newest, steps, hashes, tags, sizes, starts } = this.#entries;
    const hash = hashOf(bytes, tag);
    let number = (newest[hash & (newest.length - 1)] as number) - 1;
    while (number >= this.#oldest) {
      const index = number % hashes.length;
      const start = starts[index] as number;
      if (
        hashes[index] === hash &&
        tags[index] === tag &&
        sizes[index] === bytes.length &&
        Buffer.compare(this.#bytes.subarray(start, start + bytes.length), bytes) === 0
      )
        return this.#places[index];
      const step = steps[index] as number;
      if (step === 0) return undefined;
      number -= step;
    }
    return undefined;
  }

  /** Remembers a block that `find` does not find, unless it is larger than all of the memory. @param bytes borrowed */
  add(bytes: Uint8Array, tag: number, place: Place): void {
    const size = bytes.length;
    if (size > this.#bytesSizeMax) return;
    this.#makeRoom(size);
    const { starts, sizes, hashes, tags } = this.#entries;
    const index = this.#next % starts.length;
    this.#bytes.set(bytes, this.#at);
    starts[index] = this.#at;
    sizes[index] = size;
    hashes[index] = hashOf(bytes, tag);
    tags[index] = tag;
    this.#places[index] = place;
    this.#at += size;
    this.#link(this.#next);
    this.#next += 1;
  }

  /** Forgets all, and gives the memory back. */
  clear(): void {
    this.#bytes = new Uint8Array(BYTES_SIZE_MIN);
    this.#entries = entriesOf(ENTRY_COUNT_MIN);
    this.#places = [];
    this.#oldest = 0;
    this.#next = 0;
    this.#at = 0;
  }

  #link(number: number): void {
    const { newest, steps, hashes } = this.#entries;
    const index = number % hashes.length;
    const bucket = (hashes[index] as number) & (newest.length - 1);
    const before = (newest[bucket] as number) - 1;
    steps[index] = before < this.#oldest ? 0 : number - before;
    newest[bucket] = number + 1;
  }

  #makeRoom(size: number): void {
    if (this.#next - this.#oldest === this.#entries.starts.length) this.#makeRoomForEntry();
    if (this.#at + size <= this.#bytes.length) {
      this.#forgetBytes(this.#at, this.#at + size);
      return;
    }
    if (this.#bytes.length < this.#bytesSizeMax) {
      // Nothing was overwritten yet: all bytes lie before `#at`.
      const length = Math.max(this.#bytes.length * 2, this.#at + size);
      const grown = new Uint8Array(Math.min(this.#bytesSizeMax, length));
      grown.set(this.#bytes.subarray(0, this.#at));
      this.#bytes = grown;
      this.#makeRoom(size);
      return;
    }
    // What lies between here and the end is older than all that lies before it.
    this.#forgetBytes(this.#at, this.#bytes.length);
    this.#at = 0;
    this.#forgetBytes(0, size);
  }

  /** Forgets the oldest entries, as long as they begin in a stretch that is to be overwritten. */
  #forgetBytes(from: number, end: number): void {
    const { starts, sizes } = this.#entries;
    while (this.#oldest < this.#next) {
      const index = this.#oldest % starts.length;
      const start = starts[index] as number;
      if (start >= end || start + (sizes[index] as number) <= from) return;
      this.#oldest += 1;
    }
  }

  #makeRoomForEntry(): void {
    const { starts } = this.#entries;
    if (starts.length === this.#entryCountMax) this.#oldest += 1;
    else this.#growEntries(Math.min(this.#entryCountMax, starts.length * 2));
  }

  #growEntries(length: number): void {
    const before = this.#entries;
    const lengthBefore = before.starts.length;
    const placesBefore = this.#places;
    const entries = entriesOf(length);
    this.#entries = entries;
    this.#places = [];
    for (let number = this.#oldest; number < this.#next; number += 1) {
      const from = number % lengthBefore;
      const to = number % length;
      entries.starts[to] = before.starts[from] as number;
      entries.sizes[to] = before.sizes[from] as number;
      entries.hashes[to] = before.hashes[from] as number;
      entries.tags[to] = before.tags[from] as number;
      this.#places[to] = placesBefore[from] as Place;
      this.#link(number);
    }
  }
}

function hashOf(bytes: Uint8Array, tag: number): number {
  return (crc32c(bytes) ^ Math.imul(tag, 0x9e37_79b1)) >>> 0;
}

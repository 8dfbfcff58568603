/**
 * Sealed samples of all series of a generation: encoded blocks in slabs of bytes, no object per block.
 *
 * A block is linked to the one that its series sealed before, and to its timestamps, which lie by themselves since
 * series of one target share them:
 *
 *     block       previous u32 · timestamps u32 · values size u32 · values (value-block kernel)
 *     timestamps  min f64 · max f64 (ms) · count u32 · size u32 · times (timestamp-block kernel)
 *
 * Addresses count units of 8 bytes over all slabs (32 GiB); 0 is none. A block costs 12 bytes and 3.5 of rounding.
 */
import { assert } from "@tideline/common";
import {
  decodeTimestamps,
  decodeValues,
  encodeTimestamps,
  packValuesInto,
} from "@tideline/kernels";

/** Samples that a block holds at most. */
const SEALED_COUNT_MAX = 32;

/** Units of 8 bytes in a slab of 1 MiB. */
const SLAB_SHIFT = 17;
const SLAB_LENGTH = 2 ** SLAB_SHIFT;
const SLAB_MASK = SLAB_LENGTH - 1;

const BLOCK_HEADER_SIZE = 12;
const TIMES_HEADER_SIZE = 24;

/** Times that are kept decoded, for the neighbours that seal or read the same ones: 32 KiB. */
const CACHE_SHIFT = 7;

/** Where a block starts; 0 is none. */
export type SealedAddress = number;

export class SealedBlocks {
  readonly #bytes: Uint8Array[] = [];
  readonly #words: Uint32Array[] = [];
  readonly #doubles: Float64Array[] = [];
  /** Units given out of the last slab. */
  #used = SLAB_LENGTH;
  /** Addresses of the timestamps that are kept, by hash; and they themselves, made with the first block. */
  readonly #cached = new Uint32Array(2 ** CACHE_SHIFT);
  #cachedTimes = new Float64Array(0);

  get memorySize(): number {
    return this.#bytes.length * SLAB_LENGTH * 8 + this.#cachedTimes.byteLength;
  }

  /**
   * Seals samples.
   *
   * @param previous the block that the new one is linked to
   * @param timestampsMs the first `count` strictly ascending; at most SEALED_COUNT_MAX; borrowed, as are the values
   * @param valueWords from wordsOf
   */
  add(
    previous: SealedAddress,
    timestampsMs: Float64Array,
    valueWords: Uint32Array,
    count: number,
  ): SealedAddress {
    assert(count > 0 && count <= SEALED_COUNT_MAX, "a sealed block holds 1 to 32 samples");
    const times = this.#timesOf(timestampsMs, count);
    const address = this.#allocate(BLOCK_HEADER_SIZE + 1 + count * 8);
    const words = this.#words[address >>> SLAB_SHIFT] as Uint32Array;
    const bytes = this.#bytes[address >>> SLAB_SHIFT] as Uint8Array;
    const start = address & SLAB_MASK;
    const size = packValuesInto(valueWords, count, bytes, start * 8 + BLOCK_HEADER_SIZE);
    words[start * 2] = previous;
    words[start * 2 + 1] = times;
    words[start * 2 + 2] = size;
    // What was taken too much goes back.
    this.#used = start + unitsOf(BLOCK_HEADER_SIZE + size);
    return address;
  }

  /** The block that its series sealed before. */
  previous(address: SealedAddress): SealedAddress {
    return this.#word(address, 0);
  }

  count(address: SealedAddress): number {
    return this.#word(this.#word(address, 1), 4);
  }

  minMs(address: SealedAddress): number {
    return this.#double(this.#word(address, 1), 0);
  }

  maxMs(address: SealedAddress): number {
    return this.#double(this.#word(address, 1), 1);
  }

  /** Unpacks a block to both columns, from `offset` on. */
  read(
    address: SealedAddress,
    timestampsMs: Float64Array,
    values: Float64Array,
    offset: number,
  ): void {
    const times = this.#word(address, 1);
    const count = this.#word(times, 4);
    const bytes = this.#bytes[address >>> SLAB_SHIFT] as Uint8Array;
    const start = (address & SLAB_MASK) * 8 + BLOCK_HEADER_SIZE;
    decodeValues(
      bytes.subarray(start, start + this.#word(address, 2)),
      values.subarray(offset, offset + count),
    );
    const known = this.#decodedTimes(times, count);
    for (let i = 0; i < count; i += 1) {
      timestampsMs[offset + i] = this.#cachedTimes[known + i] as number;
    }
  }

  /** Where in the cache the times stand, decoded if they were not there. */
  #decodedTimes(times: number, count: number): number {
    const entry = cacheEntry(this.#double(times, 0), this.#double(times, 1));
    const at = entry * SEALED_COUNT_MAX;
    if (this.#cached[entry] === times) return at;
    const start = (times & SLAB_MASK) * 8 + TIMES_HEADER_SIZE;
    const bytes = this.#bytes[times >>> SLAB_SHIFT] as Uint8Array;
    decodeTimestamps(
      bytes.subarray(start, start + this.#word(times, 5)),
      this.#cachedTimes.subarray(at, at + count),
    );
    this.#cached[entry] = times;
    return at;
  }

  /** The address of equal timestamps that are still in the cache, else of new ones. */
  #timesOf(timestampsMs: Float64Array, count: number): number {
    if (this.#cachedTimes.length === 0) {
      this.#cachedTimes = new Float64Array(SEALED_COUNT_MAX << CACHE_SHIFT);
    }
    const minMs = timestampsMs[0] as number;
    const maxMs = timestampsMs[count - 1] as number;
    const entry = cacheEntry(minMs, maxMs);
    const known = this.#cached[entry] as number;
    const at = entry * SEALED_COUNT_MAX;
    if (known !== 0 && this.#word(known, 4) === count) {
      let i = 0;
      while (i < count && this.#cachedTimes[at + i] === timestampsMs[i]) i += 1;
      if (i === count) return known;
    }
    const packed = encodeTimestamps(timestampsMs.subarray(0, count));
    const address = this.#allocate(TIMES_HEADER_SIZE + packed.length);
    const start = address & SLAB_MASK;
    const doubles = this.#doubles[address >>> SLAB_SHIFT] as Float64Array;
    doubles[start] = minMs;
    doubles[start + 1] = maxMs;
    const words = this.#words[address >>> SLAB_SHIFT] as Uint32Array;
    words[start * 2 + 4] = count;
    words[start * 2 + 5] = packed.length;
    (this.#bytes[address >>> SLAB_SHIFT] as Uint8Array).set(packed, start * 8 + TIMES_HEADER_SIZE);
    this.#cached[entry] = address;
    for (let i = 0; i < count; i += 1) this.#cachedTimes[at + i] = timestampsMs[i] as number;
    return address;
  }

  #word(address: number, index: number): number {
    const words = this.#words[address >>> SLAB_SHIFT] as Uint32Array;
    return words[(address & SLAB_MASK) * 2 + index] as number;
  }

  #double(address: number, index: number): number {
    const doubles = this.#doubles[address >>> SLAB_SHIFT] as Float64Array;
    return doubles[(address & SLAB_MASK) + index] as number;
  }

  #allocate(size: number): number {
    const length = unitsOf(size);
    if (this.#used + length > SLAB_LENGTH) {
      const buffer = new ArrayBuffer(SLAB_LENGTH * 8);
      this.#bytes.push(new Uint8Array(buffer));
      this.#words.push(new Uint32Array(buffer));
      this.#doubles.push(new Float64Array(buffer));
      // Address 0 is given to nothing.
      this.#used = 1;
    }
    const address = (this.#bytes.length - 1) * SLAB_LENGTH + this.#used;
    this.#used += length;
    return address;
  }
}

function unitsOf(size: number): number {
  return (size + 7) >>> 3;
}

/** Neither exact nor untrusted: a wrong guess costs time and bytes. */
function cacheEntry(minMs: number, maxMs: number): number {
  const mixed = Math.imul((minMs % 0x1_0000_0000) ^ ((maxMs % 0x1_0000_0000) * 3), 0x9e37_79b1);
  return mixed >>> (32 - CACHE_SHIFT);
}

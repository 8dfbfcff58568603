/**
 * Packs columns of timestamps, each distinct one once: series of one target share their times, so most
 * columns are found again and not packed. Equal means equal times; the hash only finds candidates.
 */
import { encodeTimestamps } from "@tideline/kernels";
import type { TimestampBlock } from "@tideline/model";

/** Timestamps kept for comparison; past it all are forgotten, which costs bytes and is never wrong. */
const KEPT_COUNT_MAX = 1024 * 1024;
const CANDIDATES_MAX = 8;

interface Packed {
  readonly timestampsMs: Float64Array;
  readonly block: TimestampBlock;
}

export class TimestampPacker {
  #nextId: number;
  readonly #byHash = new Map<number, Packed[]>();
  #keptCount = 0;

  constructor(firstId: number) {
    this.#nextId = firstId;
  }

  /** @param timestampsMs strictly ascending, not empty; borrowed */
  pack(timestampsMs: Float64Array): TimestampBlock {
    const hash = hashOf(timestampsMs);
    const candidates = this.#byHash.get(hash);
    const known = candidates?.find((packed) => isEqual(packed.timestampsMs, timestampsMs));
    if (known) return known.block;
    const block: TimestampBlock = {
      id: this.#nextId,
      count: timestampsMs.length,
      minMs: timestampsMs[0] as number,
      maxMs: timestampsMs[timestampsMs.length - 1] as number,
      bytes: encodeTimestamps(timestampsMs),
    };
    this.#nextId += 1;
    if (this.#keptCount + timestampsMs.length > KEPT_COUNT_MAX) {
      this.#byHash.clear();
      this.#keptCount = 0;
    } else if (candidates && candidates.length >= CANDIDATES_MAX) {
      return block;
    }
    this.#keptCount += timestampsMs.length;
    const packed = { timestampsMs: timestampsMs.slice(), block };
    const kept = this.#byHash.get(hash);
    if (kept) kept.push(packed);
    else this.#byHash.set(hash, [packed]);
    return block;
  }
}

function isEqual(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Count, first, last and a few times between. */
function hashOf(timestampsMs: Float64Array): number {
  const count = timestampsMs.length;
  const stride = Math.max(1, count >>> 3);
  let hash = count;
  for (let i = 0; i < count; i += stride) hash = mix(hash, timestampsMs[i] as number);
  return mix(hash, timestampsMs[count - 1] as number);
}

function mix(hash: number, ms: number): number {
  return Math.imul(hash ^ (ms % 0x1_0000_0000), 0x9e37_79b1) ^ (hash >>> 15);
}

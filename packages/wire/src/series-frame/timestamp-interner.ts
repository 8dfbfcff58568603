/**
 * Gives equal timestamp blocks of one answer the same id, whichever lane or node they come from.
 *
 * Equal means equal bytes: the hash only finds candidates. What cannot be interned (budget used up,
 * too many blocks with one hash) gets an id of its own, which is always right and costs a window more.
 */
import { compareBytes } from "@tideline/common";
import type { TimestampBlock } from "@tideline/model";

/** Bytes of timestamp blocks that are kept for comparison. */
const INTERNED_SIZE_MAX = 64 * 1024 * 1024;

/** Blocks with one hash that are compared; more come only on purpose. */
const CANDIDATES_MAX = 16;

export class TimestampInterner {
  readonly #byHash = new Map<number, TimestampBlock[]>();
  #size = 0;
  #nextId = 0;

  /** @param block its bytes are copied when kept, so that they do not hold a whole frame in memory */
  intern(block: Omit<TimestampBlock, "id">): TimestampBlock {
    const hash = hashOf(block.bytes);
    const candidates = this.#byHash.get(hash) ?? [];
    for (const candidate of candidates) {
      if (
        candidate.count === block.count &&
        candidate.minMs === block.minMs &&
        candidate.maxMs === block.maxMs &&
        compareBytes(candidate.bytes, block.bytes) === 0
      ) {
        return candidate;
      }
    }
    const id = this.#nextId;
    this.#nextId += 1;
    if (candidates.length >= CANDIDATES_MAX) return { ...block, id };
    if (this.#size + block.bytes.length > INTERNED_SIZE_MAX) return { ...block, id };
    const kept = { ...block, id, bytes: new Uint8Array(block.bytes) };
    this.#size += kept.bytes.length;
    if (candidates.length === 0) this.#byHash.set(hash, [kept]);
    else candidates.push(kept);
    return kept;
  }
}

/** FNV-1a over the bytes, with its length mixed in: 1 ns a byte, and once per block and frame. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5 ^ bytes.length;
  for (let i = 0; i < bytes.length; i += 1) {
    hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  }
  return hash | 0;
}

/**
 * Keeps each distinct timestamp block once: all series of a target share its times, so they cost almost nothing.
 *
 * Memory is bounded: past the budget the oldest blocks are forgotten, and would be stored again.
 */
import { encodeTimestamps } from "@tideline/kernels";
import type { PartSink, UnitPointer } from "./part-sink.ts";

const SIZE_MAX = 16 * 1024 * 1024;
/** Rough cost of a map entry, in bytes. */
const ENTRY_SIZE = 150;

export class TimestampStore {
  readonly #sink: PartSink;
  readonly #sizeMax: number;
  /** By the block's bytes, one character per byte: exact, never by a hash alone. */
  readonly #pointers = new Map<string, UnitPointer>();
  #size = 0;
  #blockCount = 0;

  constructor(sink: PartSink, sizeMax = SIZE_MAX) {
    this.#sink = sink;
    this.#sizeMax = sizeMax;
  }

  /** Blocks stored. */
  get blockCount(): number {
    return this.#blockCount;
  }

  /** No more blocks come: gives back the memory for those that are remembered. */
  forget(): void {
    this.#pointers.clear();
    this.#size = 0;
  }

  /** @param timestampsMs of one block; borrowed */
  store(timestampsMs: Float64Array): UnitPointer {
    return this.storeBlock(encodeTimestamps(timestampsMs), timestampsMs.length);
  }

  /** @param bytes of a timestamp block of `count` times; borrowed */
  storeBlock(bytes: Uint8Array, count: number): UnitPointer {
    // Blocks of different counts may have equal bytes: the count is part of what a reader needs.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    const id = `${count}:${text}`;
    const known = this.#pointers.get(id);
    if (known) return known;
    const pointer = this.#sink.appendUnit(bytes);
    this.#pointers.set(id, pointer);
    this.#size += id.length + ENTRY_SIZE;
    this.#blockCount += 1;
    for (const oldest of this.#pointers.keys()) {
      if (this.#size <= this.#sizeMax) break;
      this.#pointers.delete(oldest);
      this.#size -= oldest.length + ENTRY_SIZE;
    }
    return pointer;
  }
}

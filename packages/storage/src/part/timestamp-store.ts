/**
 * Keeps each distinct timestamp block once: all series of a target share its times, so they cost almost nothing.
 *
 * Memory is bounded: past the budget the oldest blocks are forgotten, and would be stored again.
 */
import { encodeTimestamps } from "@tideline/kernels";
import { KnownBlocks } from "./known-blocks.ts";
import type { PartSink, UnitPointer } from "./part-sink.ts";

const SIZE_MAX = 16 * 1024 * 1024;

export class TimestampStore {
  readonly #sink: PartSink;
  /** By the bytes and, as their tag, the count: blocks of different counts may have equal bytes. */
  readonly #known: KnownBlocks<UnitPointer>;
  #blockCount = 0;

  constructor(sink: PartSink, sizeMax = SIZE_MAX) {
    this.#sink = sink;
    this.#known = new KnownBlocks(sizeMax);
  }

  /** Blocks stored. */
  get blockCount(): number {
    return this.#blockCount;
  }

  /** No more blocks come: gives back the memory for those that are remembered. */
  forget(): void {
    this.#known.clear();
  }

  /** @param timestampsMs of one block; borrowed */
  store(timestampsMs: Float64Array): UnitPointer {
    return this.storeBlock(encodeTimestamps(timestampsMs), timestampsMs.length);
  }

  /** @param bytes of a timestamp block of `count` times; borrowed */
  storeBlock(bytes: Uint8Array, count: number): UnitPointer {
    const known = this.#known.find(bytes, count);
    if (known) return known;
    const pointer = this.#sink.appendUnit(bytes);
    this.#known.add(bytes, count, pointer);
    this.#blockCount += 1;
    return pointer;
  }
}

/** Collects the blocks of a series from several sources, to put them in order. Its memory is used again for the next series. */
import { ByteWriter } from "@tideline/common";
import type { TimestampBlock } from "@tideline/model";
import type { SeriesTarget } from "./series-target.ts";

interface CollectedBlock {
  readonly timestamps: TimestampBlock;
  /** Of the collected bytes. */
  readonly start: number;
  readonly end: number;
}

export class SeriesCollector implements SeriesTarget {
  readonly #key = new ByteWriter();
  readonly #bytes = new ByteWriter(4096);
  #blocks: CollectedBlock[] = [];
  #isAscending = true;

  /** The key is the same whichever source gives it. */
  beginSeries(bytes: Uint8Array, keyStart: number, keyEnd: number): void {
    this.#key.clear();
    this.#key.part(bytes, keyStart, keyEnd);
  }

  putBlock(timestamps: TimestampBlock, bytes: Uint8Array, start: number, end: number): void {
    const before = this.#blocks.at(-1);
    if (before && before.timestamps.minMs > timestamps.minMs) this.#isAscending = false;
    const at = this.#bytes.size;
    this.#bytes.part(bytes, start, end);
    this.#blocks.push({ timestamps, start: at, end: this.#bytes.size });
  }

  /** Puts all blocks, ascending by their first times, and is empty then. */
  moveTo(target: SeriesTarget): void {
    const blocks = this.#blocks;
    if (!this.#isAscending) blocks.sort((a, b) => a.timestamps.minMs - b.timestamps.minMs);
    target.beginSeries(this.#key.bytes(), 0, this.#key.size);
    const bytes = this.#bytes.bytes();
    for (const { timestamps, start, end } of blocks) target.putBlock(timestamps, bytes, start, end);
    this.#blocks = [];
    this.#isAscending = true;
    this.#bytes.clear();
  }
}

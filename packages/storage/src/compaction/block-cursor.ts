/**
 * Goes through the samples of one series of one part in time order, one decoded block at a time: so a merge takes 128 KiB per
 * part, however long the series are.
 */
import { assert } from "@tideline/common";
import { decodeTimestamps, decodeValues, VALUES_PER_BLOCK_MAX } from "@tideline/kernels";
import { wordsOf } from "@tideline/model";
import type { TimeRange } from "../deletes/time-ranges.ts";
import { partDamage } from "../part/format.ts";
import type { PartReader } from "../part/part-reader.ts";
import type { PartBlock } from "../part/series-entry.ts";
import { lowerBound } from "../search/lower-bound.ts";
import type { TimeWindow } from "./plan.ts";

const NO_BLOCKS: readonly PartBlock[] = [];

export class BlockCursor {
  readonly part: PartReader;
  readonly #window: TimeWindow;
  readonly #timesBuffer = new Float64Array(VALUES_PER_BLOCK_MAX);
  readonly #valuesBuffer = new Float64Array(VALUES_PER_BLOCK_MAX);
  readonly #words = wordsOf(this.#valuesBuffer);
  #blocks = NO_BLOCKS;
  #deleted: readonly TimeRange[] = [];
  #blockIndex = -1;
  /** Samples of the block that are left; both 0 while it is not decoded. */
  #index = 0;
  #end = 0;
  #headMs = Infinity;

  constructor(part: PartReader, window: TimeWindow) {
    this.part = part;
    this.#window = window;
  }

  /** Starts with a series. @param deleted ranges whose samples are left out */
  open(blocks: readonly PartBlock[], deleted: readonly TimeRange[]): void {
    this.#blocks = blocks;
    this.#deleted = deleted;
    this.#blockIndex = -1;
    this.#next();
  }

  /** Time of the next sample; Infinity at the end. */
  get headMs(): number {
    return this.#headMs;
  }

  /** The block that comes next as a whole, none of it taken or left out; else null. */
  get wholeBlock(): PartBlock | null {
    return this.#end === 0 && this.#headMs < Infinity ? this.#block : null;
  }

  skipBlock(): void {
    assert(this.wholeBlock, "a block that is skipped was not begun");
    this.#next();
  }

  /** Decoded samples from the next one on, up to before `limitMs`: `take` tells how many there are. */
  get times(): Float64Array {
    return this.#timesBuffer;
  }

  get values(): Float64Array {
    return this.#valuesBuffer;
  }

  /** Words of `values`. */
  get words(): Uint32Array {
    return this.#words;
  }

  /** Index of the next sample in `times` and `values`. */
  index(): number {
    if (this.#end === 0) this.#decode(this.#block);
    return this.#index;
  }

  /** Index past the last sample at hand that is before `limitMs`. Call `index` first. */
  endBefore(limitMs: number): number {
    return lowerBound(this.#timesBuffer, this.#end, limitMs);
  }

  /** Goes on to `index`, which is at most past the last sample at hand. */
  advanceTo(index: number): void {
    this.#index = index;
    if (index < this.#end) this.#headMs = this.#timesBuffer[index] as number;
    else this.#next();
  }

  get #block(): PartBlock {
    return this.#blocks[this.#blockIndex] as PartBlock;
  }

  /** To the next block that has samples in the window. */
  #next(): void {
    this.#index = 0;
    this.#end = 0;
    for (;;) {
      this.#blockIndex += 1;
      const block = this.#blocks[this.#blockIndex];
      if (!block) {
        this.#headMs = Infinity;
        return;
      }
      const { startMs, endMs } = this.#window;
      if (block.maxMs < startMs || block.minMs >= endMs) continue;
      const isWhole = block.minMs >= startMs && block.maxMs < endMs && !this.#isTouched(block);
      if (!isWhole) {
        this.#decode(block);
        if (this.#end === 0) continue;
      }
      this.#headMs = isWhole ? block.minMs : (this.#timesBuffer[0] as number);
      return;
    }
  }

  #isTouched({ minMs, maxMs }: PartBlock): boolean {
    return this.#deleted.some(({ startMs, endMs }) => startMs <= maxMs && endMs >= minMs);
  }

  #decode(block: PartBlock): void {
    this.#unpack(block);
    const { count } = block;
    const times = this.#timesBuffer;
    const { startMs, endMs } = this.#window;
    this.#index = 0;
    this.#end = count;
    if (block.minMs < startMs || block.maxMs >= endMs) {
      const from = lowerBound(times, count, startMs);
      this.#keep(from, lowerBound(times, count, endMs));
    }
    if (this.#isTouched(block)) this.#leaveOut();
  }

  #unpack(block: PartBlock): void {
    const { count } = block;
    const { bytes, timestamps } = this.part.valueBlock(block);
    try {
      decodeTimestamps(timestamps.bytes, this.#timesBuffer.subarray(0, count));
      decodeValues(bytes, this.#valuesBuffer.subarray(0, count));
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw partDamage(this.part.path, block.value.offset, cause.message, cause);
    }
  }

  /** Moves a stretch to the front. */
  #keep(from: number, end: number): void {
    this.#timesBuffer.copyWithin(0, from, end);
    this.#valuesBuffer.copyWithin(0, from, end);
    this.#end = end - from;
  }

  #leaveOut(): void {
    const times = this.#timesBuffer;
    for (const { startMs, endMs } of this.#deleted) {
      const from = lowerBound(times, this.#end, startMs);
      const to = lowerBound(times, this.#end, endMs + 1);
      if (to === from) continue;
      times.copyWithin(from, to, this.#end);
      this.#valuesBuffer.copyWithin(from, to, this.#end);
      this.#end -= to - from;
    }
  }
}

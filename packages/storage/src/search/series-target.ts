/** Where a search source leaves the blocks of a series: the frame that is being made (SeriesFrameEncoder), or a collector. */
import type { TimestampBlock } from "@tideline/model";

export interface SeriesTarget {
  /** Begins a series. @param bytes where its key is; borrowed until its last block is put */
  beginSeries(bytes: Uint8Array, keyStart: number, keyEnd: number): void;
  /** A block of it, with the values that are `bytes` from `start` to `end`; borrowed: they are copied. */
  putBlock(timestamps: TimestampBlock, bytes: Uint8Array, start: number, end: number): void;
}

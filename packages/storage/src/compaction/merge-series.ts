/**
 * Merges the samples of one series from several parts: ascending in time, those at one time by law 3. Stretches that only one part
 * has go over as a whole, and blocks that nothing meets need not even be unpacked.
 */
import { VALUES_PER_BLOCK_MAX } from "@tideline/kernels";
import { beats } from "@tideline/model";
import type { BlockCursor } from "./block-cursor.ts";
import type { SeriesOutput } from "./series-output.ts";

export interface MergeSeriesOptions {
  /** Blocks of at least so many samples are taken over as they are; Infinity = none. */
  readonly copyCountMin: number;
}

/** @returns samples that lost against another one at their time */
export function mergeSeries(
  cursors: readonly BlockCursor[],
  output: SeriesOutput,
  { copyCountMin }: MergeSeriesOptions,
): number {
  let lostCount = 0;
  for (;;) {
    let first: BlockCursor | null = null;
    let headMs = Infinity;
    let limitMs = Infinity;
    for (const cursor of cursors) {
      const ms = cursor.headMs;
      if (ms < headMs) {
        limitMs = headMs;
        headMs = ms;
        first = cursor;
      } else if (ms < limitMs) {
        limitMs = ms;
      }
    }
    if (!first) return lostCount;
    if (headMs === limitMs) lostCount += takeOne(cursors, headMs, output);
    else if (!copyBlock(first, limitMs, output, copyCountMin)) takeRun(first, limitMs, output);
  }
}

/** The samples of one part that are older than any of the others. */
function takeRun(cursor: BlockCursor, limitMs: number, output: SeriesOutput): void {
  const start = cursor.index();
  const end = cursor.endBefore(limitMs);
  output.append(cursor.times, cursor.values, start, end);
  cursor.advanceTo(end);
}

/** Several parts have a sample at one time. @returns how many of them lost */
function takeOne(cursors: readonly BlockCursor[], ms: number, output: SeriesOutput): number {
  let winner: BlockCursor | null = null;
  let count = 0;
  for (const cursor of cursors) {
    if (cursor.headMs !== ms) continue;
    count += 1;
    const index = cursor.index();
    if (!winner || beats(cursor.words, index, winner.words, winner.index())) winner = cursor;
  }
  if (winner) output.appendOne(ms, winner.words, winner.index());
  for (const cursor of cursors) {
    if (cursor.headMs === ms) cursor.advanceTo(cursor.index() + 1);
  }
  return count - 1;
}

/** @returns whether the next block could be taken over as it is */
function copyBlock(
  cursor: BlockCursor,
  limitMs: number,
  output: SeriesOutput,
  copyCountMin: number,
): boolean {
  const block = cursor.wholeBlock;
  if (!block || block.count < copyCountMin || block.maxMs >= limitMs) return false;
  // What waits would become a block shorter than it must be: only before a full one.
  if (output.waitingCount > 0 && block.count < VALUES_PER_BLOCK_MAX) return false;
  const { bytes, timestamps } = cursor.part.valueBlock(block);
  output.copy({ facts: block, values: bytes, timestamps: timestamps.bytes });
  cursor.skipBlock();
  return true;
}

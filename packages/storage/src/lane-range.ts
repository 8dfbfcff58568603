/**
 * Lane ranges: which share of the identity space a file holds, whatever the number of lanes was when it was
 * written. Range i of n holds the identities whose `identityRange(identity, n)` is i.
 */
import { assert } from "@tideline/common";

export interface LaneRange {
  /** 0 ≤ index < count. */
  readonly index: number;
  /** Lanes of the storage that wrote the file; 1 ≤ count ≤ LANE_COUNT_MAX. */
  readonly count: number;
}

export const LANE_COUNT_MAX = 65_536;

export function isLaneRange({ index, count }: LaneRange): boolean {
  return count >= 1 && count <= LANE_COUNT_MAX && index >= 0 && index < count;
}

/** First and one past the last value of an identity's first word (big endian) in the range. */
export function wordsOfRange(range: LaneRange): { firstWord: number; endWord: number } {
  assert(isLaneRange(range), "a lane range is i of n");
  return {
    firstWord: Math.ceil((range.index * 0x1_0000_0000) / range.count),
    endWord: Math.ceil(((range.index + 1) * 0x1_0000_0000) / range.count),
  };
}

/** Whether some identity falls into both. */
export function rangesMeet(a: LaneRange, b: LaneRange): boolean {
  const wordsA = wordsOfRange(a);
  const wordsB = wordsOfRange(b);
  return wordsA.firstWord < wordsB.endWord && wordsB.firstWord < wordsA.endWord;
}

/** Whether all identities of `inner` fall into `outer`. */
export function rangeCovers(outer: LaneRange, inner: LaneRange): boolean {
  const outerWords = wordsOfRange(outer);
  const innerWords = wordsOfRange(inner);
  return outerWords.firstWord <= innerWords.firstWord && innerWords.endWord <= outerWords.endWord;
}

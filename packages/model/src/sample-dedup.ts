/**
 * The rule of `-dedup.minScrapeInterval`, for merges and for queries: time is cut at multiples of D, and of each interval (kD - D, kD]
 * the newest sample stays. Of samples at one time sample-merge.ts has left one before.
 */

/** End of the interval that a time lies in. @param intervalMs above 0 */
function intervalEndMs(ms: number, intervalMs: number): number {
  return Math.ceil(ms / intervalMs) * intervalMs;
}

/** Whether a sample leaves its place to a newer one. */
export function inSameInterval(ms: number, newerMs: number, intervalMs: number): boolean {
  return newerMs <= intervalEndMs(ms, intervalMs);
}

/** Whether two of the first `count` samples lie in one interval. @param timestampsMs ascending */
export function isCrowded(timestampsMs: Float64Array, count: number, intervalMs: number): boolean {
  for (let i = 1; i < count; i += 1) {
    const ms = timestampsMs[i - 1] as number;
    const newerMs = timestampsMs[i] as number;
    // Most senders are slower than the interval: those need no division.
    if (newerMs - ms < intervalMs && inSameInterval(ms, newerMs, intervalMs)) return true;
  }
  return false;
}

/** Samples in columns; `words` are the bits of their values. */
export interface SampleColumns {
  readonly timestampsMs: Float64Array;
  readonly words: Uint32Array;
}

/**
 * Copies what stays of the first `count` samples, ascending in time, to the front of `target`, which has room for all of them.
 *
 * @returns how many stay
 */
export function keepNewest(
  { timestampsMs, words }: SampleColumns,
  count: number,
  intervalMs: number,
  target: SampleColumns,
): number {
  let keptCount = 0;
  for (let i = 0; i < count; i += 1) {
    const endMs = intervalEndMs(timestampsMs[i] as number, intervalMs);
    while (i + 1 < count && (timestampsMs[i + 1] as number) <= endMs) i += 1;
    target.timestampsMs[keptCount] = timestampsMs[i] as number;
    target.words[keptCount * 2] = words[i * 2] as number;
    target.words[keptCount * 2 + 1] = words[i * 2 + 1] as number;
    keptCount += 1;
  }
  return keptCount;
}

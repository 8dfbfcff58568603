/**
 * Which time a lane takes and keeps. For deleting, "now" is the wall clock, but not past the newest sample by more
 * than two days: a clock that jumps ahead deletes nothing.
 */
import type { TimeBounds } from "./intake.ts";

const CLOCK_TRUST_MS = 2 * 24 * 3_600_000;

export interface RetentionOptions {
  readonly retentionMs: number;
  readonly futureRetentionMs: number;
}

/** Times of samples that are taken. */
export function acceptedBounds(nowMs: number, options: RetentionOptions): TimeBounds {
  return {
    oldestMs: nowMs - options.retentionMs,
    newestMs: nowMs + options.futureRetentionMs,
  };
}

/** Parts whose newest sample is before this time are dropped. */
export function dropBeforeMs(
  nowMs: number,
  newestSampleMs: number,
  options: RetentionOptions,
): number {
  return Math.min(nowMs, newestSampleMs + CLOCK_TRUST_MS) - options.retentionMs;
}

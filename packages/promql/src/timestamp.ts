/**
 * The time behind an @: seconds as they are written, and the milliseconds that they mean. Seconds times 1,000 is rounded in doubles, as
 * Prometheus does it; so far from our century two texts a millisecond apart may mean one time, and three decimals may mean the next one.
 */
import { floatText } from "./float-text.ts";

/** Go's rounding; never -0. */
export function timestampMsOf(seconds: number): number {
  const ms = seconds * 1_000;
  return Math.sign(ms) * Math.round(Math.abs(ms)) + 0;
}

/** Seconds that are read as this time again: three decimals, as Prometheus prints them, wherever these do. */
export function timestampText(timestampMs: number): string {
  const seconds = timestampMs / 1_000;
  if (!Number.isSafeInteger(timestampMs)) return floatText(seconds);
  const text = seconds.toFixed(3);
  if (timestampMsOf(Number(text)) === timestampMs) return text;
  // Neighbours of the same time, a fraction of a millisecond away: where doubles are that far apart, one of them is what was written.
  const near = [0, -0.25, 0.25, -0.5, 0.5, -0.75, 0.75]
    .map((shiftMs) => seconds + shiftMs / 1_000)
    .find((candidate) => timestampMsOf(candidate) === timestampMs);
  return near === undefined ? text : floatText(near);
}

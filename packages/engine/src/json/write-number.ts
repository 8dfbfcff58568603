/**
 * Floats to digits, straight into bytes.
 *
 * Values of up to 15 digits with up to 9 decimals, which most gauges and counters are, are scaled to an integer and
 * written digit by digit: a decimal of at most 15 digits that reads back to the float is its shortest form, since two
 * such decimals never share a float. All others take the digits of V8. Cost: bench/engine.ts.
 */
import { sampleText } from "@tideline/promql";

const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const INTEGER_MAX = 1e15;

/** Writes the value of a sample at `start`. @param bytes with room for 400 more. @returns where it ends */
export function writeFloat(value: number, bytes: Uint8Array, start: number): number {
  const magnitude = value < 0 ? -value : value;
  if (magnitude < INTEGER_MAX && magnitude >= 1e-6) {
    const decimals = decimalsOf(magnitude);
    if (decimals >= 0) {
      let at = start;
      if (value < 0) {
        bytes[at] = 45; // -
        at += 1;
      }
      const scaled = Math.round(magnitude * (POWERS[decimals] as number));
      return writeScaled(scaled, decimals, bytes, at);
    }
  }
  const text = sampleText(value);
  let at = start;
  for (let i = 0; i < text.length; i += 1, at += 1) bytes[at] = text.charCodeAt(i);
  return at;
}

/** The least count of decimals that gives the float back, at most 9 and at most 15 digits in all; -1 for none. */
function decimalsOf(magnitude: number): number {
  if (Math.floor(magnitude) === magnitude) return 0;
  // Fewer decimals do only if the most do: one test tells.
  let most = 9;
  while (magnitude * (POWERS[most] as number) >= INTEGER_MAX) most -= 1;
  if (most === 0 || !isExact(magnitude, POWERS[most] as number)) return -1;
  let decimals = 1;
  while (!isExact(magnitude, POWERS[decimals] as number)) decimals += 1;
  return decimals;
}

function isExact(magnitude: number, power: number): boolean {
  return Math.round(magnitude * power) / power === magnitude;
}

/** Writes scaled / 10^decimals; the last decimal is not 0. */
function writeScaled(scaled: number, decimals: number, bytes: Uint8Array, start: number): number {
  const digitCount = Math.max(digitCountOf(scaled), decimals + 1);
  const end = start + digitCount + (decimals > 0 ? 1 : 0);
  let at = end - 1;
  // Halves of at most 8 digits keep the divisions in 32-bit integers.
  const high = Math.floor(scaled / 1e8);
  let rest = (scaled - high * 1e8) | 0;
  let written = 0;
  for (let half = 0; half < 2; half += 1) {
    const stop = half === 0 ? Math.min(8, digitCount) : digitCount;
    while (written < stop) {
      if (written === decimals && decimals > 0) {
        bytes[at] = 46; // .
        at -= 1;
      }
      const tenth = (rest / 10) | 0;
      bytes[at] = 48 + rest - tenth * 10;
      at -= 1;
      rest = tenth;
      written += 1;
    }
    rest = high | 0;
  }
  return end;
}

function digitCountOf(integer: number): number {
  let count = 1;
  let bound = 10;
  while (integer >= bound) {
    bound *= 10;
    count += 1;
  }
  return count;
}

/** Seconds, with three decimals if they are no whole ones, as Prometheus writes the times of samples: 1435781451.780. */
export function timeText(timeMs: number): string {
  const sign = timeMs < 0 ? "-" : "";
  const magnitude = Math.abs(timeMs);
  const seconds = Math.floor(magnitude / 1000);
  const ms = magnitude - seconds * 1000;
  return ms === 0 ? `${sign}${seconds}` : `${sign}${seconds}.${String(ms).padStart(3, "0")}`;
}

/** A float taken apart into a fraction and a power of two, and put together again. */

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const LEAST_NORMAL = 2 ** -1022;

/** The exponent e of x = fraction × 2^e, 0.5 ≤ |fraction| < 1. @param x finite, not 0 */
export function exponentOf(x: number): number {
  if (Math.abs(x) < LEAST_NORMAL) return exponentOf(x * 2 ** 52) - 52;
  float[0] = x;
  return (((words[1] as number) >>> 20) & 0x7ff) - 1022;
}

/** The fraction of the same. @param x finite, not 0 */
export function fractionOf(x: number): number {
  if (Math.abs(x) < LEAST_NORMAL) return fractionOf(x * 2 ** 52);
  float[0] = x;
  words[1] = ((words[1] as number) & ~0x7ff0_0000) | (1022 << 20);
  return float[0];
}

/** value × 2^exponent, rounded once. @param value finite, not 0 */
export function scaled(value: number, exponent: number): number {
  const fraction = fractionOf(value);
  const whole = exponent + exponentOf(value);
  if (whole > 1024) return fraction * Infinity;
  if (whole < -1080) return fraction * 0;
  if (whole > -1022) return fraction * 2 * 2 ** (whole - 1);
  return fraction * 2 ** (whole + 60) * 2 ** -60;
}

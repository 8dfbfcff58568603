/** Logarithms to the last digit of Go on amd64, which Prometheus and its friends run on. */
import { exponentOf, fractionOf } from "./float-parts.ts";

/** ln 2 in two parts; the products of the upper one and an exponent are exact. */
const LN2_UPPER = 0.6931471803691238;
const LN2_LOWER = 1.9082149292705877e-10;
/** Of ln((1 + s) / (1 - s)) / s - 2 as a polynomial in s². */
const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605116586;

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

/**
 * Natural logarithm after FreeBSD: of x = 2^k (1 + f) with 1 + f about 1, where f goes through the series of its logarithm.
 * As in Go's amd64 build one branch serves all numbers, and a subnormal one passes for a normal one of the least exponent.
 */
export function ln(x: number): number {
  if (!(x > 0) || x === Infinity) return x === 0 ? -Infinity : x > 0 ? x : NaN;
  float[0] = x;
  const high = words[1] as number;
  let exponent = (high >>> 20) - 1022;
  words[1] = (high & 0xf_ffff) | 0x3fe0_0000;
  let fraction = float[0];
  if (fraction <= Math.SQRT1_2) {
    fraction *= 2;
    exponent -= 1;
  }
  const f = fraction - 1;
  const s = f / (2 + f);
  const s2 = s * s;
  const s4 = s2 * s2;
  const odd = s2 * (L1 + s4 * (L3 + s4 * (L5 + s4 * L7)));
  const even = s4 * (L2 + s4 * (L4 + s4 * L6));
  const halfSquare = 0.5 * f * f;
  const series = s * (halfSquare + (odd + even)) + exponent * LN2_LOWER;
  return exponent * LN2_UPPER - (halfSquare - series - f);
}

/** Binary logarithm by the exponent and the logarithm of the fraction, which is exact for powers of two. */
export function log2(x: number): number {
  if (!(x > 0) || x === Infinity) return ln(x);
  const fraction = fractionOf(x);
  const exponent = exponentOf(x);
  return fraction === 0.5 ? exponent - 1 : ln(fraction) * Math.LOG2E + exponent;
}

/** Decimal logarithm, from the natural one. */
export function log10(x: number): number {
  return ln(x) * Math.LOG10E;
}

/**
 * The exponential function to the last digit of Go on amd64, which Prometheus and its friends run on.
 *
 * Go's way is Shibata's: the argument is brought near 0 by a multiple of ln 2, a sixteenth of the rest goes through the Taylor
 * series of e^x - 1, four doublings bring it back. The processor fuses multiplications and additions there, so the last digit
 * hangs on the errors of products. They are worked out only where they can matter: of the four steps that are fused here one
 * has no error but in its sum, one need not be exact, and the rest of the series is far below the last digit.
 */
import { fusedMultiplyAdd, onePlusProduct } from "./fused.ts";

const GREATEST_ARGUMENT = 7.09782712893384e2;
/** From here down e^x is 0. */
const ZERO_END = -800;
/** The nearest whole number, halves to the even one, is what is left when this was added and taken away again. */
const ROUNDER = 1.5 * 2 ** 52;

/** ln 2 in three parts; products of an exponent and any of them are exact. */
const LN2_UPPER = 0.693147180559663;
const LN2_LOWER = 2.8235290563031577e-13;
const LN2_MIDDLE = LN2_LOWER + 1.5 * 2 ** -31 - 1.5 * 2 ** -31;
const LN2_LEAST = LN2_LOWER - LN2_MIDDLE;

/** 1 / n!, of the Taylor series. */
const C3 = 0.16666666666666666;
const C4 = 0.041666666666666664;
const C5 = 0.008333333333333333;
const C6 = 0.001388888888888889;
const C7 = 0.0001984126984126984;
const C8 = 2.48015873015873e-5;

/** Half of a unit in the last place of numbers from ½ to 1 and from ¼ to ½. */
const HALF_UNIT_OF_HALF = 2 ** -54;
const HALF_UNIT_BELOW_HALF = 2 ** -55;

/**
 * How far the series before its square is off at most when it is not fused: the coefficient before it by one unit in its last
 * place (2^-55), times the rest (0.02167), and the error of that product (2^-62).
 */
const HALF_ERROR = 2 ** -60;

/** e^x */
export function exp(x: number): number {
  if (!(x <= GREATEST_ARGUMENT && x > ZERO_END)) return x > 0 ? Infinity : x < 0 ? 0 : x;
  const exponent = x * Math.LOG2E + ROUNDER - ROUNDER;
  const rest = reduced(x, exponent) * 0.0625;
  const sum = series(rest);
  // e^2y - 1 = (e^y - 1) × ((e^y - 1) + 2).
  let lessOne = rest * sum;
  lessOne *= lessOne + 2;
  lessOne *= lessOne + 2;
  lessOne *= lessOne + 2;
  return timesPowerOfTwo(onePlusProduct(lessOne, lessOne + 2), exponent);
}

/** x - exponent × ln 2, where only the last subtraction rounds. */
function reduced(x: number, exponent: number): number {
  const upper = x - exponent * LN2_UPPER;
  const middle = -exponent * LN2_MIDDLE;
  const high = upper + middle;
  const part = high - upper;
  const low = upper - (high - part) + (middle - part);
  return high + (low - exponent * LN2_LEAST);
}

/** (e^x - 1) / x, all steps fused. @param x below 0.022 in magnitude */
function series(x: number): number {
  const upper = ((((C8 * x + C7) * x + C6) * x + C5) * x + C4) * x + C3;
  const product = upper * x;
  const half = 0.5 + product;
  const error = Math.abs(product - (half - 0.5));
  // Whether it rounds alike wherever in the bounds of its error it really is.
  if (error + HALF_ERROR < (half > 0.5 ? HALF_UNIT_OF_HALF : HALF_UNIT_BELOW_HALF))
    return onePlusProduct(half, x);
  return fusedSeries(x);
}

function fusedSeries(x: number): number {
  let sum = fusedMultiplyAdd(C8, x, C7);
  sum = fusedMultiplyAdd(sum, x, C6);
  sum = fusedMultiplyAdd(sum, x, C5);
  sum = fusedMultiplyAdd(sum, x, C4);
  sum = fusedMultiplyAdd(sum, x, C3);
  sum = fusedMultiplyAdd(sum, x, 0.5);
  return fusedMultiplyAdd(sum, x, 1);
}

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

/** value × 2^exponent. @param value from 0.7 to 1.42 @param exponent a whole number, above -1200 */
function timesPowerOfTwo(value: number, exponent: number): number {
  if (exponent > -1023) {
    if (exponent > 1023) return Infinity;
    words[1] = (exponent + 1023) << 20;
    return value * (float[0] as number);
  }
  // Go's least exponent; what is above may still round to 0.
  if (exponent < -1075) return 0;
  words[1] = (exponent + 1023 + 1022) << 20;
  return value * (float[0] as number) * 2 ** -1022;
}

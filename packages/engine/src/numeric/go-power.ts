/** Powers to the last digit of Go on amd64, which Prometheus and its friends run on. */
import { exponentOf, fractionOf, scaled } from "./float-parts.ts";
import { exp } from "./go-exp.ts";
import { ln } from "./go-logarithms.ts";

/**
 * x^y by IEEE 754: 1^y = 1 for every y, also NaN; (-1)^±Inf = 1. Multiplied out bit by bit as Go does it, whose last digits
 * are not those of JavaScript.
 */
export function power(x: number, y: number): number {
  if (x === 1) return 1;
  if (x === -1 && (y === Infinity || y === -Infinity)) return 1;
  if (x === 0 || y === 0 || !Number.isFinite(x) || !(Math.abs(y) < 2 ** 63)) return x ** y;
  if (y === 0.5) return Math.sqrt(x);
  if (y === -0.5) return 1 / Math.sqrt(x);
  return finitePower(x, y);
}

/** @param x finite, not 0 @param y finite, not 0 */
function finitePower(x: number, y: number): number {
  let whole = Math.floor(Math.abs(y));
  let fraction = Math.abs(y) - whole;
  if (fraction > 0 && x < 0) return NaN;
  // The fraction nearest to zero is the exact one.
  if (fraction > 0.5) {
    fraction -= 1;
    whole += 1;
  }
  let base = fractionOf(x);
  let baseExponent = exponentOf(x);
  let product = fraction === 0 ? 1 : exp(fraction * ln(x));
  let exponent = 0;
  for (let rest = whole; rest > 0; rest = Math.floor(rest / 2)) {
    // Far past what a float holds: the result is 0 or an infinity.
    if (Math.abs(baseExponent) > 4096) {
      exponent += baseExponent;
      break;
    }
    if (rest % 2 === 1) {
      product *= base;
      exponent += baseExponent;
    }
    base *= base;
    baseExponent *= 2;
    if (base < 0.5) {
      base += base;
      baseExponent -= 1;
    }
  }
  return y < 0 ? scaled(1 / product, -exponent) : scaled(product, exponent);
}

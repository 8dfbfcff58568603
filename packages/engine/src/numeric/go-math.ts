/**
 * Arithmetic where Go (and so Prometheus) and JavaScript differ at the edges: powers of one and of minus one,
 * greatest and least with infinities beside NaN, logarithms to the last digit.
 */

/** x^y by IEEE 754: 1^y = 1 for every y, also NaN; (-1)^±Inf = 1. */
export function power(x: number, y: number): number {
  if (x === 1) return 1;
  if (x === -1 && (y === Infinity || y === -Infinity)) return 1;
  return x ** y;
}

/** Binary logarithm by the exponent and the logarithm of the fraction, which is exact for powers of two. */
export function log2(value: number): number {
  if (!(value > 0) || value === Infinity) return Math.log(value);
  let exponent = Math.floor(Math.log2(value)) + 1;
  // Scaled in two halves, so that neither power overflows; then put right where the estimate was off by one.
  let fraction =
    value * 2 ** -Math.trunc(exponent / 2) * 2 ** -(exponent - Math.trunc(exponent / 2));
  if (fraction >= 1) {
    fraction /= 2;
    exponent += 1;
  } else if (fraction < 0.5) {
    fraction *= 2;
    exponent -= 1;
  }
  return fraction === 0.5 ? exponent - 1 : Math.log(fraction) * (1 / Math.LN2) + exponent;
}

/** Decimal logarithm, from the binary one. */
export function log10(value: number): number {
  return log2(value) * (Math.LN2 / Math.LN10);
}

/** The greater one; an infinite greater one wins even over NaN. */
export function greater(x: number, y: number): number {
  if (x === Infinity || y === Infinity) return Infinity;
  return Math.max(x, y);
}

/** The lesser one; an infinite lesser one wins even over NaN. */
export function lesser(x: number, y: number): number {
  if (x === -Infinity || y === -Infinity) return -Infinity;
  return Math.min(x, y);
}

/**
 * Arithmetic where Go (and so Prometheus) and JavaScript differ at the edges: powers of one and of minus one,
 * greatest and least with infinities beside NaN, logarithms to the last digit.
 */

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
  let product = fraction === 0 ? 1 : Math.exp(fraction * ln(x));
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

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const LEAST_NORMAL = 2 ** -1022;

/** The exponent e of x = fraction × 2^e, 0.5 ≤ |fraction| < 1. @param x finite, not 0 */
function exponentOf(x: number): number {
  if (Math.abs(x) < LEAST_NORMAL) return exponentOf(x * 2 ** 52) - 52;
  float[0] = x;
  return (((words[1] as number) >>> 20) & 0x7ff) - 1022;
}

function fractionOf(x: number): number {
  if (Math.abs(x) < LEAST_NORMAL) return fractionOf(x * 2 ** 52);
  float[0] = x;
  words[1] = ((words[1] as number) & ~0x7ff0_0000) | (1022 << 20);
  return float[0];
}

/** value × 2^exponent, rounded once. @param value finite, not 0 */
function scaled(value: number, exponent: number): number {
  const fraction = fractionOf(value);
  const whole = exponent + exponentOf(value);
  if (whole > 1024) return fraction * Infinity;
  if (whole < -1080) return fraction * 0;
  if (whole > -1022) return fraction * 2 * 2 ** (whole - 1);
  return fraction * 2 ** (whole + 60) * 2 ** -60;
}

/** ln 2 in two parts: a multiple of the first, by an exponent, is exact. */
const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
/** Coefficients of the polynomial that is next to (ln(1 + s) - ln(1 - s) - 2s) / s, by powers of s². FreeBSD's e_log.c. */
const LOG_EVEN = [
  3.999999999940941908e-1, 2.222219843214978396e-1, 1.531383769920937332e-1,
] as const;
const LOG_ODD = [
  6.66666666666673513e-1, 2.857142874366239149e-1, 1.818357216161805012e-1, 1.479819860511658591e-1,
] as const;

/** Natural logarithm, to the last digit as Go on amd64 has it: FreeBSD's, in one formula for all numbers. */
export function ln(value: number): number {
  if (!(value > 0) || value === Infinity) return Math.log(value);
  let fraction = fractionOf(value);
  let exponent = exponentOf(value);
  if (fraction < Math.SQRT1_2) {
    fraction *= 2;
    exponent -= 1;
  }
  const f = fraction - 1;
  const s = f / (2 + f);
  const square = s * s;
  const fourth = square * square;
  const odd =
    square * (LOG_ODD[0] + fourth * (LOG_ODD[1] + fourth * (LOG_ODD[2] + fourth * LOG_ODD[3])));
  const even = fourth * (LOG_EVEN[0] + fourth * (LOG_EVEN[1] + fourth * LOG_EVEN[2]));
  const half = 0.5 * f * f;
  return exponent * LN2_HIGH - (half - (s * (half + (odd + even)) + exponent * LN2_LOW) - f);
}

/** Binary logarithm by the exponent and the logarithm of the fraction, which is exact for powers of two. */
export function log2(value: number): number {
  if (!(value > 0) || value === Infinity) return Math.log(value);
  const fraction = fractionOf(value);
  const exponent = exponentOf(value);
  return fraction === 0.5 ? exponent - 1 : ln(fraction) * (1 / Math.LN2) + exponent;
}

/** 1 / ln 10, rounded once: Go divides its constants exactly. */
const LOG10_OF_E = 0.4342944819032518;

/** Decimal logarithm, from the natural one. */
export function log10(value: number): number {
  return ln(value) * LOG10_OF_E;
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

/** Least and greatest of a column, one value after the other by the rules above: a NaN hides the ordinary numbers. */
export function bounds(values: Float64Array): { least: number; greatest: number } {
  let least = Infinity;
  let greatest = -Infinity;
  for (const value of values) {
    least = lesser(least, value);
    greatest = greater(greatest, value);
  }
  return { least, greatest };
}

/** Hyperbolic functions and their inverses, to the last digit of Go on amd64, which Prometheus runs on. */
import { exp } from "./go-exp.ts";
import { ln } from "./go-logarithms.ts";

/** Beyond this size e^-x does not count beside e^x. */
const ONE_SIDED = 21;

/** Hyperbolic sine: by the exponential function, near 0 by a quotient of Hart and Cheney (number 2029). */
export function sinh(x: number): number {
  const size = Math.abs(x);
  if (size > ONE_SIDED) return x < 0 ? -exp(size) / 2 : exp(size) / 2;
  if (size > 0.5) {
    const power = exp(size);
    const difference = (power - 1 / power) / 2;
    return x < 0 ? -difference : difference;
  }
  const square = x * x;
  let above = -26.30563213397497 * square - 2894.211355989564;
  above = above * square - 89912.72022039509;
  above = above * square - 630767.3640497717;
  let below = square - 173.6789535582337;
  below = below * square + 15215.17378790019;
  below = below * square - 630767.3640497717;
  return (above * x) / below;
}

/** Hyperbolic cosine by the exponential function. */
export function cosh(x: number): number {
  const size = Math.abs(x);
  const power = exp(size);
  return size > ONE_SIDED ? power / 2 : (power + 1 / power) / 2;
}

/** Beyond this size the hyperbolic tangent is 1: half of ln 2^127. */
const TANGENT_IS_ONE = 0.5 * 88.02969193111305;

/** Hyperbolic tangent: by the exponential function, near 0 by a quotient of Cody and Waite. */
export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size > TANGENT_IS_ONE) return x < 0 ? -1 : 1;
  if (size >= 0.625) {
    const tangent = 1 - 2 / (exp(2 * size) + 1);
    return x < 0 ? -tangent : tangent;
  }
  if (x === 0) return x;
  const square = x * x;
  let above = -0.9643991794250523 * square - 99.28772310019185;
  above = above * square - 1614.6876844170845;
  let below = square + 112.81167849163293;
  below = below * square + 2235.4883906010045;
  below = below * square + 4844.063053251255;
  return x + (x * square * above) / below;
}

/** Beyond this size x² + 1 and x² - 1 are x². */
const SQUARE_ONLY = 2 ** 28;

/** Inverse hyperbolic sine after FreeBSD. */
export function asinh(x: number): number {
  const size = Math.abs(x);
  if (!(size > 2)) return Math.asinh(x);
  if (size === Infinity) return x;
  const inverse =
    size > SQUARE_ONLY
      ? ln(size) + Math.LN2
      : ln(2 * size + 1 / (Math.sqrt(size * size + 1) + size));
  return x < 0 ? -inverse : inverse;
}

/** Inverse hyperbolic cosine after FreeBSD. */
export function acosh(x: number): number {
  if (!(x > 2)) return Math.acosh(x);
  return x >= SQUARE_ONLY ? ln(x) + Math.LN2 : ln(2 * x - 1 / (x + Math.sqrt(x * x - 1)));
}

/** Sine, cosine and tangent after Cephes, to the last digit of Go, in which Prometheus is written. */
import { reduceAngle, reducedAngle } from "./go-angle-reduction.ts";

/** sin z for |z| ≤ π/4. @param square z² */
function sineNearZero(z: number, square: number): number {
  let series = 1.5896230157654656e-10 * square - 2.5050747762857807e-8;
  series = series * square + 2.7557313621385722e-6;
  series = series * square - 0.0001984126982958954;
  series = series * square + 0.008333333333322118;
  series = series * square - 0.1666666666666663;
  return z + z * square * series;
}

/** cos z for |z| ≤ π/4. @param square z² */
function cosineNearZero(square: number): number {
  let series = -1.1358536521387682e-11 * square + 2.087570084197473e-9;
  series = series * square - 2.755731417929674e-7;
  series = series * square + 2.4801587288851704e-5;
  series = series * square - 0.0013888888888873056;
  series = series * square + 0.041666666666666595;
  return 1 - 0.5 * square + square * square * series;
}

/** Sine of radians; NaN of an infinite angle. */
export function sin(x: number): number {
  if (x === 0) return x;
  if (!Number.isFinite(x)) return NaN;
  const count = reduceAngle(Math.abs(x));
  const square = reducedAngle * reducedAngle;
  const size = (count & 2) === 0 ? sineNearZero(reducedAngle, square) : cosineNearZero(square);
  return x < 0 === (count & 4) > 0 ? size : -size;
}

/** Cosine of radians; NaN of an infinite angle. */
export function cos(x: number): number {
  if (!Number.isFinite(x)) return NaN;
  const count = reduceAngle(Math.abs(x));
  const square = reducedAngle * reducedAngle;
  const size = (count & 2) === 0 ? cosineNearZero(square) : sineNearZero(reducedAngle, square);
  return count === 2 || count === 4 ? -size : size;
}

/** Below this square of an angle the tangent is the angle. */
const TANGENT_IS_ANGLE = 1e-14;

/** Tangent of radians; NaN of an infinite angle. */
export function tan(x: number): number {
  if (x === 0) return x;
  if (!Number.isFinite(x)) return NaN;
  const count = reduceAngle(Math.abs(x));
  let size = reducedAngle;
  const square = size * size;
  if (square > TANGENT_IS_ANGLE) {
    let above = -13093.693918138379 * square + 1153516.6483858742;
    above = above * square - 17956525.197648488;
    let below = square + 13681.296347069296;
    below = below * square - 1320892.3444021097;
    below = below * square + 25008380.18233579;
    below = below * square - 53869575.592945464;
    size += size * ((square * above) / below);
  }
  if ((count & 2) !== 0) size = -1 / size;
  return x < 0 ? -size : size;
}

/** Arc functions after Cephes, to the last digit of Go, in which Prometheus is written. */

/** tan 3π/8 */
const TAN_3_PI_8 = 2.414213562373095;
/** What π/2 has beyond its float. */
const PI_2_REST = 6.123233995736766e-17;

/** Arc tangent for 0 ≤ x ≤ 0.66 */
function arcNearZero(x: number): number {
  const square = x * x;
  let above = -0.8750608600031904 * square - 16.157537187333652;
  above = above * square - 75.00855792314705;
  above = above * square - 122.88666844901361;
  above = above * square - 64.85021904942025;
  let below = square + 24.858464901423062;
  below = below * square + 165.02700983169885;
  below = below * square + 432.88106049129027;
  below = below * square + 485.3903996359137;
  below = below * square + 194.5506571482614;
  return x * ((square * above) / below) + x;
}

/** Arc tangent for x ≥ 0 */
function positiveArc(x: number): number {
  if (x <= 0.66) return arcNearZero(x);
  if (x > TAN_3_PI_8) return Math.PI / 2 - arcNearZero(1 / x) + PI_2_REST;
  return Math.PI / 4 + arcNearZero((x - 1) / (x + 1)) + 0.5 * PI_2_REST;
}

/** Arc tangent, between -π/2 and π/2. */
export function atan(x: number): number {
  if (x === 0) return x;
  return x > 0 ? positiveArc(x) : -positiveArc(-x);
}

/** Arc sine by the arc tangent; NaN beyond 1 and -1. */
export function asin(x: number): number {
  if (x === 0) return x;
  const size = Math.abs(x);
  if (!(size <= 1)) return NaN;
  const other = Math.sqrt(1 - size * size);
  const arc = size > 0.7 ? Math.PI / 2 - positiveArc(other / size) : positiveArc(size / other);
  return x < 0 ? -arc : arc;
}

/** Arc cosine by the arc sine; NaN beyond 1 and -1. */
export function acos(x: number): number {
  return Math.PI / 2 - asin(x);
}

/** The angle of the point (x, y) at the origin, between -π and π. */
export function atan2(y: number, x: number): number {
  // Of axes, infinities and NaN every library has the same angle.
  if (x === 0 || y === 0 || !Number.isFinite(x) || !Number.isFinite(y)) return Math.atan2(y, x);
  const arc = atan(y / x);
  if (x > 0) return arc;
  return arc <= 0 ? arc + Math.PI : arc - Math.PI;
}

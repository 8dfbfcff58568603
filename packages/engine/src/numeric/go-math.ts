/**
 * Arithmetic where Go (and so Prometheus) and JavaScript differ at the edges: powers of one and of minus one,
 * greatest and least with infinities beside NaN.
 */

/** x^y by IEEE 754: 1^y = 1 for every y, also NaN; (-1)^±Inf = 1. */
export function power(x: number, y: number): number {
  if (x === 1) return 1;
  if (x === -1 && (y === Infinity || y === -Infinity)) return 1;
  return x ** y;
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

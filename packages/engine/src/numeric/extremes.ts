/** Least and greatest numbers as Go has them: an infinity that decides wins even over NaN. */

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

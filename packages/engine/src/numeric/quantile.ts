/** Quantiles over the values of a window or of a group: between two samples by weight, NaN is the least. */

/** Sorts ascending in place with NaN first, as Prometheus orders values. */
export function sortValues(values: Float64Array): void {
  values.sort(); // puts NaN last
  let nanCount = 0;
  while (nanCount < values.length && Number.isNaN(values[values.length - 1 - nanCount]))
    nanCount += 1;
  if (nanCount === 0 || nanCount === values.length) return;
  values.copyWithin(nanCount, 0, values.length - nanCount);
  values.fill(NaN, 0, nanCount);
}

/**
 * @param sorted ascending, NaN first; may be empty
 * @returns NaN for no values or q = NaN; -Inf below 0, +Inf above 1
 */
export function quantileOf(q: number, sorted: Float64Array): number {
  if (sorted.length === 0 || Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const rank = q * (sorted.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(sorted.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return (sorted[lower] as number) * (1 - weight) + (sorted[upper] as number) * weight;
}

/** First of `count` ascending times that is at least `ms`. */
export function lowerBound(timestampsMs: Float64Array, count: number, ms: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timestampsMs[middle] as number) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

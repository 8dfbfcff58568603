/**
 * Classic histograms: cumulative counts by upper bound (label le). Here is the arithmetic of one histogram at one
 * step; which rows belong together is in histograms.ts.
 */

/** Counts nearer than this, relatively, are the same: floats were added in different orders. */
const SMALL_DELTA = 1e-12;
const LEAST_NORMAL = 2.2250738585072014e-308;

/** Buckets in reused memory: the first `count` bounds and counts, ascending by bound. */
export class BucketList {
  bounds = new Float64Array(64);
  counts = new Float64Array(64);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  /** Adds a bucket; one of the same bound as the last adds to it. Bounds come in ascending order. */
  add(bound: number, observations: number): void {
    const last = this.count - 1;
    if (last >= 0 && this.bounds[last] === bound) {
      this.counts[last] = (this.counts[last] as number) + observations;
      return;
    }
    if (this.count === this.bounds.length) {
      this.bounds = grown(this.bounds);
      this.counts = grown(this.counts);
    }
    this.bounds[this.count] = bound;
    this.counts[this.count] = observations;
    this.count += 1;
  }

  /** The last bucket holds everything only if its bound is +Inf. */
  get isComplete(): boolean {
    return this.count > 0 && this.bounds[this.count - 1] === Infinity;
  }

  /**
   * Makes counts ascend: what fell is lifted; tiny differences either way are taken out silently.
   *
   * @returns whether a count fell by more than rounding explains
   */
  repair(): boolean {
    let wasForced = false;
    let previous = this.counts[0] as number;
    for (let i = 1; i < this.count; i += 1) {
      const current = this.counts[i] as number;
      if (current === previous) continue;
      const isSame = almostEqual(previous, current);
      if (isSame || current < previous) {
        this.counts[i] = previous;
        wasForced ||= !isSame;
      } else {
        previous = current;
      }
    }
    return wasForced;
  }
}

function grown(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(column.length * 2);
  larger.set(column);
  return larger;
}

function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) && Number.isNaN(b)) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < LEAST_NORMAL) return difference < SMALL_DELTA * LEAST_NORMAL;
  return difference / Math.min(sum, Number.MAX_VALUE) < SMALL_DELTA;
}

/** Quantile q of repaired, complete buckets; linear inside a bucket, the lowest one starting at 0 if it can. */
export function bucketQuantile(q: number, buckets: BucketList): number {
  const { bounds, counts, count } = buckets;
  if (count < 2) return NaN;
  const observations = counts[count - 1] as number;
  if (observations === 0) return NaN;
  let rank = q * observations;
  const found = firstAtLeast(rank, counts, count - 1);
  if (found === count - 1) return bounds[count - 2] as number;
  const end = bounds[found] as number;
  if (found === 0 && end <= 0) return end;
  let start = 0;
  let inside = counts[found] as number;
  if (found > 0) {
    start = bounds[found - 1] as number;
    const below = counts[found - 1] as number;
    inside -= below;
    rank -= below;
  }
  return start + (end - start) * (rank / inside);
}

/** The first of `count` counts that is at least `rank`, or `count`. Halving, as Prometheus does: beside NaNs that decides. */
function firstAtLeast(rank: number, counts: Float64Array, count: number): number {
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((counts[middle] as number) >= rank) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** Share of the observations between two values, by linear interpolation. */
export function bucketFraction(lower: number, upper: number, buckets: BucketList): number {
  const { counts, count } = buckets;
  const observations = counts[count - 1] as number;
  if (observations === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  // Buckets that are not cumulative may hold more than all.
  const upperRank = Math.min(rankOf(upper, buckets), observations);
  const lowerRank = Math.min(rankOf(lower, buckets), observations);
  return (upperRank - lowerRank) / observations;
}

/** How many observations lie below a value. */
function rankOf(value: number, { bounds, counts, count }: BucketList): number {
  let below = 0;
  for (let i = 0; i < count; i += 1) {
    const bound = bounds[i] as number;
    // A first bucket with a positive bound is taken to start at zero.
    const lowest = bound > 0 ? 0 : -Infinity;
    const start = i > 0 ? (bounds[i - 1] as number) : lowest;
    if (start >= value) return below;
    if (bound > value) {
      // An unbounded bucket cannot be divided.
      if (bound === Infinity) return value === Infinity ? (counts[i] as number) : below;
      if (start === -Infinity) return counts[i] as number;
      return below + (((counts[i] as number) - below) * (value - start)) / (bound - start);
    }
    below = counts[i] as number;
  }
  return counts[count - 1] as number;
}

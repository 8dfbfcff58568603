/**
 * What the windows of a range function come to before a value is looked at: edges, times and factors, one column each.
 * Worked out once for all series that share their timestamps.
 *
 * Prometheus' extrapolation: to an edge of the window that is nearer than 1.1 average sample intervals, else by half an interval.
 */

/** Which samples lie in which window: [starts[k], ends[k]) at step k, which ends at endStartMs + k × endStepMs. */
export interface WindowEdges {
  readonly stepCount: number;
  readonly rangeMs: number;
  readonly endStartMs: number;
  readonly endStepMs: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Of one entry per step; they may be longer than that. */
export interface PlanColumns {
  /** Samples at the edges of the window; last ≤ first where there are fewer than two. */
  readonly firsts: Int32Array;
  readonly lasts: Int32Array;
  /** Seconds between the two. */
  readonly sampled: Float64Array;
  /** Seconds to add before and behind. */
  readonly toStarts: Float64Array;
  readonly toEnds: Float64Array;
  /** What growth is multiplied by, unless a counter would have been below zero at the window's start. */
  readonly factors: Float64Array;
  /** A counter whose first value is this × growth or more was zero well before the window's start. */
  readonly safe: Float64Array;
}

export interface RangePlan {
  readonly stepCount: number;
  /** Samples that any window touches: [from, to). */
  readonly from: number;
  readonly to: number;
  /** 0 where growth is wanted and no rate. */
  readonly rangeSeconds: number;
  readonly columns: PlanColumns;
  /** One byte per step: 1 where there is a value. */
  readonly presence: Uint8Array;
  /** Set by the WASM twin where the columns lie in its memory: until when that holds. */
  readonly era: number;
}

/** More than what the two divisions of the exact test can be off by, much less than what matters. */
const SAFETY = 1 + 1e-12;

/** Columns in memory of their own. */
export function heapColumns(stepCount: number): PlanColumns {
  const seconds = (): Float64Array => new Float64Array(stepCount);
  return {
    firsts: new Int32Array(stepCount),
    lasts: new Int32Array(stepCount),
    sampled: seconds(),
    toStarts: seconds(),
    toEnds: seconds(),
    factors: seconds(),
    safe: seconds(),
  };
}

/**
 * @param timestampsMs of the samples; borrowed, as the edges are
 * @param columns to be filled; the plan keeps them
 */
export function planInto(
  columns: PlanColumns,
  presence: Uint8Array,
  edges: WindowEdges,
  timestampsMs: Float64Array,
  isRate: boolean,
  era = 0,
): RangePlan {
  const { stepCount, rangeMs, endStartMs, endStepMs, starts, ends } = edges;
  const rangeSeconds = isRate ? rangeMs / 1000 : 0;
  for (let step = 0; step < stepCount; step += 1) {
    const first = starts[step] as number;
    const last = (ends[step] as number) - 1;
    columns.firsts[step] = first;
    columns.lasts[step] = last;
    presence[step] = last > first ? 1 : 0;
    if (last <= first) continue;
    const endMs = endStartMs + step * endStepMs;
    const firstMs = timestampsMs[first] as number;
    const lastMs = timestampsMs[last] as number;
    const sampledSeconds = (lastMs - firstMs) / 1000;
    const averageSeconds = sampledSeconds / (last - first);
    const thresholdSeconds = averageSeconds * 1.1;
    let toStart = (firstMs - (endMs - rangeMs)) / 1000;
    let toEnd = (endMs - lastMs) / 1000;
    if (toStart >= thresholdSeconds) toStart = averageSeconds / 2;
    if (toEnd >= thresholdSeconds) toEnd = averageSeconds / 2;
    let factor = (sampledSeconds + toStart + toEnd) / sampledSeconds;
    if (isRate) factor /= rangeSeconds;
    columns.sampled[step] = sampledSeconds;
    columns.toStarts[step] = toStart;
    columns.toEnds[step] = toEnd;
    columns.factors[step] = factor;
    columns.safe[step] = (toStart / sampledSeconds) * SAFETY;
  }
  return {
    stepCount,
    from: stepCount === 0 ? 0 : (starts[0] as number),
    to: stepCount === 0 ? 0 : (ends[stepCount - 1] as number),
    rangeSeconds,
    columns,
    presence,
    era,
  };
}

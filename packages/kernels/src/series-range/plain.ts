/**
 * Growth over windows and sums of rows, the plain twins: rate, increase and delta as Prometheus extrapolates them, sums with
 * compensation as it adds (Kahan, in Neumaier's form). Values in, values out: typed arrays only.
 */
import type { RangePlan } from "./plan.ts";

/** Whether one of the values `from` to `to` (exclusive) is a NaN. */
export function hasNaNPlain(values: Float64Array, from: number, to: number): boolean {
  // A sum is a NaN where a summand is, or where infinities meet.
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += values[i] as number;
  if (!Number.isNaN(sum)) return false;
  for (let i = from; i < to; i += 1) if (Number.isNaN(values[i])) return true;
  return false;
}

function hasDrop(values: Float64Array, from: number, to: number): boolean {
  for (let i = from + 1; i < to; i += 1)
    if ((values[i] as number) < (values[i - 1] as number)) return true;
  return false;
}

/** Drops seen before each sample, in reused memory: drops[i] = how often values fell up to i. */
let drops = new Int32Array(8192);

function countDrops(values: Float64Array, from: number, to: number): void {
  if (drops.length < to) drops = new Int32Array(Math.max(to, drops.length * 2));
  let count = 0;
  drops[from] = 0;
  for (let i = from + 1; i < to; i += 1) {
    if ((values[i] as number) < (values[i - 1] as number)) count += 1;
    drops[i] = count;
  }
}

/** last - first, plus what each drop in between swallowed, added in order of time. */
function growthAcrossDrops(values: Float64Array, first: number, last: number): number {
  let growth = (values[last] as number) - (values[first] as number);
  for (let i = first + 1; i <= last; i += 1) {
    const previous = values[i - 1] as number;
    if ((values[i] as number) < previous) growth += previous;
  }
  return growth;
}

/**
 * The extrapolated growth of each window to `target`, from `start` on; steps without a value are left as they are.
 * A counter is not extrapolated beyond the point where it would have been zero, and drops of it are resets.
 */
export function extrapolatePlain(
  values: Float64Array,
  plan: RangePlan,
  isCounter: boolean,
  target: Float64Array,
  start: number,
): void {
  const { firsts, lasts, sampled, toStarts, toEnds, factors, safe } = plan.columns;
  const { stepCount, from, to, rangeSeconds } = plan;
  const hasDrops = isCounter && hasDrop(values, from, to);
  if (hasDrops) countDrops(values, from, to);
  for (let step = 0; step < stepCount; step += 1) {
    const first = firsts[step] as number;
    const last = lasts[step] as number;
    if (last <= first) continue;
    const firstValue = values[first] as number;
    let growth = (values[last] as number) - firstValue;
    if (hasDrops && drops[last] !== drops[first]) growth = growthAcrossDrops(values, first, last);
    let factor = factors[step] as number;
    if (isCounter && growth > 0 && firstValue >= 0) {
      const isFar = firstValue >= growth * (safe[step] as number) && firstValue > 1e-280;
      const sampledSeconds = sampled[step] as number;
      const toZero = isFar ? Infinity : sampledSeconds * (firstValue / growth);
      if (toZero < (toStarts[step] as number)) {
        factor = (sampledSeconds + toZero + (toEnds[step] as number)) / sampledSeconds;
        if (rangeSeconds > 0) factor /= rangeSeconds;
      }
    }
    target[start + step] = growth * factor;
  }
}

export interface GroupSums {
  /** Values of the groups, `stepCount` each, one after the other. */
  readonly values: Float64Array;
  readonly presence: Uint8Array;
}

export interface SummedRows {
  readonly stepCount: number;
  readonly values: Float64Array;
  readonly presence: Uint8Array;
  /** The group of each row. */
  readonly groupOf: Int32Array;
}

/** Running sums of rows, one per step: `sums` + `lost` is the sum, `seen` is 1 where there is one. */
interface RowSums {
  readonly sums: Float64Array;
  readonly lost: Float64Array;
  readonly seen: Uint8Array;
}

/** Adds the row values[start …] to the sums of a group, which begin at `at`. */
function addRow(
  { sums, lost, seen }: RowSums,
  at: number,
  values: Float64Array,
  presence: Uint8Array,
  start: number,
  stepCount: number,
): void {
  for (let step = 0; step < stepCount; step += 1) {
    if (presence[start + step] === 0) continue;
    const target = at + step;
    const value = values[start + step] as number;
    // The first value is taken as it is: 0 + -0 would lose the sign.
    if (seen[target] === 0) {
      seen[target] = 1;
      sums[target] = value;
      continue;
    }
    const sum = sums[target] as number;
    const total = sum + value;
    if (total === Infinity || total === -Infinity) lost[target] = 0;
    else {
      const rest = Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum;
      lost[target] = (lost[target] as number) + rest;
    }
    sums[target] = total;
  }
}

/** Puts what was lost back, also where that is nothing: a sum of -0 becomes 0, as in Prometheus. */
function settle({ sums, lost }: RowSums): void {
  for (let i = 0; i < sums.length; i += 1) sums[i] = (sums[i] as number) + (lost[i] as number);
}

/** Sums rows by group, in their order: values and presence of the groups go to `target`, which is all absent before. */
export function sumRowsPlain(
  { stepCount, values, presence, groupOf }: SummedRows,
  target: GroupSums,
): void {
  const sums: RowSums = {
    sums: target.values,
    lost: new Float64Array(target.values.length),
    seen: target.presence,
  };
  for (let row = 0; row < groupOf.length; row += 1) {
    const at = (groupOf[row] as number) * stepCount;
    addRow(sums, at, values, presence, row * stepCount, stepCount);
  }
  settle(sums);
}

/**
 * Growth over windows and sums of rows in WASM, in the memory that values are unpacked into (series-memory.ts). What does not
 * lie or fit there is the plain twins' work. Cost: bench/series-range.ts.
 */
import { entryUrl } from "@tideline/common";
import { loadKernel } from "../kernel-memory.ts";
import {
  GROUP_POINTS_MAX,
  isInSeriesMemory,
  PLANS_SIZE,
  SERIES_SAMPLES_MAX,
  SERIES_STEPS_MAX,
  seriesMemory as memory,
} from "../series-memory.ts";
import {
  extrapolatePlain,
  hasNaNPlain,
  sumRowsPlain,
  type GroupSums,
  type SummedRows,
} from "./plain.ts";
import { heapColumns, planInto, type RangePlan, type WindowEdges } from "./plan.ts";

interface Exports {
  readonly hasNaN: (values: number, count: number) => number;
  readonly extrapolate: (...places: number[]) => void;
  readonly extrapolateBlocks: (...places: number[]) => number;
  readonly extrapolateTable: (...places: number[]) => number;
  readonly addRows: (...places: number[]) => void;
  readonly settle: (count: number, sums: number, lost: number) => void;
}

/** Bytes of a step over all columns of a plan. */
const PLAN_STEP_SIZE = 2 * 4 + 5 * 8;
/** Fewer values are copied one by one. */
const COPIED_COUNT_MIN = 16;

const buffer = memory.memory.buffer;
export const dropsAt = memory.reserve(SERIES_SAMPLES_MAX * 4);
/** Groups of rows lie where drops are counted: never both at a time. */
const groupsAt = dropsAt;
export const outAt = memory.reserve(SERIES_STEPS_MAX * 8);
const plansAt = memory.reserve(PLANS_SIZE);
export const presenceAt = memory.reserve(SERIES_STEPS_MAX);
const sumsAt = memory.reserve(GROUP_POINTS_MAX * 8);
const lostAt = memory.reserve(GROUP_POINTS_MAX * 8);
const seenAt = memory.reserve(GROUP_POINTS_MAX);
export const out = new Float64Array(buffer, outAt, SERIES_STEPS_MAX);
const groupsIn = new Int32Array(buffer, groupsAt, SERIES_SAMPLES_MAX);
export const presenceIn = new Uint8Array(buffer, presenceAt, SERIES_STEPS_MAX);
export const kernel = loadKernel(
  entryUrl(new URL("./series-range.wasm", import.meta.url)),
  memory,
) as unknown as Exports;

/** As `hasNaNPlain`, quicker where the values lie in the kernels' memory. */
export function hasNaN(values: Float64Array, from: number, to: number): boolean {
  if (!isInSeriesMemory(values)) return hasNaNPlain(values, from, to);
  return kernel.hasNaN(values.byteOffset + from * 8, to - from) !== 0;
}

/** Plans made since the room for them was last full; a plan of an era that is over has lost its columns. */
let era = 1;
let plansEnd = plansAt;

/** A plan whose columns the kernel can read, as long as there is room for them. Kept by the caller, who may share it. */
export function planExtrapolation(
  edges: WindowEdges,
  timestampsMs: Float64Array,
  isRate: boolean,
): RangePlan {
  const { stepCount } = edges;
  const size = (stepCount * PLAN_STEP_SIZE + 63) & ~63;
  const presence = new Uint8Array(stepCount);
  if (stepCount > SERIES_STEPS_MAX)
    return planInto(heapColumns(stepCount), presence, edges, timestampsMs, isRate);
  if (plansEnd + size > plansAt + PLANS_SIZE) {
    era += 1;
    plansEnd = plansAt;
  }
  let at = plansEnd;
  plansEnd += size;
  const seconds = (): Float64Array => {
    const column = new Float64Array(buffer, at, stepCount);
    at += stepCount * 8;
    return column;
  };
  const columns = {
    sampled: seconds(),
    toStarts: seconds(),
    toEnds: seconds(),
    factors: seconds(),
    safe: seconds(),
    firsts: new Int32Array(buffer, at, stepCount),
    lasts: new Int32Array(buffer, at + stepCount * 4, stepCount),
  };
  return planInto(columns, presence, edges, timestampsMs, isRate, era);
}

/** Whether the columns of a plan are still there: one that has lost them is to be made anew. */
export function isCurrent(plan: RangePlan): boolean {
  return plan.era === 0 || plan.era === era;
}

/** Whether the columns of a plan lie where the kernel can read them. */
export function isInKernel(plan: RangePlan): boolean {
  return plan.era === era;
}

/** As `extrapolatePlain`, quicker where the values lie in the kernels' memory. @param plan a current one */
export function extrapolate(
  values: Float64Array,
  plan: RangePlan,
  isCounter: boolean,
  target: Float64Array,
  start: number,
): void {
  if (!isInSeriesMemory(values) || plan.era === 0)
    return extrapolatePlain(values, plan, isCounter, target, start);
  const { columns, stepCount, from, to, rangeSeconds } = plan;
  kernel.extrapolate(
    values.byteOffset,
    from,
    to,
    stepCount,
    isCounter ? 1 : 0,
    rangeSeconds,
    columns.firsts.byteOffset,
    columns.lasts.byteOffset,
    columns.sampled.byteOffset,
    columns.toStarts.byteOffset,
    columns.toEnds.byteOffset,
    columns.factors.byteOffset,
    columns.safe.byteOffset,
    dropsAt,
    outAt,
  );
  copyOut(stepCount, target, start);
}

/** The first results of `out`: most rows of a query have the same length. */
let outView = out.subarray(0, 0);

function copyOut(count: number, target: Float64Array, start: number): void {
  if (count < COPIED_COUNT_MIN) {
    for (let i = 0; i < count; i += 1) target[start + i] = out[i] as number;
    return;
  }
  if (outView.length !== count) outView = out.subarray(0, count);
  target.set(outView, start);
}

/** Sums rows by group, in their order: values and presence of the groups go to `target`, which is all absent before. */
export function sumRows(rows: SummedRows, target: GroupSums): void {
  const { stepCount, values, presence, groupOf } = rows;
  const pointCount = target.values.length;
  if (pointCount > GROUP_POINTS_MAX || stepCount > SERIES_STEPS_MAX || stepCount === 0)
    return sumRowsPlain(rows, target);
  const sums = new Float64Array(buffer, sumsAt, pointCount).fill(0);
  new Float64Array(buffer, lostAt, pointCount).fill(0);
  const seen = new Uint8Array(buffer, seenAt, pointCount).fill(0);
  const rowsAtATime = Math.floor(SERIES_STEPS_MAX / stepCount);
  for (let row = 0; row < groupOf.length; row += rowsAtATime) {
    const rowCount = Math.min(rowsAtATime, groupOf.length - row);
    const [start, end] = [row * stepCount, (row + rowCount) * stepCount];
    out.set(values.subarray(start, end));
    presenceIn.set(presence.subarray(start, end));
    groupsIn.set(groupOf.subarray(row, row + rowCount));
    kernel.addRows(outAt, presenceAt, rowCount, stepCount, groupsAt, sumsAt, lostAt, seenAt);
  }
  kernel.settle(pointCount, sumsAt, lostAt);
  target.values.set(sums);
  target.presence.set(seen);
}

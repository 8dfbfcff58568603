/**
 * Growth in one window of all series of a table of blocks, as they come: the blocks and their tables are copied to the kernels' memory,
 * and one call works out a row for each. The plain twin of a row is `extrapolatePlain` over its unpacked values.
 */
import { SERIES_STEPS_MAX, seriesValues } from "../series-memory.ts";
import { blockGrowth, table, tableAt } from "./block-growth.ts";
import type { RangePlan } from "./plan.ts";
import { dropsAt, isInKernel, kernel, out, outAt, presenceAt, presenceIn } from "./wasm.ts";

/** See BlockTable of the model. */
export interface GrowthTable {
  readonly bytes: Uint8Array;
  /** Two words a block: its timestamps, and where it ends in `bytes`. */
  readonly blocks: Uint32Array;
  /** Two words a series, of which the second counts the blocks up to its last one. */
  readonly series: Uint32Array;
}

/** What the blocks of one timestamp block have in common. */
export interface TablePlan {
  /** Of one step. */
  readonly plan: RangePlan;
  /** Values of a block. */
  readonly count: number;
}

/** In the `presence` of a row that is left: its series has several blocks, a packed or damaged one, a NaN, or no plan. */
export const ROW_LEFT = 2;

export interface GrowthRows {
  /** One for each series; borrowed until the next wait. Presence is 1 where there is a value, 0 where there is none, or ROW_LEFT. */
  readonly values: Float64Array;
  readonly presence: Uint8Array;
  /** Samples that windows of the rows held, those that are left aside. */
  readonly sampleCount: number;
}

/** Words of a plan in the kernel's table. */
const PLAN_WORDS = 4;

/**
 * @param plans one for each timestamp block of the table; null: its series are left
 * @returns null where there is no room for it, or plans lie elsewhere: every row is left
 */
export function growthOfTable(
  { bytes, blocks, series }: GrowthTable,
  plans: readonly (TablePlan | null)[],
  isCounter: boolean,
): GrowthRows | null {
  const seriesCount = series.length / 2;
  const planWordsAt = blocks.length + series.length;
  const wordCount = planWordsAt + plans.length * PLAN_WORDS;
  if (wordCount > table.length || seriesCount > SERIES_STEPS_MAX) return null;
  let rangeSeconds = 0;
  for (let i = 0; i < plans.length; i += 1) {
    const shared = plans[i];
    if (shared && !isInKernel(shared.plan)) return null;
    const at = planWordsAt + i * PLAN_WORDS;
    table[at] = shared ? shared.plan.columns.sampled.byteOffset : 0;
    if (!shared) continue;
    table[at + 1] = shared.plan.from;
    table[at + 2] = shared.plan.to;
    table[at + 3] = shared.count;
    rangeSeconds = shared.plan.rangeSeconds;
  }
  blockGrowth.clear();
  const bytesAt = blockGrowth.put(bytes);
  if (bytesAt < 0) return null;
  table.set(blocks);
  table.set(series, blocks.length);
  const sampleCount = kernel.extrapolateTable(
    bytesAt,
    tableAt,
    tableAt + blocks.length * 4,
    seriesCount,
    tableAt + planWordsAt * 4,
    isCounter ? 1 : 0,
    rangeSeconds,
    seriesValues.byteOffset,
    dropsAt,
    outAt,
    presenceAt,
  );
  const values = out.subarray(0, seriesCount);
  return { values, presence: presenceIn.subarray(0, seriesCount), sampleCount };
}

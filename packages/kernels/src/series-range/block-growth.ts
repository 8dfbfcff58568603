/**
 * Growth of many series at once, each of which has its samples in one block as they are: blocks are put into the kernels' memory side by
 * side, a table says which block and plan a row has, and one call works out all rows. The plain twin of a row is
 * `extrapolatePlain` over its unpacked values.
 */
import {
  BLOCK_ROW_SIZE,
  BLOCK_ROWS_MAX,
  BLOCKS_SIZE,
  seriesMemory as memory,
  SERIES_STEPS_MAX,
  seriesValues,
} from "../series-memory.ts";
import { CODEC_CONST, CODEC_RAW } from "../value-block/plain.ts";
import type { GroupSums } from "./plain.ts";
import type { RangePlan } from "./plan.ts";
import { dropsAt, isInKernel, kernel, out, outAt, presenceAt, presenceIn } from "./wasm.ts";

const blocksAt = memory.reserve(BLOCKS_SIZE);
export const tableAt = memory.reserve(BLOCK_ROWS_MAX * BLOCK_ROW_SIZE);
export const table = new Int32Array(
  memory.memory.buffer,
  tableAt,
  (BLOCK_ROWS_MAX * BLOCK_ROW_SIZE) / 4,
);

/** Bytes of `BLOCKS_SIZE` that are taken. */
let blocksSize = 0;

/** Forgets the blocks that were put, and their rows. */
function clear(): void {
  blocksSize = 0;
}

/**
 * Copies value blocks to where `extrapolate` reads them, until the next wait.
 *
 * @returns where they lie; -1: there is no room
 */
function put(blocks: Uint8Array): number {
  if (blocks.length > BLOCKS_SIZE - blocksSize) return -1;
  const at = blocksAt + blocksSize;
  memory.bytes.set(blocks, at);
  blocksSize += blocks.length;
  return at;
}

/** Whether a block with this codec is one that the kernel reads: raw values, or one for all. */
function isUnpacked(codec: number): boolean {
  return codec === CODEC_RAW || codec === CODEC_CONST;
}

/** How many rows a table has at most: their results fit one piece of memory. */
function rowsMax(stepCount: number): number {
  return Math.min(BLOCK_ROWS_MAX, Math.floor(SERIES_STEPS_MAX / Math.max(1, stepCount)));
}

/**
 * Notes a series of one block.
 *
 * @param at where the block begins, from `put`
 * @param count of its values
 * @param plan `isInKernel`
 */
function setRow(row: number, at: number, size: number, count: number, plan: RangePlan): void {
  const entry = row * (BLOCK_ROW_SIZE / 4);
  table[entry] = at;
  table[entry + 1] = size;
  table[entry + 2] = count;
  table[entry + 3] = plan.columns.sampled.byteOffset;
  table[entry + 4] = plan.from;
  table[entry + 5] = plan.to;
}

/**
 * Unpacks and extrapolates the rows `from` to `to` (exclusive) of the table, to `target` from its `start` on, with their presence.
 *
 * @returns the first row that is left, because its values are packed or damaged, or a NaN is among them
 */
function extrapolate(
  from: number,
  to: number,
  { stepCount, rangeSeconds }: Pick<RangePlan, "stepCount" | "rangeSeconds">,
  isCounter: boolean,
  target: GroupSums & { readonly start: number },
): number {
  const { start } = target;
  const left = kernel.extrapolateBlocks(
    tableAt,
    from,
    to,
    stepCount,
    isCounter ? 1 : 0,
    rangeSeconds,
    seriesValues.byteOffset,
    dropsAt,
    outAt,
    presenceAt,
  );
  target.values.set(out.subarray(from * stepCount, left * stepCount), start);
  target.presence.set(presenceIn.subarray(from * stepCount, left * stepCount), start);
  return left;
}

/** See above. One thread has one table: it is borrowed for a stretch without waiting. */
export const blockGrowth = { clear, put, isUnpacked, isInKernel, rowsMax, setRow, extrapolate };

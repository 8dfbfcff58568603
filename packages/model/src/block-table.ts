/** Where the value blocks of many series lie: numbers instead of an object per block, as frames have them. */
import type { TimestampBlock, ValueBlock } from "./series-source.ts";

export interface BlockTable {
  /** All blocks, one after another. */
  readonly bytes: Uint8Array;
  /** Two words a block: its timestamps, as an index into `timestamps`, and where it ends in `bytes`; it starts where the one before ended. */
  readonly blocks: Uint32Array;
  /** Two words a series: where its key ends among the keys, and a count: of the blocks up to its last one. */
  readonly series: Uint32Array;
  readonly timestamps: readonly TimestampBlock[];
}

export function seriesCountOf({ series }: BlockTable): number {
  return series.length / 2;
}

/** The number of the first block of a series; `endOfBlocks` has the one behind its last. */
export function firstBlockOf({ series }: BlockTable, number: number): number {
  return number === 0 ? 0 : (series[number * 2 - 1] as number);
}

export function endOfBlocks({ series }: BlockTable, number: number): number {
  return series[number * 2 + 1] as number;
}

/** Where a block begins in the bytes. */
export function blockStart({ blocks }: BlockTable, number: number): number {
  return number === 0 ? 0 : (blocks[number * 2 - 1] as number);
}

/** Where it ends. */
export function blockEnd({ blocks }: BlockTable, number: number): number {
  return blocks[number * 2 + 1] as number;
}

export function timestampsOfBlock(table: BlockTable, number: number): TimestampBlock {
  return table.timestamps[table.blocks[number * 2] as number] as TimestampBlock;
}

/** The blocks of a series: views. */
export function blocksOfSeries(table: BlockTable, number: number): readonly ValueBlock[] {
  const end = endOfBlocks(table, number);
  const blocks: ValueBlock[] = [];
  for (let i = firstBlockOf(table, number); i < end; i += 1) {
    blocks.push({
      timestamps: timestampsOfBlock(table, i),
      bytes: table.bytes.subarray(blockStart(table, i), blockEnd(table, i)),
    });
  }
  return blocks;
}

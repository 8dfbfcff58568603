/** Where the blocks of a leaf's rows lie: those of a search, in the order of labels, or of one table, as they come. */
import type { BlockTable, TimestampBlock, ValueBlock } from "@tideline/model";

export interface RowBlocks {
  /** Of rows. */
  readonly length: number;
  /** Of each batch, one after another: null where it has none. */
  readonly tables: readonly (BlockTable | null)[];
  /** Of each row: its first piece. Pieces are the series of all batches, one after another. */
  readonly firstPiece: Int32Array;
  /** Of each piece: the next one of the same series, or -1. */
  readonly nextPiece: Int32Array;
  /** The blocks of a row, ascending by minMs. */
  blocksOf(row: number): readonly ValueBlock[];
}

/** The series of one table: a row and a piece for each. */
export class TableRows implements RowBlocks {
  readonly tables: readonly [BlockTable];
  readonly firstPiece: Int32Array;
  readonly nextPiece: Int32Array;

  constructor(table: BlockTable) {
    this.tables = [table];
    this.firstPiece = Int32Array.from(table.seriesEnds.keys());
    this.nextPiece = new Int32Array(table.seriesEnds.length).fill(-1);
  }

  get length(): number {
    return this.firstPiece.length;
  }

  blocksOf(row: number): readonly ValueBlock[] {
    const { bytes, ends, timestamps, timestampsOf, seriesEnds } = this.tables[0];
    const end = seriesEnds[row] as number;
    const blocks: ValueBlock[] = [];
    for (let i = startIn(seriesEnds, row); i < end; i += 1) {
      blocks.push({
        timestamps: timestamps[timestampsOf[i] as number] as TimestampBlock,
        bytes: bytes.subarray(startIn(ends, i), ends[i]),
      });
    }
    return blocks;
  }
}

/** Where what ends at `ends[number]` starts. */
function startIn(ends: Uint32Array, number: number): number {
  return number === 0 ? 0 : (ends[number - 1] as number);
}

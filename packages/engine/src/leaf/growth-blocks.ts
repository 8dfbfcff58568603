/**
 * Growth of series whose samples all stand in one block as they are: what an instant query finds. The blocks of all of them lie in the
 * kernels' memory, and one call works out thousands of rows, so that there is nothing to make, and next to nothing to
 * compile, per series. What is not so simple goes the ordinary way: packed values, several blocks, NaNs, samples to leave out.
 */
import { blockGrowth, type RangePlan } from "@tideline/kernels";
import {
  blockEnd,
  blockStart,
  endOfBlocks,
  firstBlockOf,
  seriesCountOf,
  timestampsOfBlock,
  type BlockTable,
  type TimestampBlock,
} from "@tideline/model";
import type { Budget } from "../budget.ts";
import type { GrowthKind, RollupLoop } from "../functions/card.ts";
import { growthPlan } from "../functions/rollup/counters.ts";
import type { LeafNode } from "./leaf-node.ts";
import type { LeafRows } from "./leaf-rows.ts";
import type { SampleDecoder } from "./sample-decoder.ts";
import type { FoundSeries } from "./series-reader.ts";

/** What growth a leaf is, or null where it is something else. */
export function growthOf({ card }: LeafNode, loop: RollupLoop | null): GrowthKind | null {
  return card && loop === card.evaluate ? (card.growth ?? null) : null;
}

/** Of the timestamps that rows share. */
interface SharedPlan {
  readonly plan: RangePlan;
  /** Values of a block. */
  readonly count: number;
}

/** Tables whose blocks were put into the kernels' memory, and where they lie there. */
interface PutTables {
  readonly tables: readonly (BlockTable | null)[];
  readonly places: readonly number[];
}

export class GrowthBlocks {
  readonly #found: FoundSeries;
  readonly #tables: readonly (BlockTable | null)[];
  readonly #kind: GrowthKind;
  readonly #rows: LeafRows;
  readonly #budget: Budget;
  readonly #pieces: PieceBlocks;
  /** By the ids of timestamp blocks; null: such rows go the ordinary way. */
  readonly #plans: (SharedPlan | null)[] = [];
  readonly #rowsMax: number;
  /** Whether blocks and plans are where the kernel looks for them. */
  #isReady = true;
  /** The rows of the kernel's table: [from, to). */
  #from = 0;
  #to = 0;

  /** @returns null where no row can go this way */
  static of(
    kind: GrowthKind | null,
    found: FoundSeries,
    decoder: SampleDecoder,
    rows: LeafRows,
    budget: Budget,
  ): GrowthBlocks | null {
    if (kind === null || found.length === 0) return null;
    const tables = found.batches.map(({ blockTable }) => blockTable ?? null);
    const places = putAll(tables);
    return places && new GrowthBlocks(kind, found, { tables, places }, decoder, rows, budget);
  }

  private constructor(
    kind: GrowthKind,
    found: FoundSeries,
    put: PutTables,
    decoder: SampleDecoder,
    rows: LeafRows,
    budget: Budget,
  ) {
    this.#found = found;
    this.#tables = put.tables;
    this.#kind = kind;
    this.#rows = rows;
    this.#budget = budget;
    this.#pieces = new PieceBlocks(put, found.nextPiece);
    this.#makePlans(decoder);
    this.#rowsMax = blockGrowth.rowsMax(decoder.stepCount);
    this.#isReady = this.#areCurrent();
  }

  /** After a wait: others may have used the kernel's memory. */
  renew(): void {
    this.#to = 0;
    this.#isReady = this.#areCurrent() && putAll(this.#tables) !== null;
  }

  /** Whether a row may go this way. */
  takes(row: number): boolean {
    if (!this.#isReady) return false;
    const piece = this.#found.firstPiece[row] as number;
    const { sizes, timestampIds } = this.#pieces;
    return sizes[piece] !== 0 && this.#plans[timestampIds[piece] as number] !== null;
  }

  /** Fills rows from `row` on. @returns the first one that is left, for the ordinary way */
  fill(row: number): number {
    const { plan } = this.#shared(row) as SharedPlan;
    // Rows that went the ordinary way may have needed its room.
    this.#isReady = blockGrowth.isInKernel(plan);
    if (!this.#isReady) return row;
    if (row < this.#from || row >= this.#to) this.#makeTable(row);
    const left =
      this.#from +
      blockGrowth.extrapolate(
        row - this.#from,
        this.#to - this.#from,
        plan,
        this.#kind.isCounter,
        this.#rows.target,
      );
    this.#count(row, left);
    this.#rows.endRows(row, left);
    return left;
  }

  #makeTable(from: number): void {
    const { firstPiece } = this.#found;
    const { places, sizes } = this.#pieces;
    const end = Math.min(this.#found.length, from + this.#rowsMax);
    let row = from;
    for (; row < end && this.takes(row); row += 1) {
      const { plan, count } = this.#shared(row) as SharedPlan;
      const piece = firstPiece[row] as number;
      blockGrowth.setRow(row - from, places[piece] as number, sizes[piece] as number, count, plan);
    }
    this.#from = from;
    this.#to = row;
  }

  #count(from: number, to: number): void {
    for (let row = from; row < to; row += 1) {
      const { plan } = this.#shared(row) as SharedPlan;
      const touched = plan.to - plan.from;
      this.#rows.count(touched);
    }
  }

  #shared(row: number): SharedPlan | null {
    const piece = this.#found.firstPiece[row] as number;
    return this.#plans[this.#pieces.timestampIds[piece] as number] as SharedPlan | null;
  }

  #makePlans(decoder: SampleDecoder): void {
    const { sizes, timestampIds } = this.#pieces;
    let piece = 0;
    for (const table of this.#tables) {
      const { timestamps } = table as BlockTable;
      const blockOf = new Map(timestamps.map((block) => [block.id, block]));
      for (const end = piece + seriesCountOf(table as BlockTable); piece < end; piece += 1) {
        if (sizes[piece] === 0) continue;
        const id = timestampIds[piece] as number;
        if (this.#plans[id] === undefined)
          this.#plans[id] = this.#planOf(blockOf.get(id) as TimestampBlock, decoder);
      }
    }
  }

  #planOf(block: TimestampBlock, decoder: SampleDecoder): SharedPlan | null {
    const times = decoder.sharedTimes(block, this.#budget);
    if (!times) return null;
    const plan = growthPlan(times.timestampsMs, times.windows, this.#kind.isRate);
    return plan.presence.includes(1) ? { plan, count: block.count } : null;
  }

  /** All were made in one stretch: one of another era lost its columns. */
  #areCurrent(): boolean {
    return this.#plans.every((shared) => !shared || blockGrowth.isInKernel(shared.plan));
  }
}

/** The block of each piece that has just one, raw or the same value throughout: nothing of it is made. */
class PieceBlocks {
  /** Where the block lies in the kernels' memory. */
  readonly places: Int32Array;
  /** 0: not one such block, or one of several pieces of its series. */
  readonly sizes: Int32Array;
  readonly timestampIds: Int32Array;

  constructor({ tables, places }: PutTables, nextPiece: Int32Array) {
    this.places = new Int32Array(nextPiece.length);
    this.sizes = new Int32Array(nextPiece.length);
    this.timestampIds = new Int32Array(nextPiece.length);
    let piece = 0;
    tables.forEach((table, number) => {
      this.#add(table as BlockTable, piece, places[number] as number, nextPiece);
      piece += seriesCountOf(table as BlockTable);
    });
  }

  #add(table: BlockTable, firstPiece: number, place: number, nextPiece: Int32Array): void {
    const seriesCount = seriesCountOf(table);
    for (let i = 0; i < seriesCount; i += 1) {
      const piece = firstPiece + i;
      const block = firstBlockOf(table, i);
      if (endOfBlocks(table, i) !== block + 1 || (nextPiece[piece] as number) >= 0) continue;
      const start = blockStart(table, block);
      if (!blockGrowth.isUnpacked(table.bytes[start] as number)) continue;
      this.places[piece] = place + start;
      this.sizes[piece] = blockEnd(table, block) - start;
      this.timestampIds[piece] = timestampsOfBlock(table, block).id;
    }
  }
}

/** Puts the blocks of all tables where the kernel reads them. @returns where; null: there is no room, or one is missing */
function putAll(tables: readonly (BlockTable | null)[]): number[] | null {
  const places: number[] = [];
  blockGrowth.clear();
  for (const table of tables) {
    const place = table ? blockGrowth.put(table.bytes) : -1;
    if (place < 0) return null;
    places.push(place);
  }
  return places;
}

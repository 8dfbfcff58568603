/**
 * Leaves of one step worked out where the blocks lie, in a lane: eight bytes a series travel instead of its samples, and what they
 * come to is worked out on all nodes at once.
 */
import { growthOfTable, ROW_LEFT, type TablePlan } from "@tideline/kernels";
import {
  blocksOfSeries,
  CorruptionError,
  ExecutionError,
  InputError,
  seriesCountOf,
  type BatchRows,
  type BlockTable,
  type LeafOnBlocks,
  type LeavesOnBlocks,
  type SearchLeaf,
  type TimestampBlock,
} from "@tideline/model";
import { Budget } from "../budget.ts";
import type { GrowthKind, TargetRow } from "../functions/card.ts";
import { growthPlan } from "../functions/rollup/counters.ts";
import { stepCountOf } from "../grid.ts";
import { growthOf } from "./growth-blocks.ts";
import type { LeafNode } from "./leaf-node.ts";
import { constantColumns, parseLeaf } from "./leaf-text.ts";
import { leafWindows } from "./leaf-windows.ts";
import { OrdinaryRows, type RowTarget, type RowWork } from "./ordinary-rows.ts";
import { SampleDecoder } from "./sample-decoder.ts";

/** Bytes that decoding may take in a lane; series that want more are sent as blocks. */
const MEMORY_SIZE_MAX = 32 * 1024 * 1024;
/** Dashboards and rules ask the same all the time: so many texts, of this length at most, are parsed once. Blocks are sent for a longer one. */
const TEXTS_MAX = 256;
const TEXT_LENGTH_MAX = 8 * 1024;
/** Timestamp blocks of a search that are remembered at a time. */
const TIMESTAMPS_MAX = 4096;

/** Leaves that are worked out in this thread. */
export function leavesOnBlocks(): LeavesOnBlocks {
  const nodes = new Map<string, LeafNode | null>();
  return {
    open(leaf) {
      if (stepCountOf(leaf.grid) !== 1 || leaf.text.length > TEXT_LENGTH_MAX) return null;
      const node = nodeOf(leaf.text, nodes);
      return node && new OpenLeaf(node, leaf);
    },
  };
}

function nodeOf(text: string, nodes: Map<string, LeafNode | null>): LeafNode | null {
  let node = nodes.get(text);
  if (node === undefined) {
    node = parsed(text);
    if (nodes.size === TEXTS_MAX) nodes.clear();
    nodes.set(text, node);
  }
  return node;
}

/** Null for a text that is no leaf here: one of a newer build, say. */
function parsed(text: string): LeafNode | null {
  try {
    return parseLeaf(text);
  } catch (error) {
    if (error instanceof InputError || error instanceof ExecutionError) return null;
    throw error;
  }
}

class OpenLeaf implements LeafOnBlocks {
  readonly #work: RowWork;
  readonly #growth: GrowthKind | null;
  readonly #dedupIntervalMs: number;
  readonly #budget = new Budget({ sampleCountMax: 0, memorySizeMax: MEMORY_SIZE_MAX });
  #decoder: SampleDecoder;
  /** Timestamp blocks by their id, with numbers of their own: from 0 on. */
  readonly #timestamps = new Map<number, TimestampBlock>();

  constructor(node: LeafNode, { grid, lookbackMs, dedupIntervalMs }: SearchLeaf) {
    const { times, loop } = leafWindows(node, grid, lookbackMs);
    this.#work = { node, times, loop, parameters: constantColumns(node, grid) };
    this.#growth = growthOf(node, loop);
    this.#dedupIntervalMs = dedupIntervalMs;
    this.#decoder = new SampleDecoder(times, dedupIntervalMs);
  }

  rowsOf(table: BlockTable): BatchRows | null {
    try {
      return this.#rowsOf({ ...table, timestamps: this.#numbered(table.timestamps) });
    } catch (error) {
      if (error instanceof CorruptionError || error instanceof ExecutionError) return null;
      throw error;
    }
  }

  #rowsOf(table: BlockTable): BatchRows {
    const rows = new TableTarget(seriesCountOf(table));
    if (!this.#growth || !this.#growRows(table, this.#growth, rows)) rows.presence.fill(ROW_LEFT);
    const ordinary = new OrdinaryRows(this.#work, this.#decoder, rows, this.#budget);
    let row = rows.presence.indexOf(ROW_LEFT);
    for (; row >= 0; row = rows.presence.indexOf(ROW_LEFT, row + 1)) {
      rows.presence[row] = 0;
      rows.target.start = row;
      ordinary.fill(row, blocksOfSeries(table, row));
    }
    return rows;
  }

  /** Rows that a kernel works out together, but for those that it says are left. @returns whether it could */
  #growRows(table: BlockTable, kind: GrowthKind, rows: TableTarget): boolean {
    let sampleCountMax = 0;
    const plans = table.timestamps.map((block): TablePlan | null => {
      const times = this.#decoder.sharedTimes(block, this.#budget);
      if (!times) return null;
      const plan = growthPlan(times.timestampsMs, times.windows, kind.isRate);
      sampleCountMax = Math.max(sampleCountMax, plan.to - plan.from);
      return plan.presence[0] === 1 ? { plan, count: block.count } : null;
    });
    const grown = growthOfTable(table, plans, kind.isCounter);
    if (!grown) return false;
    rows.values.set(grown.values);
    rows.presence.set(grown.presence);
    rows.count(sampleCountMax, grown.sampleCount);
    return true;
  }

  #numbered(blocks: readonly TimestampBlock[]): readonly TimestampBlock[] {
    if (this.#timestamps.size + blocks.length > TIMESTAMPS_MAX) this.#beginAnew();
    return blocks.map((block) => {
      let numbered = this.#timestamps.get(block.id);
      if (!numbered) {
        numbered = { ...block, id: this.#timestamps.size };
        this.#timestamps.set(block.id, numbered);
      }
      return numbered;
    });
  }

  #beginAnew(): void {
    this.#decoder.close(this.#budget);
    this.#decoder = new SampleDecoder(this.#work.times, this.#dedupIntervalMs);
    this.#timestamps.clear();
  }
}

/** A row for each series, of one step. */
class TableTarget implements RowTarget, BatchRows {
  readonly stepCount = 1;
  readonly values: Float64Array;
  readonly presence: Uint8Array;
  readonly target: TargetRow;
  sampleCount = 0;
  seriesSampleCountMax = 0;

  constructor(length: number) {
    this.values = new Float64Array(length);
    this.presence = new Uint8Array(length);
    this.target = { values: this.values, presence: this.presence, start: 0 };
  }

  endRow(row: number): void {
    this.target.start = row + 1;
  }

  /** @param totalCount of several rows, of which the one with most has `sampleCount` */
  count(sampleCount: number, totalCount = sampleCount): void {
    this.sampleCount += totalCount;
    this.seriesSampleCountMax = Math.max(this.seriesSampleCountMax, sampleCount);
  }
}

/**
 * Fills the rows of a leaf from the blocks of its series: by the thousand where a kernel can, else series by series with the loop
 * of its card. Runs beside the planner, and where the data lives.
 */
import { isStaleAt } from "@tideline/model";
import type { Budget } from "../budget.ts";
import type { RollupLoop, TargetRow, WindowTimes } from "../functions/card.ts";
import { GrowthBlocks, growthOf } from "./growth-blocks.ts";
import type { LeafNode } from "./leaf-node.ts";
import { LiveSamples } from "./live-samples.ts";
import type { RowBlocks } from "./row-blocks.ts";
import type { DecodedSeries, SampleDecoder } from "./sample-decoder.ts";

/** Where rows go, one after the other. */
export interface RowTarget {
  /** Where the next row goes. */
  readonly target: TargetRow;
  /** The target was filled for a row, or left blank. Rows come in their order. */
  endRow(row: number): void;
  /** The rows `first` to `end` (exclusive) were filled, each with a value at least. */
  endRows(first: number, end: number): void;
  /** Samples that windows of a row held. @throws {ExecutionError} past a limit */
  count(sampleCount: number): void;
}

/** A leaf, as it is worked out. */
export interface RowWork {
  readonly node: LeafNode;
  readonly times: WindowTimes;
  /** null: the last sample of each window, or its time. */
  readonly loop: RollupLoop | null;
  /** One value per step for each scalar argument of the card. */
  readonly parameters: readonly Float64Array[];
}

/** Rows of the ordinary way between two looks at the clock. */
const ROWS_AT_ONCE = 8;

export class RowFiller {
  readonly #work: RowWork;
  readonly #blocks: RowBlocks;
  readonly #decoder: SampleDecoder;
  readonly #rows: RowTarget;
  readonly #budget: Budget;
  readonly #live: LiveSamples;
  readonly #growth: GrowthBlocks | null;

  /** @param budget holds what the decoder takes */
  constructor(
    work: RowWork,
    blocks: RowBlocks,
    decoder: SampleDecoder,
    rows: RowTarget,
    budget: Budget,
  ) {
    this.#work = work;
    this.#blocks = blocks;
    this.#decoder = decoder;
    this.#rows = rows;
    this.#budget = budget;
    this.#live = new LiveSamples(work.times);
    this.#growth = GrowthBlocks.of(growthOf(work.node, work.loop), blocks, decoder, rows, budget);
  }

  /** After a wait: others may have used the kernels' memory. */
  renew(): void {
    this.#growth?.renew();
  }

  /**
   * Fills some rows from `row` on, without a wait; none from `end` on unless a kernel takes them as well.
   *
   * @returns the first one that is left
   * @throws {ExecutionError} past a limit; {CorruptionError} on damaged blocks
   */
  fill(row: number, end: number): number {
    if (this.#growth?.takes(row) === true) {
      const left = this.#growth.fill(row);
      if (left > row) return left;
    }
    const soon = Math.min(row + ROWS_AT_ONCE, end);
    let next = row;
    do {
      this.#fillOne(next);
      next += 1;
    } while (next < soon && this.#growth?.takes(next) !== true);
    return next;
  }

  #fillOne(row: number): void {
    const { node, loop, parameters } = this.#work;
    const { target } = this.#rows;
    const series = this.#decoder.decode(this.#blocks.blocksOf(row), this.#budget);
    this.#rows.count(touchedCount(series));
    if (loop) {
      const live = this.#live.of(series);
      loop(live, live.windows, parameters, target);
    } else {
      fillInstants(series, node.shape === "timestamp", target);
    }
    this.#rows.endRow(row);
  }
}

/** Samples that some window holds. */
function touchedCount({ windows }: DecodedSeries): number {
  const { starts, ends, stepCount } = windows;
  return (ends[stepCount - 1] as number) - (starts[0] as number);
}

/** The last sample of each window, or its time; none where that sample is a staleness marker. */
function fillInstants(series: DecodedSeries, wantsTime: boolean, target: TargetRow): void {
  const { timestampsMs, values, words, windows } = series;
  for (let step = 0; step < windows.stepCount; step += 1) {
    const last = (windows.ends[step] as number) - 1;
    if (last < (windows.starts[step] as number) || isStaleAt(words, last)) continue;
    const at = target.start + step;
    target.presence[at] = 1;
    target.values[at] = wantsTime
      ? (timestampsMs[last] as number) / 1000
      : (values[last] as number);
  }
}

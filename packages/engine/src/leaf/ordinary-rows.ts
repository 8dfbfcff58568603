/** Fills the rows of a leaf series by series, with the loop of its card: beside the planner, and where the data lives. */
import { isStaleAt, type ValueBlock } from "@tideline/model";
import type { Budget } from "../budget.ts";
import type { RollupLoop, TargetRow, WindowTimes } from "../functions/card.ts";
import type { LeafNode } from "./leaf-node.ts";
import { LiveSamples } from "./live-samples.ts";
import type { DecodedSeries, SampleDecoder } from "./sample-decoder.ts";

/** Where rows go, one after the other. */
export interface RowTarget {
  /** Where the next row goes. */
  readonly target: TargetRow;
  /** The target was filled for a row, or left blank. Rows come in their order. */
  endRow(row: number): void;
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

export class OrdinaryRows {
  readonly #work: RowWork;
  readonly #decoder: SampleDecoder;
  readonly #rows: RowTarget;
  readonly #budget: Budget;
  readonly #live: LiveSamples;

  /** @param budget holds what the decoder takes */
  constructor(work: RowWork, decoder: SampleDecoder, rows: RowTarget, budget: Budget) {
    this.#work = work;
    this.#decoder = decoder;
    this.#rows = rows;
    this.#budget = budget;
    this.#live = new LiveSamples(work.times);
  }

  /**
   * Fills a row.
   *
   * @param blocks of its series, ascending by minMs
   * @throws {ExecutionError} past a limit; {CorruptionError} on damaged blocks
   */
  fill(row: number, blocks: readonly ValueBlock[]): void {
    const { node, loop, parameters } = this.#work;
    const { target } = this.#rows;
    const series = this.#decoder.decode(blocks, this.#budget);
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

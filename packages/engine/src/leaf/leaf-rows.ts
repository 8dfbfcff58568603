/** The rows of a leaf's result, filled one after the other; a series without a value leaves no row. */
import type { LeafColumns } from "@tideline/model";
import type { Budget } from "../budget.ts";
import type { TargetRow } from "../functions/card.ts";
import { rememberLabels } from "./leaf-labels.ts";
import type { RowTarget } from "./ordinary-rows.ts";
import type { FoundSeries } from "./series-reader.ts";

export class LeafRows implements RowTarget {
  readonly #found: FoundSeries;
  readonly #stepCount: number;
  readonly #budget: Budget;
  /** Series that have a row: null while that is each one. */
  #kept: number[] | null = null;
  /** Where the next row goes. */
  readonly target: TargetRow;
  /** Samples that some window held. */
  sampleCount = 0;

  /** @param budget counts the samples */
  constructor(found: FoundSeries, stepCount: number, budget: Budget) {
    this.#found = found;
    this.#budget = budget;
    this.#stepCount = stepCount;
    this.target = {
      values: new Float64Array(found.length * stepCount),
      presence: new Uint8Array(found.length * stepCount),
      start: 0,
    };
  }

  endRow(series: number): void {
    const { target } = this;
    const end = target.start + this.#stepCount;
    if (hasValue(target.presence, target.start, end)) {
      this.#kept?.push(series);
      target.start = end;
    } else {
      this.#kept ??= Array.from({ length: series }, (_, i) => i);
    }
  }

  endRows(first: number, end: number): void {
    for (let series = first; this.#kept && series < end; series += 1) this.#kept.push(series);
    this.target.start += (end - first) * this.#stepCount;
  }

  /** @param totalCount of several rows, of which the one with most has `sampleCount` */
  count(sampleCount: number, totalCount = sampleCount): void {
    this.sampleCount += totalCount;
    this.#budget.addSeries(sampleCount);
    this.#budget.addSamples(totalCount - sampleCount);
  }

  finish(): LeafColumns {
    const found = this.#found;
    const kept = this.#kept;
    const size = this.target.start;
    const columns = {
      stepCount: this.#stepCount,
      // In this thread labels are at hand (leaf-labels.ts): nobody asks.
      get keys() {
        const rows = kept ?? found.labels.map((_, row) => row);
        return rows.map((row) => found.keyOf(row));
      },
      values: this.target.values.subarray(0, size),
      presence: this.target.presence.subarray(0, size),
    };
    rememberLabels(columns, kept ? kept.map((row) => found.labels[row] as string) : found.labels);
    return columns;
  }
}

function hasValue(presence: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (presence[at] === 1) return true;
  return false;
}

/**
 * Which samples a leaf sees at each step, and the loop that works on them. A range sees just its window; under `anchored`
 * and `smoothed` it sees samples around it, too, as far as the lookback.
 */
import type { StepGrid } from "@tideline/model";
import type { VectorSelector } from "@tideline/promql";
import type { RollupLoop, WindowMargins, WindowTimes } from "../functions/card.ts";
import { smoothedInstants } from "../functions/rollup/extended-ranges.ts";
import { extendedLoopOf, windowTimes, type LeafNode, type TimeShift } from "./leaf-node.ts";

export interface LeafWindows {
  readonly times: WindowTimes;
  /** null: the last sample of each window, or its time. */
  readonly loop: RollupLoop | null;
}

/** How far a selector sees beyond its range. */
export function marginsOf(
  extension: VectorSelector["extension"],
  lookbackMs: number,
): WindowMargins {
  return {
    beforeMs: extension === null ? 0 : lookbackMs,
    afterMs: extension === "smoothed" ? lookbackMs : 0,
  };
}

/** The windows of a range with its margins. */
export function widenedTimes(
  shift: TimeShift,
  rangeMs: number,
  grid: StepGrid,
  { beforeMs, afterMs }: WindowMargins,
): WindowTimes {
  const times = windowTimes(shift, rangeMs, grid);
  const endStartMs = times.endStartMs + afterMs;
  return { ...times, rangeMs: rangeMs + beforeMs + afterMs, endStartMs };
}

export function leafWindows(node: LeafNode, grid: StepGrid, lookbackMs: number): LeafWindows {
  const { shape, card, selector } = node;
  if (shape === "smoothed") {
    const margins = { beforeMs: lookbackMs, afterMs: lookbackMs };
    return { times: widenedTimes(node, 0, grid, margins), loop: smoothedInstants(margins) };
  }
  if (!card) return { times: windowTimes(node, lookbackMs, grid), loop: null };
  const margins = marginsOf(selector.extension, lookbackMs);
  const times = widenedTimes(node, node.rangeMs, grid, margins);
  const loop =
    selector.extension === null ? card.evaluate : extendedLoopOf(card, selector.extension)(margins);
  return { times, loop };
}

/** Arithmetic of step grids. */
import { ExecutionError, type StepGrid } from "@tideline/model";

/** How many instants a grid has; 0 when it ends before it starts. */
export function stepCountOf({ startMs, endMs, stepMs }: StepGrid): number {
  return endMs < startMs ? 0 : Math.floor((endMs - startMs) / stepMs) + 1;
}

/** The grid of one instant. */
export function instantGrid(timeMs: number): StepGrid {
  return { startMs: timeMs, endMs: timeMs, stepMs: 1 };
}

/** @throws {ExecutionError} a grid with more steps than allowed; 0 = no limit */
export function checkStepCount(
  stepCount: number,
  pointsPerSeriesMax: number,
  what: "query" | "subquery" = "query",
): void {
  if (pointsPerSeriesMax === 0 || stepCount <= pointsPerSeriesMax) return;
  throw new ExecutionError(
    "TIDELINE_QUERY_POINTS",
    `exceeded maximum resolution of ${pointsPerSeriesMax} points per timeseries: the ${what} asks for ${stepCount}. Try decreasing the query resolution (?step=XX)`,
  );
}

/**
 * The grid that a subquery evaluates for windows that end from firstEndMs to lastEndMs: multiples of the step, the
 * first one past the start of the first window.
 */
export function subqueryGrid(
  firstEndMs: number,
  lastEndMs: number,
  rangeMs: number,
  stepMs: number,
): StepGrid {
  const openMs = firstEndMs - rangeMs;
  const startMs = (Math.floor(openMs / stepMs) + 1) * stepMs;
  return { startMs, endMs: lastEndMs, stepMs };
}

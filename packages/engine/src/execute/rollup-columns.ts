/** A range function over the columns of a subquery: each row is a series with samples at the inner steps. */
import type { StepGrid } from "@tideline/model";
import { blankColumns, withoutBlankRows, type Columns } from "../columns/columns.ts";
import type { RollupCard, TargetRow, WindowTimes } from "../functions/card.ts";
import { ScratchWindows, windowsOf } from "../leaf/windows.ts";

/** @param inner columns over `grid`. Names are kept. */
export function rollupColumns(
  inner: Columns,
  grid: StepGrid,
  times: WindowTimes,
  card: RollupCard,
  parameters: readonly Float64Array[],
): Columns {
  const result = blankColumns(inner.labels, times.stepCount, inner.dropsName);
  const { stepCount } = inner;
  const gridMs = new Float64Array(stepCount);
  for (let step = 0; step < stepCount; step += 1) gridMs[step] = grid.startMs + step * grid.stepMs;
  // Rows without gaps share the grid's times, and so their windows.
  const gridWindows = windowsOf(gridMs, stepCount, times);
  const ownWindows = new ScratchWindows(times);
  const ownMs = new Float64Array(stepCount);
  const ownValues = new Float64Array(stepCount);
  const target: TargetRow = { values: result.values, presence: result.presence, start: 0 };
  for (let row = 0; row < inner.labels.length; row += 1) {
    const start = row * stepCount;
    target.start = row * times.stepCount;
    const values = inner.values.subarray(start, start + stepCount);
    const presence = inner.presence.subarray(start, start + stepCount);
    if (!presence.includes(0)) {
      const samples = { timestampsMs: gridMs, values, count: stepCount };
      card.evaluate(samples, gridWindows, parameters, target);
      continue;
    }
    let count = 0;
    for (let step = 0; step < stepCount; step += 1) {
      if (presence[step] === 0) continue;
      ownMs[count] = gridMs[step] as number;
      ownValues[count] = values[step] as number;
      count += 1;
    }
    const samples = { timestampsMs: ownMs, values: ownValues, count };
    card.evaluate(samples, ownWindows.of(ownMs, count), parameters, target);
  }
  return withoutBlankRows(result);
}

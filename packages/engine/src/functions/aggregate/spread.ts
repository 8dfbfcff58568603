/** min, max, stddev, stdvar, quantile of a group. */
import { blankColumns, type Columns } from "../../columns/columns.ts";
import { quantileOf, sortValues } from "../../numeric/quantile.ts";
import type { AggregateCard, Groups } from "../card.ts";
import { checkQuantileColumn } from "../rollup/quantiles.ts";
import { scalarOf } from "../transform/elementwise.ts";
import { foldSamples } from "./sums.ts";

/** The least or greatest value; a NaN only when all are. */
function extreme(isBetter: (value: number, best: number) => boolean) {
  return (columns: Columns, groups: Groups): Columns => {
    const result = blankColumns(groups.labels, columns.stepCount, groups.dropsName);
    const { values } = result;
    foldSamples(columns, groups, result, (value, at, isFirst) => {
      const best = values[at] as number;
      if (isFirst || isBetter(value, best) || Number.isNaN(best)) values[at] = value;
    });
    return result;
  };
}

/** Welford's variance over the group. */
function variance(finish: (variance: number) => number) {
  return (columns: Columns, groups: Groups): Columns => {
    const result = blankColumns(groups.labels, columns.stepCount, groups.dropsName);
    const squares = result.values;
    const means = new Float64Array(squares.length);
    const counts = new Uint32Array(squares.length);
    foldSamples(columns, groups, result, (value, at, isFirst) => {
      const count = (counts[at] as number) + 1;
      counts[at] = count;
      if (isFirst) {
        means[at] = value;
        squares[at] = Number.isFinite(value) ? 0 : NaN;
        return;
      }
      const mean = means[at] as number;
      const delta = value - mean;
      const moved = mean + delta / count;
      means[at] = moved;
      squares[at] = (squares[at] as number) + delta * (value - moved);
    });
    for (let at = 0; at < squares.length; at += 1)
      if (result.presence[at] === 1)
        squares[at] = finish((squares[at] as number) / (counts[at] as number));
    return result;
  };
}

/** Rows of each group, as a list of lists. */
export function rowsByGroup(groups: Groups): number[][] {
  const rows: number[][] = groups.labels.map(() => []);
  for (let row = 0; row < groups.groupOf.length; row += 1)
    (rows[groups.groupOf[row] as number] as number[]).push(row);
  return rows;
}

function quantileGroups(columns: Columns, groups: Groups, phis: Float64Array): Columns {
  const result = blankColumns(groups.labels, columns.stepCount, groups.dropsName);
  const { stepCount, presence, values } = columns;
  rowsByGroup(groups).forEach((rows, group) => {
    const column = new Float64Array(rows.length);
    for (let step = 0; step < stepCount; step += 1) {
      let count = 0;
      for (const row of rows) {
        const at = row * stepCount + step;
        if (presence[at] === 0) continue;
        column[count] = values[at] as number;
        count += 1;
      }
      if (count === 0) continue;
      const sorted = column.subarray(0, count);
      sortValues(sorted);
      result.presence[group * stepCount + step] = 1;
      result.values[group * stepCount + step] = quantileOf(phis[step] as number, sorted);
    }
  });
  return result;
}

export const spread: readonly AggregateCard[] = [
  {
    kind: "aggregate",
    name: "min",
    help: "Least value of the group",
    parameterType: null,
    evaluate: extreme((value, best) => value < best),
  },
  {
    kind: "aggregate",
    name: "max",
    help: "Greatest value of the group",
    parameterType: null,
    evaluate: extreme((value, best) => value > best),
  },
  {
    kind: "aggregate",
    name: "stdvar",
    help: "Population variance over the group",
    parameterType: null,
    evaluate: variance((value) => value),
  },
  {
    kind: "aggregate",
    name: "stddev",
    help: "Population standard deviation over the group",
    parameterType: null,
    evaluate: variance(Math.sqrt),
  },
  {
    kind: "aggregate",
    name: "quantile",
    help: "Quantile φ (0 ≤ φ ≤ 1) over the group",
    notes: "-Inf below 0, +Inf above 1",
    parameterType: "scalar",
    evaluate(columns, groups, parameter, context) {
      const phis = scalarOf(parameter ?? undefined);
      checkQuantileColumn(phis, context.annotations, context.parameterSpan);
      return quantileGroups(columns, groups, phis);
    },
  },
];

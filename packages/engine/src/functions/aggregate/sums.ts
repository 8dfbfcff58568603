/** sum, avg, count, group: one pass over the rows, a compensated sum per group and step. */
import { sumRows } from "@tideline/kernels";
import { blankColumns, type Columns } from "../../columns/columns.ts";
import { lostBy } from "../../numeric/kahan.ts";
import type { AggregateCard, Groups } from "../card.ts";

/** Calls `fold` for each sample with its place in the columns and in the groups' columns; marks the latter present. */
export function foldSamples(
  columns: Columns,
  groups: Groups,
  result: Columns,
  fold: (value: number, target: number, isFirst: boolean) => void,
): void {
  const { stepCount, presence, values } = columns;
  for (let row = 0, at = 0; row < columns.labels.length; row += 1) {
    const start = (groups.groupOf[row] as number) * stepCount;
    for (let step = 0; step < stepCount; step += 1, at += 1) {
      if (presence[at] === 0) continue;
      const target = start + step;
      const isFirst = result.presence[target] === 0;
      result.presence[target] = 1;
      fold(values[at] as number, target, isFirst);
    }
  }
}

function sumGroups(columns: Columns, groups: Groups): Columns {
  const result = blankColumns(groups.labels, columns.stepCount, groups.dropsName);
  const { stepCount, values, presence } = columns;
  sumRows({ stepCount, values, presence, groupOf: groups.groupOf }, result);
  return result;
}

/** Averages: a sum as long as it stays finite, a running mean from where it would not. */
function averageGroups(columns: Columns, groups: Groups): Columns {
  const result = blankColumns(groups.labels, columns.stepCount, groups.dropsName);
  const means = result.values;
  const compensations = new Float64Array(means.length);
  const counts = new Uint32Array(means.length);
  const isRunning = new Uint8Array(means.length);
  foldSamples(columns, groups, result, (value, at) => {
    const count = (counts[at] as number) + 1;
    counts[at] = count;
    if (count === 1) {
      means[at] = value;
      return;
    }
    const before = means[at] as number;
    if (isRunning[at] === 0) {
      const total = before + value;
      if (total !== Infinity && total !== -Infinity) {
        compensations[at] = (compensations[at] as number) + lostBy(before, value, total);
        means[at] = total;
        return;
      }
      isRunning[at] = 1;
      means[at] = before / (count - 1);
      compensations[at] = (compensations[at] as number) / (count - 1);
    }
    const share = (count - 1) / count;
    const kept = share * (means[at] as number);
    const added = value / count;
    const mean = kept + added;
    const isInfinite = mean === Infinity || mean === -Infinity;
    compensations[at] = isInfinite
      ? 0
      : share * (compensations[at] as number) + lostBy(kept, added, mean);
    means[at] = mean;
  });
  for (let at = 0; at < means.length; at += 1) {
    const compensation = compensations[at] as number;
    const count = counts[at] as number;
    if (count === 0) continue;
    means[at] =
      isRunning[at] === 1
        ? (means[at] as number) + compensation
        : (means[at] as number) / count + compensation / count;
  }
  return result;
}

export const sums: readonly AggregateCard[] = [
  {
    kind: "aggregate",
    name: "sum",
    help: "Sum over the group",
    parameterType: null,
    evaluate: sumGroups,
  },
  {
    kind: "aggregate",
    name: "avg",
    help: "Average over the group",
    parameterType: null,
    evaluate: averageGroups,
  },
  {
    kind: "aggregate",
    name: "count",
    help: "Count of samples in the group",
    parameterType: null,
    evaluate(columns, groups) {
      const result = blankColumns(groups.labels, columns.stepCount, groups.dropsName);
      foldSamples(columns, groups, result, (_value, at) => {
        result.values[at] = (result.values[at] as number) + 1;
      });
      return result;
    },
  },
  {
    kind: "aggregate",
    name: "group",
    help: "1 where the group has a sample",
    parameterType: null,
    evaluate(columns, groups) {
      const result = blankColumns(groups.labels, columns.stepCount, groups.dropsName);
      foldSamples(columns, groups, result, (_value, at) => {
        result.values[at] = 1;
      });
      return result;
    },
  },
];

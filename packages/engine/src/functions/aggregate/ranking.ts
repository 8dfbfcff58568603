/**
 * topk, bottomk, limitk, limit_ratio: rows of the group as they are, at the steps where they are chosen. Of equal
 * values the row that comes first is chosen first. topk takes a NaN last, and so does bottomk.
 */
import { ExecutionError } from "@tideline/model";
import { selectRows, withoutBlankRows, type Columns } from "../../columns/columns.ts";
import { hashShare } from "../../labels/label-hash.ts";
import { floatText } from "../../numeric/float-text.ts";
import type { AggregateCard, AggregateContext, Groups, Value } from "../card.ts";
import { scalarOf } from "../transform/elementwise.ts";
import { rowsByGroup } from "./spread.ts";

/** k of a step. @throws {ExecutionError} when it is no number, or none that fits 64 bits */
function countOf(parameter: number): number {
  if (Number.isNaN(parameter))
    throw new ExecutionError("TIDELINE_QUERY_PARAMETER", "Parameter value is NaN");
  if (parameter >= 2 ** 63 || parameter < -(2 ** 63)) {
    throw new ExecutionError(
      "TIDELINE_QUERY_PARAMETER",
      `Scalar value ${floatText(parameter)} overflows int64`,
    );
  }
  return Math.trunc(parameter);
}

type Compare = (a: number, b: number) => number;

/** Sorts the present rows of a step best first. */
type Choice = (rows: number[], step: number, columns: Columns) => number[];

function byValue(isBetter: (a: number, b: number) => boolean): Choice {
  return (rows, step, { values, stepCount }) => {
    const order: Compare = (a, b) => {
      const x = values[a * stepCount + step] as number;
      const y = values[b * stepCount + step] as number;
      if (Number.isNaN(x)) return Number.isNaN(y) ? a - b : 1;
      if (Number.isNaN(y)) return -1;
      if (x === y) return a - b;
      return isBetter(x, y) ? -1 : 1;
    };
    return rows.toSorted(order);
  };
}

/** Marks the first k rows of each group and step; the result has them alone. */
function choose(
  columns: Columns,
  groups: Groups,
  counts: Float64Array,
  context: AggregateContext,
  choice: Choice,
): Columns {
  const { stepCount } = columns;
  const limits = counts.map(countOf);
  const presence = new Uint8Array(columns.presence.length);
  const order: number[] = [];
  for (const rows of rowsByGroup(groups)) {
    for (let step = 0; step < stepCount; step += 1) {
      const limit = limits[step] as number;
      if (limit < 1) continue;
      const present = rows.filter((row) => columns.presence[row * stepCount + step] === 1);
      for (const row of choice(present, step, columns).slice(0, limit)) {
        presence[row * stepCount + step] = 1;
        order.push(row);
      }
    }
  }
  const chosen = { ...columns, presence };
  // An instant result shows the order of choice; a range result is sorted by labels anyway.
  return context.isInstant && stepCount === 1
    ? selectRows(chosen, order)
    : withoutBlankRows(chosen);
}

function ranking(name: string, help: string, choice: Choice, experimental = false): AggregateCard {
  return {
    kind: "aggregate",
    name,
    help,
    parameterType: "scalar",
    experimental,
    evaluate: (columns, groups, parameter, context) =>
      choose(columns, groups, scalarOf(parameter ?? undefined), context, choice),
  };
}

function limitRatio(columns: Columns, parameter: Value | null, context: AggregateContext): Columns {
  const { stepCount } = columns;
  const ratios = scalarOf(parameter ?? undefined).map((ratio) => {
    if (Number.isNaN(ratio))
      throw new ExecutionError("TIDELINE_QUERY_PARAMETER", "Ratio value is NaN");
    if (ratio >= -1 && ratio <= 1) return ratio;
    const limited = ratio < 0 ? -1 : 1;
    context.annotations.warn(
      `ratio value should be between -1 and 1, got ${floatText(ratio)}, capping to ${limited}`,
      context.parameterSpan,
    );
    return limited;
  });
  const presence = columns.presence.slice();
  for (let row = 0; row < columns.labels.length; row += 1) {
    const share = hashShare(columns.labels[row] as string);
    for (let step = 0; step < stepCount; step += 1) {
      const ratio = ratios[step] as number;
      // A negative ratio takes just the rows that its complement leaves.
      const isIn = ratio >= 0 ? share < ratio : share >= 1 + ratio;
      if (!isIn) presence[row * stepCount + step] = 0;
    }
  }
  return withoutBlankRows({ ...columns, presence });
}

export const rankings: readonly AggregateCard[] = [
  ranking(
    "topk",
    "The k greatest samples of the group",
    byValue((a, b) => a > b),
  ),
  ranking(
    "bottomk",
    "The k least samples of the group",
    byValue((a, b) => a < b),
  ),
  ranking("limitk", "k samples of the group", (rows) => rows, true),
  {
    kind: "aggregate",
    name: "limit_ratio",
    help: "A share of the samples, always the same series; a negative ratio takes the others",
    parameterType: "scalar",
    experimental: true,
    evaluate: (columns, _groups, parameter, context) => limitRatio(columns, parameter, context),
  },
];

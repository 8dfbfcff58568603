/** Orders of an instant result: by value, or by labels in natural order. Range results are always in label order. */
import { selectRows, type Columns } from "../../columns/columns.ts";
import type { TransformCard, TransformContext } from "../card.ts";
import { textOf, vectorOf } from "./elementwise.ts";
import { rowsByLabels } from "./label-sort.ts";

/** Rows in a new order; only an instant query shows it. */
function ordered(
  columns: Columns,
  context: TransformContext,
  rowsOf: (columns: Columns) => number[],
): Columns {
  if (!context.isInstant) {
    context.annotations.warn(
      "sort is ineffective for range queries since results are always ordered by labels",
      context.call.span,
    );
    return columns;
  }
  // Inside a subquery there are many steps, and no order that suits all of them.
  if (columns.stepCount !== 1) return columns;
  return selectRows(columns, rowsOf(columns));
}

/** By value, NaN last either way. @returns numbers of rows */
function rowsByValue(values: Float64Array, direction: 1 | -1): number[] {
  const rows = Array.from(values, (_, row) => row);
  return rows.toSorted((a, b) => {
    const x = values[a] as number;
    const y = values[b] as number;
    if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : 1;
    if (Number.isNaN(y)) return -1;
    if (x === y) return 0;
    return x < y ? -direction : direction;
  });
}

function valueSort(name: string, help: string, direction: 1 | -1): TransformCard {
  return {
    kind: "transform",
    name,
    help,
    argumentTypes: ["vector"],
    returnType: "vector",
    evaluate: (values, context) => ({
      type: "vector",
      columns: ordered(vectorOf(values[0]), context, (columns) =>
        rowsByValue(columns.values, direction),
      ),
    }),
  };
}

function labelSort(name: string, help: string, direction: 1 | -1): TransformCard {
  return {
    kind: "transform",
    name,
    help,
    argumentTypes: ["vector", "string"],
    variadic: -1,
    returnType: "vector",
    experimental: true,
    evaluate(values, context) {
      const names = values.slice(1).map(textOf);
      const columns = ordered(vectorOf(values[0]), context, ({ labels }) =>
        rowsByLabels(labels, names, direction),
      );
      return { type: "vector", columns };
    },
  };
}

export const sorting: readonly TransformCard[] = [
  valueSort("sort", "Ascending by value, in an instant query", 1),
  valueSort("sort_desc", "Descending by value, in an instant query", -1),
  labelSort("sort_by_label", "Ascending by the labels named, in an instant query", 1),
  labelSort("sort_by_label_desc", "Descending by the labels named, in an instant query", -1),
];

/** Orders of an instant result: by value, or by labels in natural order. Range results are always in label order. */
import { selectRows, type Columns } from "../../columns/columns.ts";
import { bytesText, compareLabelKeys, labelValue, plainText } from "../../labels/label-key.ts";
import type { TransformCard, TransformContext } from "../card.ts";
import { textOf, vectorOf } from "./elementwise.ts";

type RowOrder = (a: number, b: number) => number;

/** Rows in a new order; only an instant query shows it. */
function ordered(
  columns: Columns,
  context: TransformContext,
  order: (columns: Columns) => RowOrder,
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
  const rows = Array.from({ length: columns.labels.length }, (_, row) => row);
  return selectRows(columns, rows.toSorted(order(columns)));
}

/** By value, NaN last either way. */
function byValue(direction: 1 | -1): (columns: Columns) => RowOrder {
  return ({ values }) =>
    (a, b) => {
      const x = values[a] as number;
      const y = values[b] as number;
      if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : 1;
      if (Number.isNaN(y)) return -1;
      if (x === y) return 0;
      return x < y ? -direction : direction;
    };
}

/** By the values of labels in turn, numbers inside them by size; all labels decide between equals. */
function byLabels(names: readonly string[], direction: 1 | -1): (columns: Columns) => RowOrder {
  const wanted = names.map(bytesText);
  return ({ labels }) =>
    (a, b) => {
      const x = labels[a] as string;
      const y = labels[b] as string;
      for (const name of wanted) {
        const order = compareNatural(
          plainText(labelValue(x, name)),
          plainText(labelValue(y, name)),
        );
        if (order !== 0) return order * direction;
      }
      return compareLabelKeys(x, y) * direction;
    };
}

const CHUNKS = /\d+|\D+/g;

/** Natural order: runs of digits compare as numbers. */
function compareNatural(a: string, b: string): number {
  const left = a.match(CHUNKS) ?? [];
  const right = b.match(CHUNKS) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const x = left[i] as string;
    const y = right[i] as string;
    const order = /^\d/.test(x) && /^\d/.test(y) ? compareDigits(x, y) : compareText(x, y);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareDigits(a: string, b: string): number {
  const x = a.replace(/^0+(?=\d)/, "");
  const y = b.replace(/^0+(?=\d)/, "");
  return x.length === y.length ? compareText(x, y) : x.length - y.length;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
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
      columns: ordered(vectorOf(values[0]), context, byValue(direction)),
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
      const order = byLabels(values.slice(1).map(textOf), direction);
      return { type: "vector", columns: ordered(vectorOf(values[0]), context, order) };
    },
  };
}

export const sorting: readonly TransformCard[] = [
  valueSort("sort", "Ascending by value, in an instant query", 1),
  valueSort("sort_desc", "Descending by value, in an instant query", -1),
  labelSort("sort_by_label", "Ascending by the labels named, in an instant query", 1),
  labelSort("sort_by_label_desc", "Descending by the labels named, in an instant query", -1),
];

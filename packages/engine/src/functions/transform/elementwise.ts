/** For transforms that map each value by itself: the loop is here, the card brings the leaf. */
import type { ValueType } from "@tideline/promql";
import { withoutNames, type Columns } from "../../columns/columns.ts";
import type { TransformCard, TransformContext, Value } from "../card.ts";

/** `a` and `b`: the scalar arguments at this step, NaN when there are none. */
type ValueFunction = (value: number, a: number, b: number) => number;

/** The vector of an argument; the parser has checked its type. */
export function vectorOf(value: Value | undefined): Columns {
  if (value?.type !== "vector") throw new TypeError("an argument is a vector by its card");
  return value.columns;
}

/** The scalar of an argument, one value per step. */
export function scalarOf(value: Value | undefined): Float64Array {
  if (value?.type !== "scalar") throw new TypeError("an argument is a scalar by its card");
  return value.values;
}

/** The string of an argument. */
export function textOf(value: Value | undefined): string {
  if (value?.type !== "string") throw new TypeError("an argument is a string by its card");
  return value.text;
}

/** Maps every sample and drops the metric names. */
export function mapped(
  columns: Columns,
  context: TransformContext,
  evaluate: ValueFunction,
  a?: Float64Array,
  b?: Float64Array,
): Columns {
  const { stepCount, presence } = columns;
  const values = new Float64Array(columns.values.length);
  for (let row = 0, at = 0; row < columns.labels.length; row += 1) {
    for (let step = 0; step < stepCount; step += 1, at += 1) {
      if (presence[at] === 0) continue;
      values[at] = evaluate(
        columns.values[at] as number,
        a ? (a[step] as number) : NaN,
        b ? (b[step] as number) : NaN,
      );
    }
  }
  return withoutNames({ ...columns, values }, context.removal, true);
}

/** A card of a function of one vector. */
export function elementwise(name: string, help: string, evaluate: ValueFunction): TransformCard {
  return {
    kind: "transform",
    name,
    help,
    argumentTypes: ["vector"],
    returnType: "vector",
    evaluate: (values, context) => ({
      type: "vector",
      columns: mapped(vectorOf(values[0]), context, evaluate),
    }),
  };
}

/** A card of a function of a vector and scalars; a missing last scalar is `fallback`. */
export function elementwiseWith(
  name: string,
  help: string,
  scalars: { readonly count: 1 | 2; readonly fallback?: number },
  evaluate: ValueFunction,
): TransformCard {
  const types: ValueType[] = ["vector", ...Array<ValueType>(scalars.count).fill("scalar")];
  return {
    kind: "transform",
    name,
    help,
    argumentTypes: types,
    variadic: scalars.fallback === undefined ? 0 : 1,
    returnType: "vector",
    evaluate(values, context) {
      const [a, b] = values.slice(1).map(scalarOf);
      const fallback = new Float64Array(context.stepCount).fill(scalars.fallback ?? NaN);
      return {
        type: "vector",
        columns: mapped(vectorOf(values[0]), context, evaluate, a ?? fallback, b),
      };
    },
  };
}

/** Binary operators with a scalar on at least one side. */
import {
  withoutBlankRows,
  withoutNames,
  type Columns,
  type NameRemoval,
} from "../columns/columns.ts";
import type { NumberOperator } from "./scalar-operators.ts";

/** Two scalars; a comparison gives 1 or 0. */
export function combineScalars(
  operator: NumberOperator,
  left: Float64Array,
  right: Float64Array,
): Float64Array {
  return left.map((value, step) => {
    const other = right[step] as number;
    if (operator.kind === "arithmetic") return operator.apply(value, other);
    if (operator.kind === "comparison") return operator.test(value, other) ? 1 : 0;
    return NaN;
  });
}

export interface ScalarSide {
  readonly values: Float64Array;
  readonly isLeft: boolean;
}

/** A vector and a scalar. A comparison without `bool` filters, and keeps the vector's value and name. */
export function combineWithScalar(
  operator: NumberOperator,
  columns: Columns,
  scalar: ScalarSide,
  returnBool: boolean,
  removal: NameRemoval,
): Columns {
  if (operator.kind === "arithmetic") {
    const values = calculate(columns, scalar, operator.apply);
    return withoutNames({ ...columns, values }, removal, true);
  }
  const holds: (left: number, right: number) => boolean =
    operator.kind === "comparison" ? operator.test : () => false;
  if (returnBool) {
    const values = calculate(columns, scalar, (left, right) => (holds(left, right) ? 1 : 0));
    return withoutNames({ ...columns, values }, removal, true);
  }
  const { stepCount } = columns;
  const presence = columns.presence.slice();
  for (let at = 0, row = 0; row < columns.labels.length; row += 1) {
    for (let step = 0; step < stepCount; step += 1, at += 1) {
      if (presence[at] === 0) continue;
      const value = columns.values[at] as number;
      const other = scalar.values[step] as number;
      const stays = scalar.isLeft ? holds(other, value) : holds(value, other);
      if (!stays) presence[at] = 0;
    }
  }
  return withoutBlankRows({ ...columns, presence });
}

function calculate(
  columns: Columns,
  scalar: ScalarSide,
  apply: (left: number, right: number) => number,
): Float64Array {
  const { stepCount } = columns;
  const values = new Float64Array(columns.values.length);
  for (let at = 0, row = 0; row < columns.labels.length; row += 1) {
    for (let step = 0; step < stepCount; step += 1, at += 1) {
      const value = columns.values[at] as number;
      const other = scalar.values[step] as number;
      values[at] = scalar.isLeft ? apply(other, value) : apply(value, other);
    }
  }
  return values;
}

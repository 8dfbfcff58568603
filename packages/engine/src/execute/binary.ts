/** A binary operator between two values, by their types. */
import { assert } from "@tideline/common";
import type { Binary } from "@tideline/promql";
import type { CallContext, Value } from "../functions/card.ts";
import { isSetOperator, numberOperator } from "./scalar-operators.ts";
import { combineSets } from "./set-operators.ts";
import { combineScalars, combineWithScalar } from "./vector-scalar.ts";
import { combineVectors } from "./vector-vector.ts";

/** @throws {ExecutionError} where vectors do not match as the modifiers promise */
export function combineValues(
  expression: Binary,
  left: Value,
  right: Value,
  context: CallContext,
): Value {
  const { operator, matching, returnBool } = expression;
  const { removal, checkRows } = context;
  assert(left.type !== "string" && right.type !== "string", "the parser checks types");
  const isBothVectors = left.type === "vector" && right.type === "vector";
  if (isSetOperator(operator)) {
    assert(isBothVectors && matching, "set operators are between vectors");
    const columns = combineSets(operator, left.columns, right.columns, matching, checkRows);
    return { type: "vector", columns };
  }
  const apply = numberOperator(operator);
  if (isBothVectors) {
    assert(matching, "two vectors are matched");
    const operation = { operator: apply, matching, returnBool, removal, checkRows };
    return { type: "vector", columns: combineVectors(left.columns, right.columns, operation) };
  }
  if (left.type === "scalar" && right.type === "scalar")
    return { type: "scalar", values: combineScalars(apply, left.values, right.values) };
  const [vector, scalar] = left.type === "vector" ? [left, right] : [right, left];
  assert(vector.type === "vector" && scalar.type === "scalar", "one side is a vector");
  const side = { values: scalar.values, isLeft: left.type === "scalar" };
  const columns = combineWithScalar(apply, vector.columns, side, returnBool, removal);
  return { type: "vector", columns };
}

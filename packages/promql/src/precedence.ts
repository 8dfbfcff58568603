/**
 * How tight operators bind: parser and printer must agree.
 */
import type { BinaryOperator } from "./ast.ts";

const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ["or"],
  ["and", "unless"],
  ["==", "!=", "<", "<=", ">", ">=", "</", ">/"],
  ["+", "-"],
  ["*", "/", "%", "atan2"],
  ["^"],
];

/** From 1 (loosest). */
export const PRECEDENCE: ReadonlyMap<string, number> = new Map(
  LEVELS.flatMap((operators, index) => operators.map((operator) => [operator, index + 1] as const)),
);

/** The only right-associative level. */
export const POWER_PRECEDENCE = LEVELS.length;

/** A sign binds like a product: tighter than `+`, looser than `^`. */
export const SIGN_PRECEDENCE = LEVELS.length - 1;

export function isComparison(operator: BinaryOperator): boolean {
  return ["==", "!=", "<", "<=", ">", ">="].includes(operator);
}

export function isSetOperator(operator: BinaryOperator): boolean {
  return operator === "and" || operator === "or" || operator === "unless";
}

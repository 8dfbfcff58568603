/** What the binary operators do with two numbers. */
import { unreachable } from "@tideline/common";
import type { BinaryOperator } from "@tideline/promql";
import { atan2 } from "../numeric/go-arcs.ts";
import { power } from "../numeric/go-power.ts";

type Arithmetic = (left: number, right: number) => number;
type Comparison = (left: number, right: number) => boolean;

export type SetOperator = "and" | "or" | "unless";

/** How an operator works on two numbers: it makes a new one, or tells whether the sample stays. */
export type NumberOperator =
  | { readonly kind: "arithmetic"; readonly apply: Arithmetic }
  | { readonly kind: "comparison"; readonly test: Comparison }
  /** Defined on native histograms only: floats have no result. */
  | { readonly kind: "trim" };

export function isSetOperator(operator: BinaryOperator): operator is SetOperator {
  return operator === "and" || operator === "or" || operator === "unless";
}

export function numberOperator(operator: Exclude<BinaryOperator, SetOperator>): NumberOperator {
  switch (operator) {
    case "+":
      return { kind: "arithmetic", apply: (left, right) => left + right };
    case "-":
      return { kind: "arithmetic", apply: (left, right) => left - right };
    case "*":
      return { kind: "arithmetic", apply: (left, right) => left * right };
    case "/":
      return { kind: "arithmetic", apply: (left, right) => left / right };
    case "%":
      return { kind: "arithmetic", apply: (left, right) => left % right };
    case "^":
      return { kind: "arithmetic", apply: power };
    case "atan2":
      return { kind: "arithmetic", apply: atan2 };
    case "==":
      return { kind: "comparison", test: (left, right) => left === right };
    case "!=":
      return { kind: "comparison", test: (left, right) => left !== right };
    case "<":
      return { kind: "comparison", test: (left, right) => left < right };
    case "<=":
      return { kind: "comparison", test: (left, right) => left <= right };
    case ">":
      return { kind: "comparison", test: (left, right) => left > right };
    case ">=":
      return { kind: "comparison", test: (left, right) => left >= right };
    case "</":
    case ">/":
      return { kind: "trim" };
    default:
      return unreachable(operator);
  }
}

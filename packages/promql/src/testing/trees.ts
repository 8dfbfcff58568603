/**
 * Trees for tests: without their places, without parentheses, and as short text that shows their shape.
 */
import { METRIC_NAME } from "@tideline/model";
import type { Expression } from "../ast.ts";
import { print } from "../print.ts";
import { childrenOf, replace } from "../walk.ts";

const NOWHERE = { start: 0, end: 0 };

/** Equal trees become deeply equal objects. */
export function withoutSpans(expression: Expression): Expression {
  return replace(expression, (node) =>
    node.kind === "matrixSelector"
      ? { ...node, span: NOWHERE, selector: { ...node.selector, span: NOWHERE } }
      : { ...node, span: NOWHERE },
  );
}

export function withoutParentheses(expression: Expression): Expression {
  return replace(withoutSpans(expression), (node) =>
    node.kind === "parentheses" ? node.expression : node,
  );
}

/** As in Lisp: `(+ a (* b c))`; leaves as they are printed. */
export function shapeOf(expression: Expression): string {
  if (expression.kind === "vectorSelector" || expression.kind === "matrixSelector") {
    return print(expression);
  }
  const children = childrenOf(expression);
  if (children.length === 0) return print(expression);
  return `(${[headOf(expression), ...children.map(shapeOf)].join(" ")})`;
}

function headOf(expression: Expression): string {
  switch (expression.kind) {
    case "binary":
    case "unary":
      return expression.operator;
    case "call":
    case "aggregation":
      return expression.name;
    case "number":
    case "string":
    case "vectorSelector":
    case "matrixSelector":
    case "subquery":
    case "parentheses":
    default:
      return expression.kind;
  }
}

export const nameMatcher = (name: string) => ({
  name: METRIC_NAME,
  operator: "=" as const,
  value: name,
});

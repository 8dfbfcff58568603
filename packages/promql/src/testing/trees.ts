/**
 * Trees for tests: without their places, without parentheses, and as short text that shows their shape.
 */
import { METRIC_NAME, type Matcher } from "@tideline/model";
import type { Duration, DurationExpression, Expression } from "../ast.ts";
import { print } from "../print.ts";
import { childrenOf, replace } from "../walk.ts";

const NOWHERE = { start: 0, end: 0 };

/** Equal trees become deeply equal objects: no places, matchers in one order. */
export function withoutSpans(expression: Expression): Expression {
  return replace(expression, (node) => {
    if (node.kind !== "vectorSelector") return { ...node, span: NOWHERE };
    const texts = node.matchers.map((matcher) => JSON.stringify(matcher)).toSorted();
    return { ...node, span: NOWHERE, matchers: texts.map((text) => JSON.parse(text) as Matcher) };
  });
}

export function withoutParentheses(expression: Expression): Expression {
  return replace(withoutSpans(expression), (node) => {
    switch (node.kind) {
      case "parentheses":
        return node.expression;
      case "vectorSelector":
        return { ...node, offset: node.offset && bareDuration(node.offset) };
      case "matrixSelector":
        return { ...node, range: bareDuration(node.range) };
      case "subquery": {
        const { range, step, offset } = node;
        return {
          ...node,
          range: bareDuration(range),
          step: step && bareDuration(step),
          offset: offset && bareDuration(offset),
        };
      }
      case "number":
      case "string":
      case "call":
      case "aggregation":
      case "binary":
      case "unary":
      default:
        return node;
    }
  });
}

function bareDuration(duration: Duration): Duration {
  if (duration.kind === "fixed") return duration;
  return { kind: "expression", expression: bareExpression(duration.expression) };
}

function bareExpression(expression: DurationExpression): DurationExpression {
  switch (expression.kind) {
    case "parentheses":
      return bareExpression(expression.inner);
    case "unary":
      return { ...expression, operand: bareExpression(expression.operand) };
    case "binary":
    case "call":
      return {
        ...expression,
        left: bareExpression(expression.left),
        right: bareExpression(expression.right),
      };
    case "seconds":
    case "step":
    case "range":
    default:
      return expression;
  }
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

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
  return withDurations(expression, nowhere, (node) => {
    if (node.kind !== "vectorSelector") return { ...node, span: NOWHERE };
    const texts = node.matchers.map((matcher) => JSON.stringify(matcher)).toSorted();
    return { ...node, span: NOWHERE, matchers: texts.map((text) => JSON.parse(text) as Matcher) };
  });
}

const nowhere = (duration: Duration): Duration =>
  duration.kind === "fixed" ? duration : { ...duration, span: NOWHERE };

/** Changes durations, and nodes. */
function withDurations(
  expression: Expression,
  changeDuration: (duration: Duration) => Duration,
  change: (node: Expression) => Expression,
): Expression {
  return replace(expression, (node) => {
    switch (node.kind) {
      case "vectorSelector":
        return change({ ...node, offset: node.offset && changeDuration(node.offset) });
      case "matrixSelector":
        return change({ ...node, range: changeDuration(node.range) });
      case "subquery": {
        const { range, step, offset } = node;
        return change({
          ...node,
          range: changeDuration(range),
          step: step && changeDuration(step),
          offset: offset && changeDuration(offset),
        });
      }
      case "parentheses":
      case "number":
      case "string":
      case "call":
      case "aggregation":
      case "binary":
      case "unary":
      default:
        return change(node);
    }
  });
}

export function withoutParentheses(expression: Expression): Expression {
  return withDurations(withoutSpans(expression), bareDuration, (node) =>
    node.kind === "parentheses" ? node.expression : node,
  );
}

function bareDuration(duration: Duration): Duration {
  if (duration.kind === "fixed") return duration;
  return { ...duration, expression: bareExpression(duration.expression) };
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

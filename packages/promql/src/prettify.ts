/**
 * Tree to text over several lines, in the form of Prometheus' `format_query`: what does not fit 100 bytes is broken up, and
 * its parts stand two spaces further in.
 */
import { unreachable } from "@tideline/common";
import type { Binary, Expression } from "./ast.ts";
import { aggregationHead, operatorText, print, subqueryTail } from "./print.ts";

const LINE_SIZE_MAX = 100;

/**
 * A tree as the parser makes them: a rewrite may need parentheses that are not put here.
 *
 * `level`: how far in it stands, in steps of two spaces.
 */
export function prettify(expression: Expression, level = 0): string {
  const indent = "  ".repeat(level);
  const inner = (node: Expression): string => prettify(node, level + 1);
  if (expression.kind === "unary") {
    return `${indent}${expression.operator}${prettify(expression.expression, level).trim()}`;
  }
  const text = print(expression);
  const fits = Buffer.byteLength(text) <= LINE_SIZE_MAX;
  // Prometheus does not indent a subquery that fits.
  if (fits) return expression.kind === "subquery" ? text : indent + text;
  switch (expression.kind) {
    case "number":
    case "string":
    case "vectorSelector":
    case "matrixSelector":
      return indent + text;
    case "subquery":
      return prettify(expression.expression, level) + subqueryTail(expression);
    case "parentheses":
      return `${indent}(\n${inner(expression.expression)}\n${indent})`;
    case "call":
      return `${indent}${expression.name}(\n${expression.arguments.map(inner).join(",\n")}\n${indent})`;
    case "aggregation": {
      const { parameter } = expression;
      const parts = parameter === null ? [] : [parameter];
      parts.push(expression.expression);
      return `${indent}${aggregationHead(expression)}(\n${parts.map(inner).join(",\n")}\n${indent})`;
    }
    case "binary":
      return `${prettifyLeft(expression, level + 1)}\n${indent}${operatorText(expression)}\n${inner(expression.right)}`;
    default:
      return unreachable(expression);
  }
}

/** `+Inf ^ x` would be `+(Inf ^ x)`. */
function prettifyLeft({ operator, left }: Binary, level: number): string {
  const isInfinite = left.kind === "number" && left.value === Infinity;
  return operator === "^" && isInfinite ? `${"  ".repeat(level)}Inf` : prettify(left, level);
}

/**
 * Ways through a tree: visit, collect, rewrite, measure.
 */
import { unreachable } from "@tideline/common";
import type { Expression, MatrixSelector, VectorSelector } from "./ast.ts";

/** Children in reading order. The selector inside a range counts as its child. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "number":
    case "string":
    case "vectorSelector":
      return [];
    case "matrixSelector":
      return [expression.selector];
    case "call":
      return expression.arguments;
    case "aggregation":
      return expression.parameter === null
        ? [expression.expression]
        : [expression.parameter, expression.expression];
    case "binary":
      return [expression.left, expression.right];
    case "subquery":
    case "unary":
    case "parentheses":
      return [expression.expression];
    default:
      return unreachable(expression);
  }
}

/** Visits parents before children, in reading order. A visit that returns false keeps out of the children. */
export function walk(expression: Expression, visit: (node: Expression) => boolean | void): void {
  const waiting: Expression[] = [expression];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (visit(node) === false) continue;
    const children = childrenOf(node);
    for (let i = children.length - 1; i >= 0; i -= 1) waiting.push(children[i] as Expression);
  }
}

/** All selectors, also those inside ranges, in reading order. */
export function selectorsOf(expression: Expression): readonly VectorSelector[] {
  const selectors: VectorSelector[] = [];
  walk(expression, (node) => {
    if (node.kind === "vectorSelector") selectors.push(node);
  });
  return selectors;
}

/**
 * Rewrites from the leaves up: `change` sees each node with its children already changed, and gives back the
 * node or another. Untouched branches stay the same objects.
 */
export function replace(
  expression: Expression,
  change: (node: Expression) => Expression,
): Expression {
  const inner = (node: Expression): Expression => replace(node, change);
  switch (expression.kind) {
    case "number":
    case "string":
    case "vectorSelector":
      return change(expression);
    case "matrixSelector":
      return change(replaceSelector(expression, inner));
    case "call": {
      const parts = expression.arguments.map(inner);
      const isSame = parts.every((part, index) => part === expression.arguments[index]);
      return change(isSame ? expression : { ...expression, arguments: parts });
    }
    case "aggregation": {
      const parameter = expression.parameter === null ? null : inner(expression.parameter);
      const body = inner(expression.expression);
      const isSame = parameter === expression.parameter && body === expression.expression;
      return change(isSame ? expression : { ...expression, parameter, expression: body });
    }
    case "binary": {
      const left = inner(expression.left);
      const right = inner(expression.right);
      const isSame = left === expression.left && right === expression.right;
      return change(isSame ? expression : { ...expression, left, right });
    }
    case "subquery":
    case "unary":
    case "parentheses": {
      const body = inner(expression.expression);
      return change(
        body === expression.expression ? expression : { ...expression, expression: body },
      );
    }
    default:
      return unreachable(expression);
  }
}

/** A range stays a range: its selector may only become another selector. */
function replaceSelector(
  matrix: MatrixSelector,
  inner: (node: Expression) => Expression,
): MatrixSelector {
  const selector = inner(matrix.selector);
  if (selector === matrix.selector || selector.kind !== "vectorSelector") return matrix;
  return { ...matrix, selector };
}

/** Levels of the tree; a leaf alone has 1. Needs no stack, so it may be asked of any tree. */
export function depthOf(expression: Expression): number {
  let level: readonly Expression[] = [expression];
  let depth = 0;
  while (level.length > 0) {
    depth += 1;
    level = level.flatMap(childrenOf);
  }
  return depth;
}

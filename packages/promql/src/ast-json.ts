/**
 * The tree as Prometheus' `parse_query` shows it to programs: plain values, ready to be written as JSON. Durations are
 * milliseconds, 0 where they are expressions; a number is the text of its value. Keys are in the order of the alphabet.
 */
import { unreachable } from "@tideline/common";
import type { Matcher } from "@tideline/model";
import type { AtModifier, Duration, Expression, VectorMatching, VectorSelector } from "./ast.ts";
import type { LanguageFacts } from "./facts.ts";
import { floatText } from "./float-text.ts";

export function astJson(expression: Expression, facts: LanguageFacts): unknown {
  const inner = (node: Expression): unknown => astJson(node, facts);
  switch (expression.kind) {
    case "number":
      return { type: "numberLiteral", val: floatText(expression.value) };
    case "string":
      return { type: "stringLiteral", val: expression.value };
    case "vectorSelector":
      return { ...selectorJson(expression), type: "vectorSelector" };
    case "matrixSelector": {
      const range = durationMs(expression.range);
      return { ...selectorJson(expression.selector), range, type: "matrixSelector" };
    }
    case "subquery": {
      const { range, step, offset, at } = expression;
      return {
        expr: inner(expression.expression),
        offset: durationMs(offset),
        range: durationMs(range),
        startOrEnd: startOrEnd(at),
        step: durationMs(step),
        timestamp: timestamp(at),
        type: "subquery",
      };
    }
    case "call": {
      const called = facts.functionFacts(expression.name);
      return {
        args: expression.arguments.map(inner),
        func: {
          argTypes: called?.argumentTypes ?? [],
          name: expression.name,
          returnType: called?.returnType ?? "none",
          variadic: called?.variadic ?? 0,
        },
        type: "call",
      };
    }
    case "aggregation": {
      const { name, parameter, grouping, without } = expression;
      return {
        expr: inner(expression.expression),
        grouping,
        op: name,
        param: parameter === null ? null : inner(parameter),
        type: "aggregation",
        without,
      };
    }
    case "binary": {
      const { operator, left, right, returnBool, matching } = expression;
      return {
        bool: returnBool,
        lhs: inner(left),
        matching: matching === null ? null : matchingJson(matching),
        op: operator,
        rhs: inner(right),
        type: "binaryExpr",
      };
    }
    case "unary":
      return { expr: inner(expression.expression), op: expression.operator, type: "unaryExpr" };
    case "parentheses":
      return { expr: inner(expression.expression), type: "parenExpr" };
    default:
      return unreachable(expression);
  }
}

function selectorJson({ name, matchers, offset, at, extension }: VectorSelector) {
  return {
    anchored: extension === "anchored",
    matchers: matchers.map(matcherJson),
    name,
    offset: durationMs(offset),
    smoothed: extension === "smoothed",
    startOrEnd: startOrEnd(at),
    timestamp: timestamp(at),
  };
}

function matcherJson({ name, operator, value }: Matcher) {
  return { name, type: operator, value };
}

function matchingJson({ cardinality, on, labels, include, fillLeft, fillRight }: VectorMatching) {
  return {
    card: cardinality,
    fillValues: { lhs: fillLeft, rhs: fillRight },
    include,
    labels,
    on,
  };
}

function durationMs(duration: Duration | null): number {
  return duration?.kind === "fixed" ? duration.durationMs : 0;
}

function startOrEnd(at: AtModifier | null): "start" | "end" | null {
  return at === null || at.kind === "time" ? null : at.kind;
}

function timestamp(at: AtModifier | null): number | null {
  return at?.kind === "time" ? at.timestampMs : null;
}

/**
 * Random trees of right types, as a rewrite might build them: nobody looked after parentheses.
 */
import type { Random } from "@tideline/common/testing";
import { METRIC_NAME, type Matcher } from "@tideline/model";
import type {
  AtModifier,
  BinaryOperator,
  Duration,
  DurationExpression,
  Expression,
  VectorMatching,
  VectorSelector,
} from "../ast.ts";
import { PLAIN_MATCHING } from "../parse-matching.ts";
import { isComparison, isSetOperator } from "../precedence.ts";

const span = { start: 0, end: 0 };
const NAMES = ["foo", "a:b", "sum", "offset", "by", "fill", "start", "_9"];
/** Names that can only stand quoted, in the braces. */
const QUOTED_NAMES = ["my.metric", "höhe", "on", "nan", "x y"];
const LABELS = ["job", "le", "by", "on", "sum", "label.name", "ü", "inf", '"', "offset"];
const TEXTS = [
  "",
  "x",
  'say "hi"',
  "a\\b",
  "line\nbreak\t\r",
  "🙂 é",
  "\u0000\u007f",
  "\udcc5",
  "\ufffd",
  "`'",
];
const NUMBERS = [0, -0, 1, -1, 0.1, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, Infinity, -Infinity, NaN];
const OPERATORS: readonly BinaryOperator[] = [
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
  "atan2",
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "and",
  "or",
  "unless",
  "</",
  ">/",
];

export function randomExpression(random: Random, depth: number): Expression {
  return random.chance(0.8) ? vector(random, depth) : scalar(random, depth);
}

function vector(random: Random, depth: number): Expression {
  if (depth === 0) return selector(random, true);
  const inner = (): Expression => vector(random, depth - 1);
  switch (random.below(8)) {
    case 0:
      return { kind: "parentheses", expression: inner(), span };
    case 1:
      return { kind: "unary", operator: random.pick(["+", "-"]), expression: inner(), span };
    case 2:
      return aggregation(random, depth - 1);
    case 3:
      return call(random, depth - 1);
    case 4:
      return { kind: "call", name: "rate", arguments: [matrix(random, depth - 1)], span };
    case 5:
      return mixedBinary(random, depth - 1);
    case 6:
      return vectorBinary(random, depth - 1);
    default:
      return selector(random, true);
  }
}

function scalar(random: Random, depth: number): Expression {
  if (depth === 0) return number(random);
  const inner = (): Expression => scalar(random, depth - 1);
  switch (random.below(5)) {
    case 0:
      return { kind: "unary", operator: random.pick(["+", "-"]), expression: inner(), span };
    case 1:
      return { kind: "call", name: "scalar", arguments: [vector(random, depth - 1)], span };
    case 2:
      return { kind: "call", name: "time", arguments: [], span };
    case 3: {
      const operator = random.pick(OPERATORS.filter((candidate) => !isSetOperator(candidate)));
      const returnBool = isComparison(operator);
      return {
        kind: "binary",
        operator,
        left: inner(),
        right: inner(),
        returnBool,
        matching: null,
        span,
      };
    }
    default:
      return number(random);
  }
}

function number(random: Random): Expression {
  if (random.chance(0.3)) {
    const value = random.below(100_000_000) / 1_000;
    return {
      kind: "number",
      value: random.chance(0.3) ? -value - 1 : value,
      isDuration: true,
      span,
    };
  }
  const value = random.chance(0.5) ? random.pick(NUMBERS) : random.float() * 10 ** random.below(20);
  return { kind: "number", value, isDuration: false, span };
}

function string(random: Random): Expression {
  return { kind: "string", value: random.pick(TEXTS), span };
}

function call(random: Random, depth: number): Expression {
  const inner = vector(random, depth);
  switch (random.below(4)) {
    case 0:
      return {
        kind: "call",
        name: "label_join",
        arguments: [inner, string(random), string(random), string(random)],
        span,
      };
    case 1:
      return {
        kind: "call",
        name: "histogram_quantile",
        arguments: [scalar(random, depth), inner],
        span,
      };
    case 2:
      return { kind: "call", name: "hour", arguments: random.chance(0.5) ? [] : [inner], span };
    default:
      return { kind: "call", name: "vector", arguments: [scalar(random, depth)], span };
  }
}

function aggregation(random: Random, depth: number): Expression {
  const name = random.pick(["sum", "topk", "count_values", "quantile"]);
  const parameter =
    name === "sum" ? null : name === "count_values" ? string(random) : scalar(random, depth);
  const expression = vector(random, depth);
  return {
    kind: "aggregation",
    name,
    parameter,
    expression,
    grouping: labels(random),
    without: random.chance(0.3),
    span,
  };
}

function labels(random: Random): readonly string[] {
  return Array.from({ length: random.below(3) }, () => random.pick(LABELS));
}

function mixedBinary(random: Random, depth: number): Expression {
  const operator = random.pick(OPERATORS.filter((candidate) => !isSetOperator(candidate)));
  const sides = [vector(random, depth), scalar(random, depth)];
  if (random.chance(0.5)) sides.reverse();
  const [left, right] = sides as [Expression, Expression];
  const returnBool = isComparison(operator) && random.chance(0.3);
  return { kind: "binary", operator, left, right, returnBool, matching: null, span };
}

function vectorBinary(random: Random, depth: number): Expression {
  const operator = random.pick(OPERATORS);
  return {
    kind: "binary",
    operator,
    left: vector(random, depth),
    right: vector(random, depth),
    returnBool: isComparison(operator) && random.chance(0.3),
    matching: matching(random, operator),
    span,
  };
}

function matching(random: Random, operator: BinaryOperator): VectorMatching {
  const base = { ...PLAIN_MATCHING, on: random.chance(0.5), labels: labels(random) };
  if (isSetOperator(operator)) return { ...base, cardinality: "many-to-many" };
  const cardinality = random.pick(["one-to-one", "many-to-one", "one-to-many"] as const);
  const include = cardinality === "one-to-one" ? [] : labels(random);
  const fill = (): number | null => (random.chance(0.2) ? random.pick(NUMBERS) : null);
  return {
    ...base,
    cardinality,
    include: base.on ? include.filter((label) => !base.labels.includes(label)) : include,
    fillLeft: fill(),
    fillRight: fill(),
  };
}

function matrix(random: Random, depth: number): Expression {
  if (depth === 0 || random.chance(0.6)) {
    const inner = selector(random, true);
    return { kind: "matrixSelector", selector: inner, range: duration(random, true), span };
  }
  return {
    kind: "subquery",
    expression: vector(random, depth - 1),
    range: duration(random, true),
    step: random.chance(0.5) ? duration(random, true) : null,
    offset: random.chance(0.2) ? duration(random, false) : null,
    at: at(random),
    span,
  };
}

function selector(random: Random, hasModifiers: boolean): VectorSelector {
  const name = random.chance(0.8) ? random.pick(NAMES) : "";
  const matchers: Matcher[] = Array.from({ length: random.below(3) }, () => ({
    name: random.pick(LABELS),
    operator: random.pick(["=", "!=", "=~", "!~"]),
    value: random.pick(["", "a", "a|b", "x.*", 'quote"', "new\nline"]),
  }));
  if (name !== "") matchers.push({ name: METRIC_NAME, operator: "=", value: name });
  else if (random.chance(0.5)) {
    matchers.push({ name: METRIC_NAME, operator: "=", value: random.pick(QUOTED_NAMES) });
  } else matchers.unshift({ name: METRIC_NAME, operator: "=~", value: ".+" });
  return {
    kind: "vectorSelector",
    name,
    matchers,
    offset: hasModifiers && random.chance(0.2) ? duration(random, false) : null,
    at: hasModifiers ? at(random) : null,
    extension: hasModifiers && random.chance(0.1) ? random.pick(["anchored", "smoothed"]) : null,
    span,
  };
}

function at(random: Random): AtModifier | null {
  if (random.chance(0.8)) return null;
  if (random.chance(0.4)) return { kind: random.pick(["start", "end"]) };
  return { kind: "time", timestampMs: random.below(2 ** 41) - 2 ** 30 };
}

function duration(random: Random, isPositive: boolean): Duration {
  if (random.chance(0.2)) return { kind: "expression", expression: durationTree(random, 2), span };
  const durationMs = random.below(random.pick([1_000, 1e6, 1e9, 1e12])) + 1;
  return { kind: "fixed", durationMs: isPositive || random.chance(0.5) ? durationMs : -durationMs };
}

/** Never a literal, and never a sign before one: the parser makes those into literals. */
function durationTree(random: Random, depth: number): DurationExpression {
  const inner = (): DurationExpression =>
    depth > 0 && random.chance(0.6) ? durationTree(random, depth - 1) : durationLeaf(random);
  switch (random.below(4)) {
    case 0:
      return { kind: random.pick(["step", "range"]) };
    case 1:
      return {
        kind: "unary",
        operator: "-",
        operand: durationTree(random, Math.max(0, depth - 1)),
      };
    case 2:
      return { kind: "call", name: random.pick(["min", "max"]), left: inner(), right: inner() };
    default: {
      const operator = random.pick(["+", "-", "*", "/", "%", "^"] as const);
      return { kind: "binary", operator, left: inner(), right: inner() };
    }
  }
}

function durationLeaf(random: Random): DurationExpression {
  const value = (random.below(1e6) + 1) / 1_000;
  return {
    kind: "seconds",
    value: random.chance(0.3) ? -value : value,
    isDuration: random.chance(0.5),
  };
}

/**
 * Tree to canonical text. What it prints parses back to the same tree, places aside; of trees that were put
 * together by a rewrite it prints the parentheses that their shape needs.
 */
import { unreachable } from "@tideline/common";
import type {
  AtModifier,
  Binary,
  Duration,
  Expression,
  NumberLiteral,
  Subquery,
  VectorMatching,
  VectorSelector,
} from "./ast.ts";
import { formatDuration } from "./duration.ts";
import { formatNumber } from "./number.ts";
import { POWER_PRECEDENCE, PRECEDENCE, SIGN_PRECEDENCE } from "./precedence.ts";
import { printDurationExpression } from "./print-duration.ts";
import { quote } from "./string-literal.ts";

const TIGHTEST = POWER_PRECEDENCE + 1;

export function print(expression: Expression): string {
  switch (expression.kind) {
    case "number":
      return printNumber(expression);
    case "string":
      return quote(expression.value);
    case "vectorSelector":
      return printSelector(expression, "");
    case "matrixSelector":
      return printSelector(expression.selector, `[${printDuration(expression.range)}]`);
    case "subquery":
      return printSubquery(expression);
    case "call":
      return `${expression.name}(${expression.arguments.map(print).join(", ")})`;
    case "aggregation": {
      const { name, parameter, grouping, without } = expression;
      const modifier = without
        ? ` without ${printLabels(grouping)} `
        : ` by ${printLabels(grouping)} `;
      const isPlain = grouping.length === 0 && !without;
      const parts = parameter === null ? [] : [print(parameter)];
      parts.push(print(expression.expression));
      return `${name}${isPlain ? "" : modifier}(${parts.join(", ")})`;
    }
    case "binary":
      return printBinary(expression);
    case "unary":
      return `${expression.operator}${printSigned(expression.expression)}`;
    case "parentheses":
      return `(${print(expression.expression)})`;
    default:
      return unreachable(expression);
  }
}

/** How tight the outermost operator binds. */
function precedenceOf(expression: Expression): number {
  if (expression.kind === "binary") return PRECEDENCE.get(expression.operator) ?? 0;
  if (expression.kind === "unary") return SIGN_PRECEDENCE;
  if (expression.kind === "number" && /^[+-]/.test(printNumber(expression))) return SIGN_PRECEDENCE;
  return TIGHTEST;
}

function printAtLeast(expression: Expression, precedenceMin: number): string {
  const text = print(expression);
  return precedenceOf(expression) >= precedenceMin ? text : `(${text})`;
}

/** The operand of a sign: a bare number would swallow it. */
function printSigned(operand: Expression): string {
  if (operand.kind === "number") return `(${print(operand)})`;
  if (operand.kind === "unary") return print(operand);
  return printAtLeast(operand, POWER_PRECEDENCE);
}

function printBinary(binary: Binary): string {
  const precedence = PRECEDENCE.get(binary.operator) ?? 0;
  const isRightAssociative = precedence === POWER_PRECEDENCE;
  const left = printAtLeast(binary.left, isRightAssociative ? precedence + 1 : precedence);
  const right = printRight(binary.right, isRightAssociative ? precedence : precedence + 1);
  const bool = binary.returnBool ? " bool" : "";
  const matching = binary.matching === null ? "" : printMatching(binary.matching);
  return `${left} ${binary.operator}${bool}${matching} ${right}`;
}

/** A sign may stand on the right of any operator, whatever the two bind: `2 ^ -1`. */
function printRight(expression: Expression, precedenceMin: number): string {
  const isSigned = expression.kind === "unary" || expression.kind === "number";
  return isSigned ? print(expression) : printAtLeast(expression, precedenceMin);
}

function printMatching(matching: VectorMatching): string {
  const { cardinality, on, labels, include, fillLeft, fillRight } = matching;
  let out = "";
  const isGrouped = cardinality === "many-to-one" || cardinality === "one-to-many";
  if (on || labels.length > 0 || isGrouped)
    out += ` ${on ? "on" : "ignoring"} ${printLabels(labels)}`;
  if (isGrouped) {
    const word = cardinality === "many-to-one" ? "group_left" : "group_right";
    out += ` ${word} ${printLabels(include)}`;
  }
  if (fillLeft !== null && Object.is(fillLeft, fillRight)) {
    return `${out} fill (${formatNumber(fillLeft)})`;
  }
  if (fillLeft !== null) out += ` fill_left (${formatNumber(fillLeft)})`;
  if (fillRight !== null) out += ` fill_right (${formatNumber(fillRight)})`;
  return out;
}

const LEGACY_LABEL = /^[A-Za-z_][A-Za-z0-9_]*$/;
const LEGACY_METRIC = /^[A-Za-z_:][A-Za-z0-9_:]*$/;
/** Read as numbers, so they cannot stand bare as names. */
const NUMBER_WORD = /^(?:inf|nan)$/i;
/** Keywords that cannot be a bare metric name, or would be taken for a modifier behind an operator. */
const RESERVED_METRIC = /^(?:atan2|bool|on|ignoring|group_left|group_right)$/i;

function printLabels(labels: readonly string[]): string {
  return `(${labels.map((label) => printLabel(label)).join(", ")})`;
}

function printLabel(label: string): string {
  return LEGACY_LABEL.test(label) && !NUMBER_WORD.test(label) ? label : quote(label);
}

/** @param range `[5m]` or nothing; it stands between the matchers and the modifiers */
function printSelector(selector: VectorSelector, range: string): string {
  const { name, matchers, offset, at, extension } = selector;
  const isBare = LEGACY_METRIC.test(name) && !NUMBER_WORD.test(name) && !RESERVED_METRIC.test(name);
  const rest = name === "" ? matchers : matchers.slice(1);
  const parts = rest.map((matcher) => {
    const label = LEGACY_LABEL.test(matcher.name) ? matcher.name : quote(matcher.name);
    return `${label}${matcher.operator}${quote(matcher.value)}`;
  });
  if (name !== "" && !isBare) parts.unshift(quote(name));
  const braces = parts.length > 0 || !isBare ? `{${parts.join(",")}}` : "";
  const modifiers = printModifiers(offset, at) + (extension === null ? "" : ` ${extension}`);
  return `${isBare ? name : ""}${braces}${range}${modifiers}`;
}

function printSubquery(subquery: Subquery): string {
  const body = printAtLeast(subquery.expression, TIGHTEST);
  const step = subquery.step === null ? "" : printDuration(subquery.step);
  const modifiers = printModifiers(subquery.offset, subquery.at);
  return `${body}[${printDuration(subquery.range)}:${step}]${modifiers}`;
}

function printModifiers(offset: Duration | null, at: AtModifier | null): string {
  let out = "";
  if (at !== null)
    out += ` @ ${at.kind === "time" ? printSeconds(at.timestampMs) : `${at.kind}()`}`;
  if (offset === null) return out;
  if (offset.kind === "fixed") return `${out} offset ${printDuration(offset)}`;
  return `${out} offset (${printDuration(offset)})`;
}

function printSeconds(timestampMs: number): string {
  return Number.isSafeInteger(timestampMs)
    ? (timestampMs / 1_000).toFixed(3)
    : formatNumber(timestampMs / 1_000);
}

function printDuration(duration: Duration): string {
  return duration.kind === "fixed"
    ? formatDuration(duration.durationMs)
    : printDurationExpression(duration.expression);
}

function printNumber(literal: NumberLiteral): string {
  const { value, isDuration } = literal;
  if (!isDuration) return formatNumber(value);
  const durationMs = Math.round(value * 1_000);
  const isExact = durationMs / 1_000 === value && !Object.is(value, -0);
  return isExact ? formatDuration(durationMs) : formatNumber(value);
}

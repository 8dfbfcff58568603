/**
 * Tree to canonical text, in Prometheus' form. What it prints parses back to the same tree, but for places and the order
 * of matchers; of trees that were put together by a rewrite it prints the parentheses that their shape needs.
 */
import { unreachable } from "@tideline/common";
import { METRIC_NAME, type Matcher } from "@tideline/model";
import type {
  Aggregation,
  AtModifier,
  Binary,
  Duration,
  DurationExpression,
  Expression,
  MatrixSelector,
  NumberLiteral,
  Subquery,
  VectorMatching,
  VectorSelector,
} from "./ast.ts";
import { formatDuration } from "./duration.ts";
import { floatText, messageFloatText } from "./float-text.ts";
import { timestampText } from "./timestamp.ts";
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
      return printSelector(expression);
    case "matrixSelector":
      return printMatrix(expression);
    case "subquery":
      return printSubquery(expression);
    case "call":
      return `${expression.name}(${expression.arguments.map(print).join(", ")})`;
    case "aggregation": {
      const { parameter } = expression;
      const parts = parameter === null ? [] : [print(parameter)];
      parts.push(print(expression.expression));
      return `${aggregationHead(expression)}(${parts.join(", ")})`;
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

/** What stands before the parentheses of an aggregation. */
export function aggregationHead({ name, grouping, without }: Aggregation): string {
  if (without) return `${name} without ${printLabels(grouping)} `;
  return grouping.length === 0 ? name : `${name} by ${printLabels(grouping)} `;
}

/** How tight the outermost operator binds. */
function precedenceOf(expression: Expression): number {
  if (expression.kind === "binary") return PRECEDENCE.get(expression.operator) ?? 0;
  if (expression.kind === "unary") return SIGN_PRECEDENCE;
  if (expression.kind === "number" && /^[+-]/.test(printNumber(expression))) return SIGN_PRECEDENCE;
  return TIGHTEST;
}

function printAtLeast(expression: Expression, precedenceMin: number): string {
  // Infinity has a spelling without a sign, for where a sign would be taken for something else.
  const wantsNoSign = precedenceMin > SIGN_PRECEDENCE;
  if (wantsNoSign && expression.kind === "number" && expression.value === Infinity) return "Inf";
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
  return `${left} ${operatorText(binary)} ${right}`;
}

/** An operator with its modifiers. */
export function operatorText({ operator, returnBool, matching }: Binary): string {
  return `${operator}${returnBool ? " bool" : ""}${matching === null ? "" : printMatching(matching)}`;
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
    return `${out} fill (${messageFloatText(fillLeft)})`;
  }
  if (fillLeft !== null) out += ` fill_left (${messageFloatText(fillLeft)})`;
  if (fillRight !== null) out += ` fill_right (${messageFloatText(fillRight)})`;
  return out;
}

function printLabels(labels: readonly string[]): string {
  return `(${labels.map((label) => printLabel(label)).join(", ")})`;
}

const LEGACY_LABEL = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Read as numbers outside braces, so they cannot stand bare there. */
const NUMBER_WORD = /^(?:inf|nan)$/i;

function printLabel(label: string): string {
  return LEGACY_LABEL.test(label) && !NUMBER_WORD.test(label) ? label : quote(label);
}

function printMatcher({ name, operator, value }: Matcher): string {
  return `${LEGACY_LABEL.test(name) ? name : quote(name)}${operator}${quote(value)}`;
}

/** Name and matchers. Matchers are sorted as text, since their order means nothing. */
function printMatchers({ name, matchers }: VectorSelector): string {
  const inBraces = name === "" ? matchers : matchers.filter((matcher) => !isName(matcher, name));
  const parts = inBraces.map(printMatcher).toSorted(compareBytes);
  // A selector of everything has nothing but its braces.
  return parts.length > 0 || name === "" ? `${name}{${parts.join(",")}}` : name;
}

const isName = (matcher: Matcher, name: string): boolean =>
  matcher.name === METRIC_NAME && matcher.operator === "=" && matcher.value === name;

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function printSelector(selector: VectorSelector): string {
  const { at, offset } = selector;
  return `${printMatchers(selector)}${printAt(at)}${printExtension(selector)}${printOffset(offset)}`;
}

function printMatrix({ selector, range }: MatrixSelector): string {
  const { at, offset } = selector;
  const body = `${printMatchers(selector)}[${printDuration(range)}]`;
  return `${body}${printExtension(selector)}${printAt(at)}${printOffset(offset)}`;
}

function printSubquery(subquery: Subquery): string {
  return printAtLeast(subquery.expression, TIGHTEST) + subqueryTail(subquery);
}

/** What stands behind the expression of a subquery. */
export function subqueryTail({ range, step, at, offset }: Subquery): string {
  const stepText = step === null ? "" : printDuration(step);
  return `[${printDuration(range)}:${stepText}]${printAt(at)}${printOffset(offset)}`;
}

function printExtension({ extension }: VectorSelector): string {
  return extension === null ? "" : ` ${extension}`;
}

function printAt(at: AtModifier | null): string {
  if (at === null) return "";
  return ` @ ${at.kind === "time" ? timestampText(at.timestampMs) : `${at.kind}()`}`;
}

function printOffset(offset: Duration | null): string {
  if (offset === null) return "";
  if (offset.kind === "fixed") return ` offset ${printDuration(offset)}`;
  return ` offset ${printOffsetExpression(offset.expression)}`;
}

/** Arithmetic behind `offset` needs parentheses; what has an end of its own does not. */
function printOffsetExpression(expression: DurationExpression): string {
  const text = printDurationExpression(expression);
  const inner = expression.kind === "unary" ? expression.operand : expression;
  return inner.kind === "binary" || inner.kind === "unary" || inner.kind === "seconds"
    ? `(${text})`
    : text;
}

function printDuration(duration: Duration): string {
  return duration.kind === "fixed"
    ? formatDuration(duration.durationMs)
    : printDurationExpression(duration.expression);
}

function printNumber(literal: NumberLiteral): string {
  const { value, isDuration } = literal;
  if (!isDuration) return floatText(value);
  if (Object.is(value, -0)) return "-0s";
  const durationMs = Math.round(value * 1_000);
  return durationMs / 1_000 === value ? formatDuration(durationMs) : floatText(value);
}

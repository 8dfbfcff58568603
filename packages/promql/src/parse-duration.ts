/**
 * Durations in brackets and behind `offset`. A plain one is fixed at once; arithmetic over durations
 * (experimental) stays a tree. Behind `offset` a bare literal ends the duration: `foo offset 1m + 2` adds 2 to foo.
 */
import type { Duration, DurationExpression, Span } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { DURATION_MAX_MS, parseDurationText, secondsToMs } from "./duration.ts";
import type { Token } from "./lexer.ts";
import { parseNumber } from "./number.ts";

type Operator = "+" | "-" | "*" | "/" | "%" | "^";

const PRECEDENCE: Readonly<Record<Operator, number>> = {
  "+": 1,
  "-": 1,
  "*": 2,
  "/": 2,
  "%": 2,
  "^": 3,
};
const POWER = 3;
const EXPECTED = "number, duration, step(), or range()";

/** Value of a number or duration token; durations count in seconds. @throws {ParseError} */
export function literalValue(cursor: Cursor, token: Token): number {
  const value = token.kind === "duration" ? parseDurationText(token.text) : parseNumber(token.text);
  if (typeof value === "object") throw cursor.error(token.start, value.problem);
  return token.kind === "duration" ? value / 1_000 : value;
}

/** Range or step: longer than nothing. */
export function parsePositiveDuration(cursor: Cursor, context: string, expected: string): Duration {
  const { start } = cursor.token;
  if (!startsDuration(cursor)) throw cursor.unexpected(context, expected);
  const duration = settle(cursor, start, parseSum(cursor, 1));
  if (duration.kind === "fixed" && duration.durationMs <= 0) {
    throw cursor.error(start, "duration must be greater than 0");
  }
  return duration;
}

export function parseOffsetDuration(cursor: Cursor): Duration {
  const start = cursor.token.start;
  if (!startsDuration(cursor)) throw cursor.unexpected("offset", EXPECTED);
  if (!isSign(cursor)) return settle(cursor, start, parsePrimary(cursor));
  const sign = cursor.take().text as "+" | "-";
  if (isSign(cursor) || !startsDuration(cursor)) throw cursor.unexpected("offset", EXPECTED);
  return settle(cursor, start, signed(sign, parsePrimary(cursor)));
}

function isSign(cursor: Cursor): boolean {
  return cursor.atOperator("+") || cursor.atOperator("-");
}

function startsDuration(cursor: Cursor): boolean {
  const { kind } = cursor.token;
  return (
    kind === "number" ||
    kind === "duration" ||
    kind === "(" ||
    isSign(cursor) ||
    (kind === "identifier" && cursor.next?.kind === "(")
  );
}

/** Literals become fixed durations. */
function settle(cursor: Cursor, start: number, expression: DurationExpression): Duration {
  if (expression.kind !== "seconds") {
    const span = innerSpan(cursor.text, start, cursor.lastEnd);
    cursor.experimental(span.start, "experimental duration expression is not enabled");
    return { kind: "expression", expression, span };
  }
  const durationMs = secondsToMs(expression.value);
  if (!(Math.abs(durationMs) <= DURATION_MAX_MS)) {
    throw cursor.error(start, "duration out of range");
  }
  return { kind: "fixed", durationMs };
}

/** The place of an expression inside its parentheses. */
function innerSpan(text: string, start: number, end: number): Span {
  const written = text.slice(start, end);
  const opening = /^[(\s]*/.exec(written)?.[0].length ?? 0;
  // What closes a call stays.
  const isCall = /[a-z_]\s*\([^()]*\)$/i.test(written);
  const closing = isCall ? 0 : (/[)\s]*$/.exec(written)?.[0].length ?? 0);
  return { start: start + opening, end: end - closing };
}

function parseSum(cursor: Cursor, precedenceMin: number): DurationExpression {
  return cursor.nested(() => {
    let left = parseSigned(cursor);
    for (;;) {
      const { kind, text, start } = cursor.token;
      if (kind !== "operator" || !Object.hasOwn(PRECEDENCE, text)) return left;
      const operator = text as Operator;
      const precedence = PRECEDENCE[operator];
      if (precedence < precedenceMin) return left;
      cursor.take();
      const right = parseSum(cursor, precedence === POWER ? POWER : precedence + 1);
      if (right.kind === "seconds" && right.value === 0) {
        if (operator === "/") throw cursor.error(start, "division by zero");
        if (operator === "%") throw cursor.error(start, "modulo by zero");
      }
      left = { kind: "binary", operator, left, right };
    }
  });
}

function parseSigned(cursor: Cursor): DurationExpression {
  if (!isSign(cursor)) return parsePrimary(cursor);
  const sign = cursor.take().text as "+" | "-";
  return signed(sign, parseSum(cursor, POWER));
}

function signed(sign: "+" | "-", operand: DurationExpression): DurationExpression {
  if (operand.kind === "seconds") {
    return sign === "-" ? { ...operand, value: -operand.value } : operand;
  }
  return sign === "-" ? { kind: "unary", operator: "-", operand } : operand;
}

function parsePrimary(cursor: Cursor): DurationExpression {
  const token = cursor.token;
  if (token.kind === "number" || token.kind === "duration") {
    cursor.take();
    const isDuration = token.kind === "duration";
    const value = literalValue(cursor, token);
    if (Math.abs(value) * 1_000 > DURATION_MAX_MS)
      throw cursor.error(token.start, "duration out of range");
    return { kind: "seconds", value, isDuration };
  }
  if (token.kind === "identifier") return parseWord(cursor);
  if (!cursor.accept("(")) throw cursor.unexpected("duration expression", EXPECTED);
  const inner = parseSum(cursor, 1);
  cursor.expect(")", "duration expression", '")"');
  return { kind: "parentheses", inner };
}

function parseWord(cursor: Cursor): DurationExpression {
  const word = cursor.token.text.toLowerCase();
  const isCall = word === "min_of" || word === "max_of" || word === "min" || word === "max";
  if (!isCall && word !== "step" && word !== "range") {
    throw cursor.unexpected("duration expression", EXPECTED);
  }
  cursor.take();
  cursor.expect("(", "duration expression", '"("');
  if (word === "step" || word === "range") {
    cursor.expect(")", "duration expression", '")"');
    return { kind: word };
  }
  const left = parseSum(cursor, 1);
  cursor.expect(",", "duration expression", '","');
  const right = parseSum(cursor, 1);
  cursor.expect(")", "duration expression", '")"');
  return { kind: "call", name: word.startsWith("min") ? "min" : "max", left, right };
}

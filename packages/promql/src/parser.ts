/**
 * Tokens to tree, by precedence climbing. From loose to tight: `or`; `and` `unless`; comparisons; `+` `-`;
 * `*` `/` `%` `atan2`; `^` (right-associative). A sign binds like `*`, so `-1 ^ 2` is `-(1 ^ 2)`; ranges, offset
 * and @ bind tightest. Linear in the text; how deep it may go is limited by the options.
 */
import type { Matcher } from "@tideline/model";
import type { BinaryOperator, Expression } from "./ast.ts";
import { checkTypes } from "./check-types.ts";
import { Cursor } from "./cursor.ts";
import type { LanguageFacts } from "./facts.ts";
import { DEFAULT_PARSE_OPTIONS, type ParseOptions } from "./options.ts";
import { isAggregation, parseAggregation, parseCall } from "./parse-call.ts";
import { literalValue, parsePositiveDuration } from "./parse-duration.ts";
import { ParseError } from "./parse-error.ts";
import { parseMatching } from "./parse-matching.ts";
import { parseAt, parseExtension, parseOffset } from "./parse-modifiers.ts";
import { atMetricName, parseVectorSelector } from "./parse-selector.ts";
import { POWER_PRECEDENCE, PRECEDENCE } from "./precedence.ts";
import { unquote } from "./string-literal.ts";
import { depthOf } from "./walk.ts";

/**
 * @param facts what the engine knows about functions and aggregations
 * @returns a tree whose types are right: see check-types.ts
 * @throws {ParseError} and nothing else, whatever the text
 */
export function parse(
  text: string,
  facts: LanguageFacts,
  options: Partial<ParseOptions> = {},
): Expression {
  const cursor = openCursor(text, facts, options);
  if (cursor.at("eof")) throw cursor.error(0, "no expression found in input");
  const expression = parseExpression(cursor);
  if (!cursor.at("eof")) throw cursor.unexpected();
  if (depthOf(expression) > cursor.options.depthMax) {
    throw cursor.error(0, `expression is too deep: at most ${cursor.options.depthMax} levels`);
  }
  checkTypes(expression, { text, facts });
  return expression;
}

/**
 * A bare selector, as in `match[]`. It may select everything; who must not allow that asks `selectsEverything`.
 *
 * @throws {ParseError}
 */
export function parseSelector(
  text: string,
  options: Partial<ParseOptions> = {},
): readonly Matcher[] {
  const cursor = openCursor(text, NO_FACTS, options);
  if (!cursor.at("{") && !atMetricName(cursor)) throw cursor.unexpected();
  const selector = parseVectorSelector(cursor);
  if (!cursor.at("eof")) throw cursor.unexpected();
  checkTypes(selector, { text, facts: NO_FACTS, maySelectEverything: true });
  return selector.matchers;
}

const NO_FACTS: LanguageFacts = {
  functionFacts: () => undefined,
  aggregationFacts: () => undefined,
};

function openCursor(text: string, facts: LanguageFacts, options: Partial<ParseOptions>): Cursor {
  const limits = { ...DEFAULT_PARSE_OPTIONS, ...options };
  if (text.length > limits.textLengthMax) {
    throw new ParseError(
      text,
      limits.textLengthMax,
      `expression is too long: at most ${limits.textLengthMax} characters`,
    );
  }
  return new Cursor(text, facts, limits);
}

/** An expression of operators that bind at least as tight as `precedenceMin`. */
function parseExpression(cursor: Cursor, precedenceMin = 1): Expression {
  return cursor.nested(() => {
    let left = parseSigned(cursor);
    for (;;) {
      const { kind, text } = cursor.token;
      const isOperator = kind === "operator" || kind === "keyword";
      const precedence = isOperator ? (PRECEDENCE.get(text) ?? 0) : 0;
      if (precedence === 0 || precedence < precedenceMin) return left;
      cursor.take();
      const { returnBool, matching } = parseMatching(cursor);
      const isRightAssociative = precedence === POWER_PRECEDENCE;
      const right = parseExpression(cursor, isRightAssociative ? precedence : precedence + 1);
      if (matching.fillLeft !== null || matching.fillRight !== null) {
        const reason = "binop fill modifiers are experimental and not enabled";
        cursor.experimental(left.span.start, reason);
      }
      left = {
        kind: "binary",
        operator: text as BinaryOperator,
        left,
        right,
        returnBool,
        matching,
        span: { start: left.span.start, end: right.span.end },
      };
    }
  });
}

function parseSigned(cursor: Cursor): Expression {
  if (!cursor.atOperator("+") && !cursor.atOperator("-")) return parsePostfix(cursor);
  const { text, start } = cursor.take();
  const operator = text as "+" | "-";
  const operand = parseExpression(cursor, POWER_PRECEDENCE);
  const span = { start, end: operand.span.end };
  if (operand.kind === "number") {
    return { ...operand, value: operator === "-" ? -operand.value : operand.value, span };
  }
  return { kind: "unary", operator, expression: operand, span };
}

function parsePostfix(cursor: Cursor): Expression {
  let expression = parsePrimary(cursor);
  for (;;) {
    if (cursor.at("[")) expression = parseBrackets(cursor, expression);
    else if (cursor.at("@")) expression = parseAt(cursor, expression);
    else if (cursor.atKeyword("offset")) expression = parseOffset(cursor, expression);
    else if (cursor.atKeyword("anchored") || cursor.atKeyword("smoothed")) {
      expression = parseExtension(cursor, expression);
    } else return expression;
  }
}

function parseBrackets(cursor: Cursor, expression: Expression): Expression {
  const open = cursor.take();
  const range = parsePositiveDuration(
    cursor,
    "subquery or range selector",
    "number, duration, step(), or range()",
  );
  if (cursor.accept(":")) {
    const step = cursor.at("]")
      ? null
      : parsePositiveDuration(
          cursor,
          "subquery selector",
          'number, duration, step(), range(), or "]"',
        );
    cursor.expect("]", "subquery selector", '"]"');
    const span = { start: expression.span.start, end: cursor.lastEnd };
    return { kind: "subquery", expression, range, step, offset: null, at: null, span };
  }
  cursor.expect("]", "subquery or range", '":" or "]"');
  if (expression.kind !== "vectorSelector") {
    throw cursor.error(open.start, "ranges only allowed for vector selectors");
  }
  if (expression.offset !== null) {
    throw cursor.error(open.start, "no offset modifiers allowed before range");
  }
  if (expression.at !== null) {
    throw cursor.error(open.start, "no @ modifiers allowed before range");
  }
  const span = { start: expression.span.start, end: cursor.lastEnd };
  return { kind: "matrixSelector", selector: expression, range, span };
}

function parsePrimary(cursor: Cursor): Expression {
  const token = cursor.token;
  const { kind, start, end } = token;
  if (kind === "number" || kind === "duration") {
    cursor.take();
    const value = literalValue(cursor, token);
    return { kind: "number", value, isDuration: kind === "duration", span: { start, end } };
  }
  if (kind === "string") {
    cursor.take();
    return { kind: "string", value: unquote(token.text), span: { start, end } };
  }
  if (kind === "(") {
    cursor.take();
    const expression = parseExpression(cursor);
    if (!cursor.accept(")")) throw cursor.unexpected();
    return { kind: "parentheses", expression, span: { start, end: cursor.lastEnd } };
  }
  if (kind === "identifier") {
    if (isAggregation(cursor)) return parseAggregation(cursor, parseExpression);
    if (cursor.next?.kind === "(") return parseCall(cursor, parseExpression);
  }
  if (kind === "{" || atMetricName(cursor)) return parseVectorSelector(cursor);
  throw cursor.unexpected();
}

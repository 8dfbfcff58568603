/**
 * What may stand behind a selector or a subquery: offset, @, anchored, smoothed, each once and in any order.
 */
import type { AtModifier, Duration, Expression, VectorSelector } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { fixedText } from "./float-text.ts";
import { literalValue, parseOffsetDuration } from "./parse-duration.ts";
import { timestampMsOf } from "./timestamp.ts";

/** Largest time that a millisecond can carry in Prometheus (int64). */
const TIMESTAMP_MAX_MS = 2 ** 63;

export function parseOffset(cursor: Cursor, expression: Expression): Expression {
  cursor.take();
  const written = parseOffsetDuration(cursor);
  // Prometheus forgets an offset of nothing.
  const offset = written.kind === "fixed" && written.durationMs === 0 ? null : written;
  const old = modifiable(cursor, expression, "offset modifier");
  if (old.offset !== null)
    throw cursor.error(expression.span.start, "offset may not be set multiple times");
  return withModifiers(cursor, expression, { offset });
}

export function parseAt(cursor: Cursor, expression: Expression): Expression {
  cursor.take();
  const at = parseTime(cursor, expression.span.start);
  const old = modifiable(cursor, expression, "@ modifier");
  if (old.at !== null)
    throw cursor.error(expression.span.start, "@ <timestamp> may not be set multiple times");
  return withModifiers(cursor, expression, { at });
}

export function parseExtension(cursor: Cursor, expression: Expression): Expression {
  const extension = cursor.take().text === "anchored" ? "anchored" : "smoothed";
  const { start } = expression.span;
  cursor.experimental(start, `${extension} modifier is experimental and not enabled`);
  if (expression.kind === "subquery") {
    throw cursor.error(start, `${extension} modifier is not supported for subqueries`);
  }
  const selector = expression.kind === "matrixSelector" ? expression.selector : expression;
  if (selector.kind !== "vectorSelector") {
    throw cursor.error(start, `${extension} modifier not implemented`);
  }
  if (selector.extension !== null && selector.extension !== extension) {
    throw cursor.error(start, "anchored and smoothed modifiers cannot be used together");
  }
  return withModifiers(cursor, expression, { extension });
}

function modifiable(
  cursor: Cursor,
  expression: Expression,
  what: string,
): { readonly offset: Duration | null; readonly at: AtModifier | null } {
  if (expression.kind === "matrixSelector") return expression.selector;
  if (expression.kind === "vectorSelector" || expression.kind === "subquery") return expression;
  throw cursor.error(
    expression.span.start,
    `${what} must be preceded by an instant vector selector or range vector selector or a subquery`,
  );
}

function withModifiers(
  cursor: Cursor,
  expression: Expression,
  change: Partial<Pick<VectorSelector, "offset" | "at" | "extension">>,
): Expression {
  const span = { start: expression.span.start, end: cursor.lastEnd };
  if (expression.kind === "matrixSelector") {
    return { ...expression, selector: { ...expression.selector, ...change }, span };
  }
  if (expression.kind === "vectorSelector") return { ...expression, ...change, span };
  if (expression.kind === "subquery") return { ...expression, ...change, span };
  return expression;
}

/** @param start of what it modifies, for the place in errors */
function parseTime(cursor: Cursor, start: number): AtModifier {
  const token = cursor.token;
  if (token.kind === "identifier") {
    const word = token.text.toLowerCase();
    if ((word !== "start" && word !== "end") || cursor.next?.kind !== "(") {
      throw cursor.unexpected("@", "timestamp");
    }
    cursor.take();
    cursor.take();
    cursor.expect(")", "@", '")"');
    return { kind: word };
  }
  const seconds = parseSignedNumber(cursor, "@", "timestamp");
  const timestampMs = timestampMsOf(seconds);
  if (!(Math.abs(timestampMs) < TIMESTAMP_MAX_MS)) {
    throw cursor.error(start, `timestamp out of bounds for @ modifier: ${fixedText(seconds)}`);
  }
  return { kind: "time", timestampMs };
}

/** A number or a duration (in seconds), with or without one sign. */
export function parseSignedNumber(cursor: Cursor, context: string, expected: string): number {
  const isNegative = cursor.atOperator("-");
  if (isNegative || cursor.atOperator("+")) cursor.take();
  if (!cursor.at("number") && !cursor.at("duration")) throw cursor.unexpected(context, expected);
  const value = literalValue(cursor, cursor.take());
  return isNegative ? -value : value;
}

/**
 * Calls of functions and aggregations. Which words are aggregations is told by the facts; as keywords they
 * know no letter case, and alone they are metric names.
 */
import type { Aggregation, Call, Expression } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { atMetricName, parseLabelList } from "./parse-selector.ts";

type ParseExpression = (cursor: Cursor) => Expression;

export function isAggregation(cursor: Cursor): boolean {
  const { next } = cursor;
  const opens =
    next?.kind === "(" ||
    (next?.kind === "keyword" && (next.text === "by" || next.text === "without"));
  return opens && cursor.facts.aggregationFacts(cursor.token.text.toLowerCase()) !== undefined;
}

export function parseAggregation(cursor: Cursor, parseExpression: ParseExpression): Aggregation {
  const word = cursor.take();
  const name = word.text.toLowerCase();
  const before = parseGrouping(cursor);
  if (!cursor.at("(")) throw cursor.unexpected("aggregation");
  const parts = cursor.insideAggregation(() => parseArguments(cursor, parseExpression));
  const grouping = before ?? parseGrouping(cursor);
  const facts = cursor.facts.aggregationFacts(name);
  const partCount = (facts?.parameterType ?? null) === null ? 1 : 2;
  const expression = parts[partCount - 1];
  if (parts.length === 0) {
    throw cursor.error(word.start, "no arguments for aggregate expression provided");
  }
  if (facts?.experimental === true) {
    cursor.experimental(
      word.start,
      `${name}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`,
    );
  }
  if (expression === undefined || parts.length !== partCount) {
    throw cursor.error(
      word.start,
      `wrong number of arguments for aggregate expression provided, expected ${partCount}, got ${parts.length}`,
    );
  }
  return {
    kind: "aggregation",
    name,
    parameter: partCount === 2 ? (parts[0] ?? null) : null,
    expression,
    grouping: grouping?.labels ?? [],
    without: grouping?.without ?? false,
    span: { start: word.start, end: cursor.lastEnd },
  };
}

function parseGrouping(
  cursor: Cursor,
): { readonly without: boolean; readonly labels: readonly string[] } | null {
  if (cursor.acceptKeyword("by")) return { without: false, labels: parseLabelList(cursor) };
  if (cursor.acceptKeyword("without")) return { without: true, labels: parseLabelList(cursor) };
  return null;
}

export function parseCall(cursor: Cursor, parseExpression: ParseExpression): Call {
  const { text: name, start } = cursor.take();
  const parts = parseArguments(cursor, parseExpression);
  const facts = cursor.facts.functionFacts(name);
  if (facts === undefined) {
    throw cursor.error(start, `unknown function with name ${JSON.stringify(name)}`);
  }
  if (facts.experimental === true) {
    cursor.experimental(start, `function ${JSON.stringify(name)} is not enabled`);
  }
  return { kind: "call", name, arguments: parts, span: { start, end: cursor.lastEnd } };
}

function canStartExpression(cursor: Cursor): boolean {
  const isLiteral = cursor.at("number") || cursor.at("duration") || cursor.at("string");
  const isOpening = cursor.at("(") || cursor.at("{");
  const isSign = cursor.atOperator("+") || cursor.atOperator("-");
  return isLiteral || isOpening || isSign || atMetricName(cursor);
}

function parseArguments(cursor: Cursor, parseExpression: ParseExpression): readonly Expression[] {
  const parts: Expression[] = [];
  cursor.take();
  if (cursor.accept(")")) return parts;
  for (;;) {
    parts.push(parseExpression(cursor));
    if (cursor.accept(")")) return parts;
    const { start } = cursor.token;
    if (!cursor.accept(",")) throw cursor.unexpected();
    if (!canStartExpression(cursor)) {
      throw cursor.error(start, "trailing commas not allowed in function call args");
    }
  }
}

/**
 * Selectors: a name, matchers in braces, or both. Names with any characters are quoted inside the braces:
 * `{"my.metric", "label.name"="x"}`.
 */
import {
  compileMatcher,
  InputError,
  METRIC_NAME,
  type Matcher,
  type MatchOperator,
} from "@tideline/model";
import type { VectorSelector } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import type { Token } from "./lexer.ts";
import { unquote } from "./string-literal.ts";

/** Keywords that cannot be the name of a metric: they stand where a name may follow. */
const NO_METRIC_NAMES: ReadonlySet<string> = new Set([
  "atan2",
  "bool",
  "group_left",
  "group_right",
  "ignoring",
  "on",
]);

/** True if the head stands before a bare metric name. */
export function atMetricName(cursor: Cursor): boolean {
  const { kind, text } = cursor.token;
  if (kind === "keyword") return !NO_METRIC_NAMES.has(text);
  return kind === "identifier" || kind === "metricIdentifier";
}

/** The matcher of a bare name stands behind those in the braces, as in Prometheus. */
export function parseVectorSelector(cursor: Cursor): VectorSelector {
  const start = cursor.token.start;
  const name = cursor.at("{") ? "" : nameAsWritten(cursor, cursor.take());
  const matchers = cursor.at("{") ? [...parseMatchers(cursor)] : [];
  if (name !== "") matchers.push({ name: METRIC_NAME, operator: "=", value: name });
  return {
    kind: "vectorSelector",
    name,
    matchers,
    offset: null,
    at: null,
    extension: null,
    span: { start, end: cursor.lastEnd },
  };
}

/** Keywords come in lower case from the lexer, but a name keeps its letters. */
function nameAsWritten(cursor: Cursor, token: Token): string {
  return cursor.text.slice(token.start, token.end);
}

function parseMatchers(cursor: Cursor): readonly Matcher[] {
  const matchers: Matcher[] = [];
  cursor.take();
  while (!cursor.accept("}")) {
    matchers.push(parseMatcher(cursor));
    if (cursor.accept(",")) continue;
    if (!cursor.at("}")) throw cursor.unexpected("label matching", '"," or "}"');
  }
  return matchers;
}

function parseMatcher(cursor: Cursor): Matcher {
  const label = cursor.token;
  if (label.kind !== "identifier" && label.kind !== "string") {
    throw cursor.unexpected("label matching", 'identifier or "}"');
  }
  cursor.take();
  const name = label.kind === "string" ? unquote(label.text) : label.text;
  const operator = matchOperator(cursor.token);
  if (operator === null) {
    // A name that stands as a bare string in the braces.
    if (label.kind === "string") return { name: METRIC_NAME, operator: "=", value: name };
    throw cursor.unexpected("label matching", "label matching operator");
  }
  cursor.take();
  const value = cursor.expect("string", "label matching", "string");
  const matcher: Matcher = { name, operator, value: unquote(value.text) };
  const problem = patternProblem(matcher);
  if (problem !== null) throw cursor.error(label.start, problem);
  return matcher;
}

/** What is wrong with the regular expression of a matcher, in the words of RE2. */
function patternProblem(matcher: Matcher): string | null {
  if (matcher.operator === "=" || matcher.operator === "!=") return null;
  try {
    compileMatcher(matcher);
    return null;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { cause } = error;
    // The flag that makes a dot match line ends is not the client's.
    return cause instanceof Error ? cause.message.replace("`(?s)", "`") : error.message;
  }
}

function matchOperator(token: Token): MatchOperator | null {
  if (token.kind === "=" || token.kind === "=~" || token.kind === "!~") return token.kind;
  return token.kind === "operator" && token.text === "!=" ? "!=" : null;
}

/** `(a, "b.c", by)`: labels of by, on, group_left, …; keywords are names here. */
export function parseLabelList(cursor: Cursor): readonly string[] {
  const labels: string[] = [];
  cursor.expect("(", "grouping opts", '"("');
  while (!cursor.accept(")")) {
    labels.push(parseLabel(cursor));
    if (cursor.accept(",")) continue;
    if (!cursor.at(")")) throw cursor.unexpected("grouping opts", '"," or ")"');
  }
  return labels;
}

function parseLabel(cursor: Cursor): string {
  const token = cursor.token;
  const isName =
    token.kind === "identifier" || token.kind === "keyword" || token.kind === "metricIdentifier";
  if (isName) return nameAsWritten(cursor, cursor.take());
  if (token.kind !== "string") throw cursor.unexpected("grouping opts", "label");
  const label = unquote(token.text);
  if (label === "" || !label.isWellFormed()) throw cursor.unexpected("grouping opts", "label");
  cursor.take();
  return label;
}

/**
 * Label matchers. An absent label is the empty string, as in Prometheus. Regular expressions are
 * RE2 syntax, anchored at both ends, `.` matches newlines (Prometheus 3), and run in linear time (re2js).
 */
import { RE2JS } from "re2js";
import { InputError } from "./errors.ts";

export type MatchOperator = "=" | "!=" | "=~" | "!~";

export interface Matcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

/** Size limit of a pattern, in UTF-16 units: compiling one takes memory in proportion. */
export const REGEXP_LENGTH_MAX = 16 * 1024;

/** A compiled pattern: `literals` when it matches just these texts, so that an index can look them up. */
export interface Pattern {
  readonly test: (text: string) => boolean;
  readonly literals: readonly string[] | null;
  readonly prefix: string;
}

const META = /[\\^$.|?*+()[\]{}]/;

/** @throws {InputError} when `source` is no RE2 expression */
export function compilePattern(source: string): Pattern {
  if (source.length > REGEXP_LENGTH_MAX) {
    throw new InputError(
      "TIDELINE_REGEXP",
      `Cannot compile a regular expression of ${source.length} characters: at most ${REGEXP_LENGTH_MAX}`,
    );
  }
  if (!META.test(source)) return literalPattern([source]);
  const inner = /^\(([^()]*)\)$/.exec(source)?.[1] ?? source;
  const alternatives = inner.split("|");
  if (alternatives.every((text) => !META.test(text))) return literalPattern(alternatives);
  const rest = /^([^\\^$.|?*+()[\]{}]*)\.([*+])$/s.exec(source);
  if (rest) {
    const prefix = rest[1] as string;
    const sizeMin = prefix.length + (rest[2] === "+" ? 1 : 0);
    return {
      test: (text) => text.length >= sizeMin && text.startsWith(prefix),
      literals: null,
      prefix,
    };
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source, RE2JS.DOTALL);
  } catch (cause) {
    throw new InputError(
      "TIDELINE_REGEXP",
      `Cannot compile regular expression ${JSON.stringify(source)}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
  return { test: (text) => compiled.matches(text), literals: null, prefix: "" };
}

function literalPattern(literals: readonly string[]): Pattern {
  const set = new Set(literals);
  return { test: (text) => set.has(text), literals: [...set], prefix: "" };
}

/** A matcher ready to be asked. `matchesEmpty` tells whether series without the label pass. */
export interface CompiledMatcher {
  readonly matcher: Matcher;
  readonly matches: (value: string) => boolean;
  readonly matchesEmpty: boolean;
  /** The values that `matches` may accept, when they are few and known; null when any may. */
  readonly literals: readonly string[] | null;
}

/** @throws {InputError} on a bad regular expression */
export function compileMatcher(matcher: Matcher): CompiledMatcher {
  const { operator, value } = matcher;
  if (operator === "=" || operator === "!=") {
    const equal = operator === "=";
    return {
      matcher,
      matches: (text) => (text === value) === equal,
      matchesEmpty: (value === "") === equal,
      literals: equal ? [value] : null,
    };
  }
  const pattern = compilePattern(value);
  const positive = operator === "=~";
  return {
    matcher,
    matches: positive ? pattern.test : (text) => !pattern.test(text),
    matchesEmpty: pattern.test("") === positive,
    literals: positive ? pattern.literals : null,
  };
}

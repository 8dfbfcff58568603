import { forEachSeed } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import { InputError } from "./errors.ts";
import {
  compileMatcher,
  compilePattern,
  REGEXP_LENGTH_MAX,
  type MatchOperator,
} from "./matcher.ts";

describe("a pattern", () => {
  test.for([
    { source: "", yes: [""], no: ["a"] },
    { source: "abc", yes: ["abc"], no: ["abcd", "xabc", ""] },
    { source: "a|bc|", yes: ["a", "bc", ""], no: ["ab", "abc", "|"] },
    { source: "(a|bc)", yes: ["a", "bc"], no: ["(a|bc)", "", "abc"] },
    { source: "a(b|c)d", yes: ["abd", "acd"], no: ["ab", "cd", "ad"] },
    { source: ".*", yes: ["", "a\nb"], no: [] },
    { source: ".+", yes: ["a", "\n"], no: [""] },
    { source: "ab.*", yes: ["ab", "abc", "ab\n"], no: ["a", "xab"] },
    { source: "ab.+", yes: ["abc"], no: ["ab", "xabc"] },
    { source: "a.c", yes: ["abc", "a\nc"], no: ["ac", "abcd"] },
    { source: "a|b.*", yes: ["a", "b", "bc"], no: ["ab", "c"] },
    { source: "^a$", yes: ["a"], no: ["aa"] },
    { source: "(?i)ab", yes: ["ab", "AB"], no: ["abc"] },
    { source: "\\d+", yes: ["12"], no: ["", "1a"] },
    { source: "[^a]*", yes: ["", "bcd"], no: ["ba"] },
    { source: "a\\.b", yes: ["a.b"], no: ["axb"] },
    { source: "ü.", yes: ["üx", "ü\u{1F600}"], no: ["ü"] },
  ])("$source matches whole texts", ({ source, yes, no }) => {
    const { test: matches } = compilePattern(source);
    expect(yes.filter((text) => !matches(text))).toEqual([]);
    expect(no.filter((text) => matches(text))).toEqual([]);
  });

  test.for([
    { source: "abc", literals: ["abc"] },
    { source: "a|b|a", literals: ["a", "b"] },
    { source: "(a|b)", literals: ["a", "b"] },
    { source: "a|b.", literals: null },
    { source: "a.*", literals: null },
  ])("$source names its literals where it has them", ({ source, literals }) => {
    expect(compilePattern(source).literals).toEqual(literals);
  });

  test("agrees with JavaScript's own where both have the syntax", () => {
    const pieces = ["a", "b", "|", ".*", ".", "(a|b)", "c+", "[ab]", "x?", ""];
    forEachSeed(500, (random) => {
      const source = Array.from({ length: random.below(5) }, () => random.pick(pieces)).join("");
      const { test: matches } = compilePattern(source);
      const oracle = new RegExp(`^(?:${source})$`, "s");
      const texts = Array.from({ length: 20 }, () =>
        Array.from({ length: random.below(5) }, () => random.pick(["a", "b", "c", "x", "\n"])).join(
          "",
        ),
      );
      expect(texts.filter((text) => matches(text) !== oracle.test(text))).toEqual([]);
    });
  });

  test.for(["(", "a{2,1}", "[", "(?<n", "*", "\\", "(?=a)", "x".repeat(REGEXP_LENGTH_MAX + 1)])(
    "%j is refused",
    (source) => {
      expect(() => compilePattern(source)).toThrow(InputError);
    },
  );

  test("takes linear time on what makes backtracking explode", () => {
    const { test: matches } = compilePattern("(a*)*b");
    // 2^40 steps for a backtracking engine: the test would not end.
    expect(matches("a".repeat(40))).toBe(false);
  });
});

describe("a matcher", () => {
  test.for<{
    operator: MatchOperator;
    value: string;
    a: boolean;
    empty: boolean;
    literals: string[] | null;
  }>([
    { operator: "=", value: "a", a: true, empty: false, literals: ["a"] },
    { operator: "=", value: "", a: false, empty: true, literals: [""] },
    { operator: "!=", value: "a", a: false, empty: true, literals: null },
    { operator: "!=", value: "", a: true, empty: false, literals: null },
    { operator: "=~", value: "a|b", a: true, empty: false, literals: ["a", "b"] },
    { operator: "=~", value: ".*", a: true, empty: true, literals: null },
    { operator: "!~", value: "a|b", a: false, empty: true, literals: null },
    { operator: "!~", value: ".+", a: false, empty: true, literals: null },
  ])(
    "x$operator$value takes an absent label for an empty one",
    ({ operator, value, a, empty, literals }) => {
      const compiled = compileMatcher({ name: "x", operator, value });
      expect(compiled.matches("a")).toBe(a);
      expect(compiled.matches("")).toBe(empty);
      expect(compiled.matchesEmpty).toBe(empty);
      expect(compiled.literals).toEqual(literals);
    },
  );
});

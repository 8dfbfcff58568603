import { forEachSeed, seededRandom, type Random } from "@tideline/common/testing";
import { expect, test } from "vitest";
import type { Expression } from "./ast.ts";
import { ParseError } from "./parse-error.ts";
import { parse } from "./parser.ts";
import { print } from "./print.ts";
import { prometheusFacts } from "./testing/facts.ts";
import { randomExpression } from "./testing/random-expression.ts";
import { withoutParentheses, withoutSpans } from "./testing/trees.ts";

/** The tree, or null where the text is none. Anything but a ParseError is a failure that names the text. */
function parseOrNull(text: string): Expression | null {
  try {
    return parse(text, prometheusFacts);
  } catch (error) {
    const isTold =
      error instanceof ParseError &&
      /^\d+:\d+: parse error: ./.test(error.message) &&
      error.offset <= text.length;
    if (isTold) return null;
    throw new Error(`text ${JSON.stringify(text)}`, { cause: error });
  }
}

test("what is printed parses back to the same tree", () => {
  forEachSeed(3_000, (random) => {
    const tree = randomExpression(random, 1 + random.below(5));
    const text = print(tree);
    const parsed = parse(text, prometheusFacts);
    expect(withoutParentheses(parsed)).toStrictEqual(withoutParentheses(tree));
    expect(print(parsed)).toBe(text);
  });
});

test("no text makes the parser throw anything but a ParseError, and what parses comes back equal", () => {
  let parsedCount = 0;
  forEachSeed(4_000, (random) => {
    const text = damaged(print(randomExpression(random, 1 + random.below(4))), random);
    const tree = parseOrNull(text);
    if (tree === null) return;
    parsedCount += 1;
    expect(withoutSpans(parse(print(tree), prometheusFacts))).toStrictEqual(withoutSpans(tree));
  });
  expect(parsedCount).toBeGreaterThan(100);
});

test("every truncation of a text parses or is a ParseError", () => {
  const text = print(randomExpression(seededRandom(7), 6));
  const parsed = Array.from(text, (_, size) => parseOrNull(text.slice(0, size)));
  expect(parsed).toContain(null);
});

const SCRAPS = [
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  "-",
  "+",
  "^",
  "=",
  "=~",
  "!",
  "@",
  "#",
  '"',
  "'",
  "`",
  "\\",
  "\n",
  " ",
  ".",
  "5m",
  "1e",
  "0x",
  "sum",
  "by",
  "offset",
  "bool",
  "on(",
  "group_left",
  "fill(",
  "start()",
  "step()",
  "inf",
  "\ud800",
  "\u0000",
  "é",
  "🙂",
  "</",
  "[5m:",
];

function damaged(text: string, random: Random): string {
  let out = text;
  for (let i = 1 + random.below(3); i > 0; i -= 1) {
    const start = random.below(out.length + 1);
    const end = Math.min(out.length, start + random.below(4));
    const scrap = random.chance(0.7) ? random.pick(SCRAPS) : "";
    out = out.slice(0, start) + scrap + out.slice(random.chance(0.5) ? start : end);
  }
  return out;
}

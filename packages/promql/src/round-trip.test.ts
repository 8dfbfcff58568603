import { forEachSeed, seededRandom } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { parse } from "./parser.ts";
import { print } from "./print.ts";
import { checkText } from "./testing/check-text.ts";
import { prometheusFacts } from "./testing/facts.ts";
import { randomExpression } from "./testing/random-expression.ts";
import { randomText } from "./testing/random-text.ts";
import { withoutParentheses } from "./testing/trees.ts";

test("what is printed of any tree parses back to the same tree", () => {
  forEachSeed(3_000, (random) => {
    const tree = randomExpression(random, 1 + random.below(5));
    const text = print(tree);
    const parsed = parse(text, prometheusFacts);
    expect(withoutParentheses(parsed)).toStrictEqual(withoutParentheses(tree));
    expect(print(parsed)).toBe(text);
  });
});

/** `npx pnpm test:parser-long` asks for 10 million. */
const INPUT_COUNT = Number(process.env["TIDELINE_PARSER_INPUTS"] ?? 20_000);
const FIRST_SEED = Number(process.env["TIDELINE_SEED"] ?? 1);

test(`${INPUT_COUNT} random texts parse and come back equal, or are a ParseError`, () => {
  let parsedCount = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + INPUT_COUNT; seed += 1)
    if (checkText(randomText(seed))) parsedCount += 1;
  // Else the texts are too wild to say anything about trees, or too tame.
  expect(parsedCount).toBeGreaterThan(INPUT_COUNT * 0.2);
  expect(parsedCount).toBeLessThan(INPUT_COUNT * 0.8);
});

test("every truncation of a text parses or is a ParseError", () => {
  const text = print(randomExpression(seededRandom(7), 6));
  const parsed = Array.from(text, (_, size) => checkText(text.slice(0, size)));
  expect(parsed).toContain(false);
});

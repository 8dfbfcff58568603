/** Single files: each says what it is for, none grows past what one can read. */
import { expect, test } from "vitest";
import { sourceFiles } from "./tree.ts";

const SHELVES = "{packages,tools,test-e2e,bench}/**/*.ts";
/** Look for a second idea from here on. */
const LINES_WARN = 500;
const LINES_MAX = 1_000;

test("every file opens with what it is and why it exists", () => {
  const silent = sourceFiles(SHELVES)
    .filter(({ path }) => !path.endsWith(".test.ts") && !path.endsWith(".e2e.ts"))
    .filter(({ text }) => !/^(?:#!.*\n)?(?:\/\*\*|\/\/)/.test(text))
    .map(({ path }) => path);
  expect(silent).toEqual([]);
});

test("no file grows without end", () => {
  const long = sourceFiles(SHELVES)
    .map(({ path, text }) => ({ path, lineCount: text.split("\n").length }))
    .filter(({ lineCount }) => lineCount > LINES_WARN);
  for (const { path, lineCount } of long) {
    process.stderr.write(`tidy: ${path} has ${lineCount} lines: is there a second idea inside?\n`);
  }
  expect(long.filter(({ lineCount }) => lineCount > LINES_MAX)).toEqual([]);
});

test("only tests are skipped or run alone on purpose", () => {
  // A mark left behind would make a green run mean less than it says.
  const left = sourceFiles(SHELVES)
    .filter(({ text }) => /\b(?:test|it|describe)\.(?:only|todo|skip)\(/.test(text))
    .map(({ path }) => path);
  expect(left).toEqual([]);
});

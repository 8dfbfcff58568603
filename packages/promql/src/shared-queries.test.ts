/**
 * Queries that others wrote: dashboards, the compliance suite, Prometheus' test scripts. They lie outside the
 * repository, so their tests are skipped where they are missing.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "./parser.ts";
import { print } from "./print.ts";
import { prometheusFacts } from "./testing/facts.ts";
import { withoutSpans } from "./testing/trees.ts";

const FOLDER = process.env["TIDELINE_SHARED_TESTS"] ?? "/work/shared/tests";
const isMissing = !existsSync(FOLDER);

/** Texts that do not parse, or do not come back equal from their canonical text. */
function badOnes(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => {
    try {
      const tree = parse(text, prometheusFacts);
      expect(withoutSpans(parse(print(tree), prometheusFacts))).toStrictEqual(withoutSpans(tree));
      return [];
    } catch (error) {
      return [`${text}: ${String(error)}`];
    }
  });
}

test.skipIf(isMissing)("every PromQL query of published dashboards parses", () => {
  const file = readFileSync(join(FOLDER, "dashboards_queries.json"), "utf8");
  const { queries } = JSON.parse(file) as {
    queries: readonly { resolved: string; language: string }[];
  };
  const texts = queries
    .filter(({ language }) => language === "promql")
    .map(({ resolved }) => resolved);
  expect(texts.length).toBeGreaterThan(700);
  expect(badOnes(texts)).toEqual([]);
});

test.skipIf(isMissing)("every compliance query parses", () => {
  const texts = readFileSync(join(FOLDER, "compliance_queries.txt"), "utf8").trim().split("\n");
  expect(texts.length).toBeGreaterThan(100);
  expect(badOnes(texts)).toEqual([]);
});

test.skipIf(isMissing)(
  "every expression of the test scripts parses, but those that must fail",
  () => {
    const folder = join(FOLDER, "promqltest");
    const texts = readdirSync(folder)
      .filter((name) => name.endsWith(".test"))
      .flatMap((name) => expressionsOf(readFileSync(join(folder, name), "utf8")));
    expect(texts.length).toBeGreaterThan(1_000);
    expect(badOnes(texts)).toEqual([]);
  },
);

function expressionsOf(script: string): readonly string[] {
  return script.split(/\n\s*(?:#.*)?\n/).flatMap((block) => {
    if (/^\s*expect fail/m.test(block)) return [];
    const line = /^\s*eval(?:_\w+)? (?:instant at \S+|range from \S+ to \S+ step \S+)\s+(.*)$/m;
    if (/^\s*eval_fail/m.test(block)) return [];
    const text = line.exec(block)?.[1];
    return text === undefined ? [] : [text];
  });
}

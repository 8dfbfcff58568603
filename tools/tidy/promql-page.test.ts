import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PROMQL_PAGE, promqlPage } from "../docs/promql.ts";

test("docs/promql.md tells the functions as their cards have them", () => {
  expect(readFileSync(PROMQL_PAGE, "utf8")).toBe(promqlPage());
});

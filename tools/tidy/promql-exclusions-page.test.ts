import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EXCLUSIONS_PAGE, exclusionsPage } from "../docs/promql-exclusions.ts";

test("docs/promql-exclusions.md tells the exclusions of the comparison", () => {
  expect(readFileSync(EXCLUSIONS_PAGE, "utf8")).toBe(exclusionsPage());
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FLAGS_PAGE, flagsPage } from "../docs/flags.ts";

test("docs/flags.md tells the flags as the programs have them", () => {
  expect(readFileSync(FLAGS_PAGE, "utf8")).toBe(flagsPage());
});

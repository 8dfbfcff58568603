/**
 * Test scripts over the engine: our own (testdata/), of which all have to pass, and Prometheus' own where
 * they lie beside the repository, of which no fewer may pass than did.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { aggregateCards, functionCards } from "../functions/shelf.ts";
import { scriptEngine } from "./engine-under-test.ts";
import { runScript, type EvalReport } from "./run-script.ts";
import { SHARED_FLOORS } from "./shared-floors.ts";

const OWN_FOLDER = join(import.meta.dirname, "../../testdata");
const SHARED_FOLDER = join(
  process.env["TIDELINE_SHARED_TESTS"] ?? "/work/shared/tests",
  "promqltest",
);

const scriptsIn = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => name.endsWith(".test"));

const failuresOf = (reports: readonly EvalReport[]): readonly string[] =>
  reports
    .filter(({ outcome }) => outcome === "failed")
    .map(({ line, text, reason }) => `line ${line}: ${text}: ${reason}`);

describe("our own scripts", () => {
  test.for(scriptsIn(OWN_FOLDER))("%s", async (name) => {
    const reports = await runScript(readFileSync(join(OWN_FOLDER, name), "utf8"), scriptEngine);
    expect(reports.length).toBeGreaterThan(5);
    expect(failuresOf(reports)).toEqual([]);
    expect(reports.every(({ outcome }) => outcome === "passed")).toBe(true);
  });

  test("they mention every function and aggregation of the shelf", () => {
    const text = scriptsIn(OWN_FOLDER)
      .map((name) => readFileSync(join(OWN_FOLDER, name), "utf8"))
      .join("\n");
    const words = new Set(text.match(/[a-z_0-9]+/g));
    const names = [...functionCards, ...aggregateCards].map(({ name }) => name);
    expect(names.filter((name) => !words.has(name))).toEqual([]);
  });
});

const sharedScripts = existsSync(SHARED_FOLDER) ? scriptsIn(SHARED_FOLDER) : [];

describe.skipIf(sharedScripts.length === 0)("Prometheus' scripts", () => {
  test.for(sharedScripts)("%s passes no fewer than it did", async (name) => {
    const reports = await runScript(readFileSync(join(SHARED_FOLDER, name), "utf8"), scriptEngine);
    const passed = reports.filter(({ outcome }) => outcome === "passed");
    const failures = failuresOf(reports);
    const floor = SHARED_FLOORS[name] ?? 0;
    // All failures are listed when there are too many, so that the new ones can be found.
    expect(passed.length >= floor ? [] : failures).toEqual([]);
  });
});

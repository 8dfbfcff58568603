/**
 * Test scripts over the engine: our own (testdata/), and Prometheus' own where they lie beside the repository. All evals
 * have to pass. What Prometheus' scripts need and is not stored is left out, and counted.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { aggregateCards, functionCards } from "../../functions/shelf.ts";
import { scriptEngine } from "./engine-under-test.ts";
import { runScript, type EvalReport } from "./run-script.ts";
import { SHARED_COUNTS, type ScriptCounts } from "./shared-counts.ts";

const OWN_FOLDER = join(import.meta.dirname, "../../../testdata");
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

function countsOf(reports: readonly EvalReport[]): ScriptCounts {
  const leftOut = (reason: string): number =>
    reports.filter((report) => report.outcome === "leftOut" && report.reason === reason).length;
  return {
    passed: reports.filter(({ outcome }) => outcome === "passed").length,
    histograms: leftOut("native histograms"),
    startTimestamps: leftOut("start timestamps"),
  };
}

const totalOf = ({ passed, histograms, startTimestamps }: ScriptCounts): number =>
  passed + histograms + startTimestamps;

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
  test.for(sharedScripts)(
    "%s: all pass, what is left out is counted",
    async (name, { annotate }) => {
      const reports = await runScript(
        readFileSync(join(SHARED_FOLDER, name), "utf8"),
        scriptEngine,
      );
      expect(failuresOf(reports)).toEqual([]);
      const counts = countsOf(reports);
      const { passed, histograms, startTimestamps } = counts;
      expect(passed + histograms + startTimestamps).toBe(reports.length);
      await annotate(JSON.stringify(counts));
      const known = SHARED_COUNTS[name];
      const isKnownSplit = known !== undefined && totalOf(known) === reports.length;
      expect(isKnownSplit ? counts : known).toEqual(known);
    },
  );
});

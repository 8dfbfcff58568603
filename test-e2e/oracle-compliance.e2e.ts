/**
 * The compliance queries of the Prometheus project, asked of a real Prometheus and of the cluster, as ranges and as instants. The
 * queries, the demo data and the judge lie outside this repository (../shared/tests/compliance.md); skipped without them.
 *
 * TIDELINE_COMPLIANCE=all goes through all variations of data, range and step (`pnpm test:compliance-long`); else the first one.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { peersFolder } from "./harness/peers.ts";
import { Oracle } from "./oracle/oracle.ts";

const FOLDER = process.env["TIDELINE_SHARED_TESTS"] ?? "/work/shared/tests";
const isMissing = !existsSync(join(FOLDER, "compare_promql.mjs"));
if (isMissing) {
  process.stderr.write(`\n*** no compliance queries in ${FOLDER}: their test is SKIPPED.\n\n`);
}

/** Data as seed.mjs makes it, and the ranges asked of it. */
const VARIATIONS = [
  { data: [], asked: ["", "--range 3600 --step 60"] },
  {
    data: ["--restart", "--seed", "7"],
    asked: ["", "--range 7200 --step 37", "--range 600 --step 1"],
  },
  {
    data: ["--step", "15", "--seed", "3"],
    asked: ["", "--range 3600 --step 60", "--range 900 --step 0.5"],
  },
  {
    data: ["--step", "60", "--seed", "4", "--restart"],
    asked: ["--range 3600 --step 15", "--range 5400 --step 300"],
  },
];
const wanted = process.env["TIDELINE_COMPLIANCE"] === "all" ? VARIATIONS : VARIATIONS.slice(0, 1);

interface Score {
  readonly pass: number;
  readonly fail: number;
  readonly unsupported: number;
  readonly refproblem: number;
}

interface Verdicts {
  readonly summary: { readonly range: Score; readonly instant: Score };
  readonly results: readonly {
    readonly query: string;
    readonly range: { readonly verdict: string; readonly detail: readonly string[] };
    readonly instant: { readonly verdict: string; readonly detail: readonly string[] };
  }[];
}

const run = promisify(execFile);
const programs = isMissing ? undefined : peersFolder();

describe.skipIf(programs === undefined)("compliance", () => {
  test.for(wanted)("data $data, ranges $asked", async ({ data, asked }) => {
    await using oracle = await Oracle.start({ programs: programs ?? "" });
    const { reference, cluster } = oracle;
    const end = Math.floor(Date.now() / 60_000) * 60;
    const targets = [reference.writer.url, cluster.writer().url].flatMap((url) => ["--write", url]);
    await run(process.execPath, [join(FOLDER, "seed.mjs"), ...targets, "--end", `${end}`, ...data]);
    for (const [index, options] of asked.entries()) {
      const output = cluster.folder.at(`verdicts-${index}.json`);
      // Ends with an error when a query fails; what matters stands in the file.
      await run(process.execPath, [
        join(FOLDER, "compare_promql.mjs"),
        "--ref",
        reference.url,
        "--test",
        `${cluster.select.url}/select/0/prometheus`,
        "--queries",
        join(FOLDER, "compliance_queries.txt"),
        "--fail-queries",
        join(FOLDER, "compliance_queries_fail.txt"),
        "--end",
        `${end - 720}`,
        "--json",
        output,
        "--quiet",
        ...options.split(" ").filter(Boolean),
      ]).catch(() => undefined);
      const { summary, results } = JSON.parse(readFileSync(output, "utf8")) as Verdicts;
      const told = (["range", "instant"] as const).map(
        (kind) => `${kind} ${summary[kind].pass} pass, ${summary[kind].fail} fail`,
      );
      process.stdout.write(`seed ${data.join(" ")}; compare ${options}: ${told.join(", ")}\n`);
      const failed = results.filter(
        ({ range, instant }) => isFailure(range.verdict) || isFailure(instant.verdict),
      );
      expect(failed).toEqual([]);
      expect(summary.range.pass).toBeGreaterThan(300);
    }
  });
});

function isFailure(verdict: string): boolean {
  return verdict === "fail" || verdict === "unsupported";
}

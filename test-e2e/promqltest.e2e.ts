/**
 * Prometheus' test scripts over HTTP: each block of data is written to a fresh tenant of a running cluster, and asked there. The
 * runner and the scripts lie beside the repository; ours (packages/engine/testdata) go through it as well.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cluster } from "./harness/cluster.ts";
import { REPOSITORY } from "./harness/paths.ts";

const SHARED = process.env["TIDELINE_SHARED_TESTS"] ?? "/work/shared/tests";
const RUNNER = join(SHARED, "run_promqltest.mjs");

interface Report {
  readonly tally: {
    readonly pass: number;
    readonly fail: number;
    readonly skip_histogram: number;
    readonly skip_start_timestamps: number;
  };
  readonly results: readonly {
    readonly file: string;
    readonly line: number;
    readonly expr: string;
    readonly fail?: string;
  }[];
}

describe.skipIf(!existsSync(RUNNER))("test scripts over HTTP", () => {
  const running = new AsyncDisposableStack();
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = running.use(
      await Cluster.start({
        // The scripts begin on 1 January 1970.
        storageFlags: ["-retentionPeriod=100y"],
        selectFlags: ["-search.delayedNameRemoval=true"],
      }),
    );
  });
  afterAll(async () => running.disposeAsync());

  async function run(folder: string, firstTenant: number): Promise<Report> {
    const files = readdirSync(folder).filter((name) => name.endsWith(".test"));
    const reportPath = cluster.folder.at(`report-${firstTenant}.json`);
    const flushUrls = cluster.storages.map(({ url }) => `${url}/internal/force_flush`);
    const child = spawn(
      process.execPath,
      [
        RUNNER,
        ["--write", `${cluster.insert.url}/insert/{n}/prometheus/api/v1/write`],
        ["--query", `${cluster.select.url}/select/{n}/prometheus`],
        ["--flush", flushUrls.join(",")],
        ["--first-tenant", String(firstTenant)],
        ["--json", reportPath],
        files.map((name) => join(folder, name)),
      ].flat(),
      { stdio: "ignore" },
    );
    await once(child, "exit");
    return JSON.parse(readFileSync(reportPath, "utf8")) as Report;
  }

  test.for([
    { whose: "Prometheus'", folder: join(SHARED, "promqltest"), firstTenant: 1_000 },
    {
      whose: "our own",
      folder: join(REPOSITORY, "packages/engine/testdata"),
      firstTenant: 50_000,
    },
  ])(
    "$whose scripts: every float eval passes",
    { timeout: 300_000 },
    async ({ folder, firstTenant }, { annotate }) => {
      const { tally, results } = await run(folder, firstTenant);
      await annotate(JSON.stringify(tally));
      const failures = results
        .filter(({ fail }) => fail !== undefined)
        .map(({ file, line, expr, fail }) => `${file}:${line} ${expr}: ${fail}`);
      expect(failures).toEqual([]);
      expect(tally.fail).toBe(0);
      expect(tally.pass).toBeGreaterThan(300);
    },
  );
});

/**
 * What images hold, without an image: the bundles start, find their workers and their .wasm and .proto files
 * beside them, and a cluster and a vmsingle of them take writes and answer.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster } from "./harness/cluster.ts";
import { TemporaryFolder } from "./harness/folder.ts";
import { REPOSITORY } from "./harness/paths.ts";
import { type Launcher, Program } from "./harness/program.ts";
import { Reader } from "./harness/reader.ts";
import { sample, type Series } from "./harness/samples.ts";
import { Writer } from "./harness/writer.ts";

const timeMs = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;
const series: readonly Series[] = Array.from({ length: 50 }, (_, index) => ({
  labels: { __name__: "bundled", index: String(index) },
  samples: [sample(timeMs, index)],
}));

// Not below the repository, so that no bundle finds node_modules by accident.
const folder = new TemporaryFolder();
const bundles = folder.at("bundles");
const launcher: Launcher = (program) => [process.execPath, join(bundles, `${program}.js`)];

beforeAll(() => {
  const bundler = join(REPOSITORY, "tools/bundle/main.ts");
  execFileSync(process.execPath, [bundler, bundles], { stdio: ["ignore", "ignore", "inherit"] });
});
afterAll(() => folder[Symbol.dispose]());

async function expectKept(writer: Writer, reader: Reader): Promise<void> {
  await writer.write(series);
  const sum = await reader.vector("sum(bundled)", timeMs / 1_000);
  expect(sum.map(({ value }) => value[1])).toEqual(["1225"]);
}

test("a cluster of bundles takes writes and answers", async () => {
  await using cluster = await Cluster.start({ launcher });
  await expectKept(cluster.writer(), cluster.reader());
  expect(cluster.programs.map((program) => program.child.hasExited)).not.toContain(true);
});

test("so does a vmsingle", async () => {
  const flags = [`-storageDataPath=${folder.at("data")}`];
  const single = await Program.start({ program: "vmsingle", flags, launcher });
  try {
    await expectKept(new Writer(`${single.url}/api/v1/write`), new Reader(single.url));
    expect(single.child.hasExited).toBe(false);
  } finally {
    await single.stop();
  }
});

test("the licences of what is inside travel along", () => {
  const notice = readFileSync(join(bundles, "THIRD-PARTY-LICENSES.txt"), "utf8");
  expect(notice).toMatch(/^== @grpc\/grpc-js \d/m);
  expect(notice).toMatch(/^== pino \d/m);
});

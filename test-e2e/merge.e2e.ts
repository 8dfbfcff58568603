/** Merges of parts as an operator sees them: asked for by URL, told of in metrics, and no answer changes. */
import { request } from "undici";
import { expect, test } from "vitest";
import { TemporaryFolder } from "./harness/folder.ts";
import { metricValues } from "./harness/metrics.ts";
import { Program } from "./harness/program.ts";
import { Reader } from "./harness/reader.ts";
import { sample, type Series } from "./harness/samples.ts";
import { waitFor } from "./harness/wait.ts";
import { Writer } from "./harness/writer.ts";

const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 120_000;
const endS = startMs / 1_000 + 110;

function generation(number: number): Series[] {
  return Array.from({ length: 50 }, (_, index) => ({
    labels: { __name__: "merged", index: String(index) },
    samples: Array.from({ length: 20 }, (__, at) =>
      sample(startMs + number * 20_000 + at * 1_000, index * 1_000 + number * 20 + at + 0.5),
    ),
  }));
}

async function statusOf(url: string): Promise<number> {
  const { statusCode, body } = await request(url);
  await body.dump();
  return statusCode;
}

async function metricOf(program: Program, name: string): Promise<number> {
  return (await metricValues(program, name)).reduce((sum, value) => sum + value, 0);
}

test("a forced merge answers at once, leaves one part, and changes no answer", async () => {
  using folder = new TemporaryFolder();
  const flags = [`-storageDataPath=${folder.at("data")}`, "-storage.lanes=1"];
  const keys = ["-forceMergeAuthKey=merge", "-forceFlushAuthKey=flush"];
  const single = await Program.start({ program: "vmsingle", flags: [...flags, ...keys] });
  try {
    const writer = new Writer(`${single.url}/api/v1/write`);
    const reader = new Reader(single.url);
    for (const number of [0, 1, 2, 3, 4]) {
      await writer.write(generation(number));
      expect(await statusOf(`${single.url}/internal/force_flush?authKey=flush`)).toBe(200);
    }
    const before = await reader.matrix("merged[2m]", endS);
    expect(before.map(({ values }) => values.length)).toEqual(before.map(() => 100));
    expect(await metricOf(single, "vm_parts")).toBe(5);
    expect(await statusOf(`${single.url}/internal/force_merge`)).toBe(401);
    const url = `${single.url}/internal/force_merge?authKey=merge`;
    expect(await statusOf(`${url}&partition_prefix=1999_01`)).toBe(200);
    expect(await statusOf(url)).toBe(200);
    await waitFor(async () => (await metricOf(single, "vm_merges_total")) === 1, {
      what: "the merge",
    });
    await waitFor(async () => (await metricOf(single, "vm_active_force_merges")) === 0, {
      what: "the end of the forced merge",
    });
    expect(await metricOf(single, "vm_parts")).toBe(1);
    expect(await metricOf(single, "vm_rows_merged_total")).toBe(5000);
    expect(await metricOf(single, "tideline_write_amplification")).toBeGreaterThan(1);
    expect(await reader.matrix("merged[2m]", endS)).toEqual(before);
  } finally {
    await single.stop();
  }
});

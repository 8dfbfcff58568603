/** -dedup.minScrapeInterval as an operator of two Prometheus sees it: one sample an interval, before merges and after them. */
import { request } from "undici";
import { expect, test } from "vitest";
import { TemporaryFolder } from "./harness/folder.ts";
import { metricValues } from "./harness/metrics.ts";
import { Program } from "./harness/program.ts";
import { Reader } from "./harness/reader.ts";
import { sample, type Series } from "./harness/samples.ts";
import { waitFor } from "./harness/wait.ts";
import { Writer } from "./harness/writer.ts";

const INTERVAL_MS = 15_000;
const COUNT = 20;
const startMs = (Math.floor(Date.now() / INTERVAL_MS) - 2 * COUNT) * INTERVAL_MS;
const endS = (startMs + COUNT * INTERVAL_MS) / 1_000;

/** One of a pair: scrapes `lateMs` before the end of each interval. */
function scrapes(lateMs: number, value: number): Series[] {
  return ["a", "b"].map((host) => ({
    labels: { __name__: "paired", host },
    samples: Array.from({ length: COUNT }, (_, at) =>
      sample(startMs + (at + 1) * INTERVAL_MS - lateMs, value + at),
    ),
  }));
}

async function get(url: string): Promise<void> {
  const { statusCode, body } = await request(url);
  await body.dump();
  expect(statusCode).toBe(200);
}

async function mergedCount(program: Program): Promise<number> {
  const values = await metricValues(program, "vm_merges_total");
  return values.reduce((sum, value) => sum + value, 0);
}

test("two writers 1 s apart are one sample an interval, from the head and after a merge", async () => {
  using folder = new TemporaryFolder();
  const flags = [
    `-storageDataPath=${folder.at("data")}`,
    "-storage.lanes=1",
    "-dedup.minScrapeInterval=15s",
  ];
  const single = await Program.start({ program: "vmsingle", flags });
  try {
    const writer = new Writer(`${single.url}/api/v1/write`);
    const reader = new Reader(single.url);
    await writer.write(scrapes(2_000, 1000));
    await writer.write(scrapes(1_000, 2000));
    const before = await reader.matrix("paired[10m]", endS);
    expect(before.length).toBe(2);
    for (const { values } of before) {
      expect(values.map(([timeS]) => timeS * 1_000)).toEqual(
        Array.from({ length: COUNT }, (_, at) => startMs + (at + 1) * INTERVAL_MS - 1_000),
      );
      expect(values.map(([, value]) => Number(value))).toEqual(
        Array.from({ length: COUNT }, (_, at) => 2000 + at),
      );
    }
    await get(`${single.url}/internal/force_merge`);
    await waitFor(async () => (await mergedCount(single)) === 1, { what: "the merge" });
    expect(await reader.matrix("paired[10m]", endS)).toEqual(before);
  } finally {
    await single.stop();
  }
});

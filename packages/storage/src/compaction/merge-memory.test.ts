/**
 * A merge has the memory of the least budget, whatever it merges: here parts of many series, no two of which share their times,
 * so that nothing is stored once for several of them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeDisk } from "@tideline/common";
import { DEFAULT_TENANT } from "@tideline/model";
import { afterAll, expect, test } from "vitest";
import { mergeBudget } from "../front/budget.ts";
import { inPartOrder, testSeries, type TestSeries } from "../part/part-fixtures.ts";
import { PartWriter } from "../part/part-writer.ts";
import { mergeJob } from "./compaction-fixtures.ts";
import { MergeThread } from "./merge-thread.ts";

const PART_COUNT = 3;
/** More than what is remembered and cached has room for. */
const SERIES_COUNT = 30_000;
const SAMPLE_COUNT = 12;
const folder = mkdtempSync(join(tmpdir(), "tideline-merge-memory-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function seriesKeys(): TestSeries[] {
  const none = new Float64Array(0);
  return inPartOrder(
    Array.from({ length: SERIES_COUNT }, (_, i) =>
      testSeries(
        DEFAULT_TENANT,
        [
          { name: "__name__", value: `metric_${i % 400}` },
          { name: "instance", value: `host-${Math.floor(i / 400)}:9100` },
          { name: "pod", value: `pod-${(i * 7919) % 100_003}` },
        ],
        none,
        none,
      ),
    ),
  );
}

/** Scrapes of a target 15 s apart, each up to 50 ms late: no two series have the same times. */
async function writeInput(name: string, generation: number, series: TestSeries[]): Promise<void> {
  const writer = PartWriter.create({
    disk: new NodeDisk(),
    folder,
    name,
    laneRange: { index: 0, count: 1 },
    generation,
    deletesDone: 0,
  });
  const timestampsMs = new Float64Array(SAMPLE_COUNT);
  const values = new Float64Array(SAMPLE_COUNT);
  const startMs = 1.7e12 + generation * SAMPLE_COUNT * 15_000;
  for (const [number, { key, identity }] of series.entries()) {
    for (let i = 0; i < SAMPLE_COUNT; i += 1) {
      timestampsMs[i] = startMs + i * 15_000 + (Math.imul(number * 31 + i + 1, 0x9e37_79b1) >>> 26);
      values[i] = Math.imul(number + i * 17, 0x85eb_ca6b) >>> 22;
    }
    writer.addSeries({ key, identity, timestampsMs, values });
  }
  await writer.finish();
}

test("series that share no times are merged within the least heap there is", async () => {
  const series = seriesKeys();
  const inputs = Array.from({ length: PART_COUNT }, (_, i) => `g00000${i}.part`);
  for (const [generation, name] of inputs.entries()) await writeInput(name, generation, series);
  const { heapSizeMax, cacheSize, knownBlocksSize } = mergeBudget(0);
  const slot = new SharedArrayBuffer(4);
  const merger = new MergeThread({ heapSizeMax, slot });
  const job = mergeJob({ inputs, folder, dataPath: folder, cacheSize, knownBlocksSize });
  const result = await merger.start({ ...job, grouped: true });
  const sampleCount = PART_COUNT * SERIES_COUNT * SAMPLE_COUNT;
  expect(result).toMatchObject({
    status: "done",
    counts: { readCount: sampleCount, writtenCount: sampleCount },
  });
});

test("a thread that dies is a merge that failed, and the next one may start", async () => {
  const merger = new MergeThread({ heapSizeMax: 2 ** 25, slot: new SharedArrayBuffer(4) });
  // Parts that are not there are a mistake of the caller's, which the thread does not outlive, as it does not a full heap.
  const job = mergeJob({ inputs: ["g000009.part"], folder, dataPath: folder });
  for (let i = 0; i < 2; i += 1) {
    const started = merger.start(job);
    expect(started).not.toBeNull();
    await expect(started).rejects.toThrow("Cannot merge parts: the thread failed");
  }
});

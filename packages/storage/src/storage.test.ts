import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "@tideline/common/testing";
import { ExecutionError, InputError } from "@tideline/model";
import { FakeSeriesTable } from "@tideline/wire/testing";
import { expect, test } from "vitest";
import {
  addRow,
  batchOf,
  everything,
  keyNumber,
  randomRows,
  readSamples,
  TENANT,
  type Row,
  type Samples,
} from "./lane/lane-fixtures.ts";
import { openStorage, testFolder, testOptions } from "./testing/open-storage.ts";
import type { Storage } from "./storage.ts";

const { signal } = new AbortController();

/** Writes random rows to storage and model alike. */
async function writeRandom(storage: Storage, samples: Samples, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const table = new FakeSeriesTable();
  for (let i = 0; i < 20; i += 1) {
    const rows = randomRows(random, Date.now() - 1000 * i, 50);
    await storage.write(batchOf(table, rows));
    for (const row of rows) addRow(samples, row);
  }
}

async function expectSamples(storage: Storage, samples: Samples): Promise<void> {
  const found = await readSamples(storage, everything());
  expect(found.missing).toEqual([]);
  expect(found.samples).toEqual(samples);
}

test("what was written is found, from heads and parts, and after a restart", async () => {
  const options = testOptions(testFolder());
  const samples: Samples = new Map();
  const storage = await openStorage(options);
  await writeRandom(storage, samples, 1);
  await expectSamples(storage, samples);
  await storage.forceFlush();
  await expectSamples(storage, samples);
  await writeRandom(storage, samples, 2);
  await expectSamples(storage, samples);
  const [first, second] = await storage.stats();
  expect(first?.partCount).toBe(1);
  expect((first?.headSeries ?? 0) + (second?.headSeries ?? 0)).toBe(50);
  await storage.close();
  const again = await openStorage(options);
  expect(again.nodeId).toBe(storage.nodeId);
  expect(again.bootId).not.toBe(storage.bootId);
  await expectSamples(again, samples);
});

test("a data directory opens with another number of lanes", { timeout: 120_000 }, async () => {
  const dataPath = testFolder();
  const samples: Samples = new Map();
  for (const [round, laneCount] of [2, 1, 4, 3, 2].entries()) {
    const storage = await openStorage(testOptions(dataPath, { laneCount }));
    await expectSamples(storage, samples);
    await writeRandom(storage, samples, round);
    if (round % 2 === 0) await storage.forceFlush();
    await writeRandom(storage, samples, round + 100);
    await expectSamples(storage, samples);
    const names = await seriesNames(storage);
    expect(new Set(names).size).toBe(names.length);
    await storage.close();
  }
});

test(
  "a delete takes from the parts of any number of lanes, once",
  { timeout: 120_000 },
  async () => {
    const dataPath = testFolder();
    const samples: Samples = new Map();
    const odd = [[{ name: "job", operator: "=", value: "odd" } as const]];
    for (const [round, laneCount] of [2, 1, 3, 2].entries()) {
      const storage = await openStorage(testOptions(dataPath, { laneCount }));
      await expectSamples(storage, samples);
      await writeRandom(storage, samples, round);
      if (round % 2 === 0) await storage.forceFlush();
      await writeRandom(storage, samples, round + 100);
      await storage.deleteSeries(everything(odd));
      for (const key of samples.keys()) if (key.includes("odd")) samples.delete(key);
      await expectSamples(storage, samples);
      await writeRandom(storage, samples, round + 200);
      await expectSamples(storage, samples);
      await storage.close();
    }
    const storage = await openStorage(testOptions(dataPath, { laneCount: 2 }));
    await expectSamples(storage, samples);
    await expect(storage.deleteSeries(everything([]))).rejects.toThrow(InputError);
  },
);

test(
  "a snapshot is a data folder of its own, for any number of lanes",
  { timeout: 120_000 },
  async () => {
    const dataPath = testFolder();
    const samples: Samples = new Map();
    const before = await openStorage(testOptions(dataPath, { laneCount: 3 }));
    await writeRandom(before, samples, 1);
    await before.close();
    const storage = await openStorage(testOptions(dataPath, { laneCount: 2 }));
    await writeRandom(storage, samples, 2);
    await storage.deleteSeries(everything([[{ name: "job", operator: "=", value: "odd" }]]));
    for (const key of samples.keys()) if (key.includes("odd")) samples.delete(key);
    await writeRandom(storage, samples, 3);
    const name = await storage.snapshots.create();
    const copy = join(testFolder(), "copy");
    cpSync(join(dataPath, "snapshots", name), copy, { recursive: true });
    await writeRandom(storage, new Map(), 4);
    await storage.deleteSeries(everything([[]]));
    for (const laneCount of [2, 1, 4]) {
      const restored = await openStorage(testOptions(copy, { laneCount }));
      expect(restored.nodeId).toBe(storage.nodeId);
      await expectSamples(restored, samples);
      await restored.close();
    }
  },
);

test("forced merges, in their thread, leave one part per lane, and all that was written", async () => {
  const storage = await openStorage(testOptions(testFolder()));
  const samples: Samples = new Map();
  for (const seed of [1, 2, 3]) {
    await writeRandom(storage, samples, seed);
    await storage.forceFlush();
  }
  await storage.forceMerge();
  for (const { partCount, merges, mergeErrors, mergeWrittenSize } of await storage.stats()) {
    // An hour may go by between two windows of 32 days while this runs.
    expect(partCount).toBeLessThanOrEqual(2);
    expect({ merges, mergeErrors }).toEqual({ merges: 1, mergeErrors: 0 });
    expect(mergeWrittenSize).toBeGreaterThan(0);
  }
  await expectSamples(storage, samples);
});

async function seriesNames(storage: Storage): Promise<string[]> {
  const { items } = await storage.seriesKeys(everything(), 0, signal);
  return items.map((key) => Buffer.from(key).toString("latin1"));
}

test("names, values and keys come sorted, each once, from all lanes", async () => {
  const storage = await openStorage(testOptions(testFolder()));
  const table = new FakeSeriesTable();
  const ms = Date.now();
  const rows: Row[] = Array.from({ length: 20 }, (_, i) => ({ key: keyNumber(i), ms, bits: 0n }));
  await storage.write(batchOf(table, rows.slice(0, 12)));
  await storage.forceFlush();
  await storage.write(batchOf(table, rows.slice(8)));
  const odd = everything([[{ name: "job", operator: "=", value: "odd" }]]);
  const names = await storage.labelNames(everything(), 0, signal);
  expect(names.items).toEqual(["__name__", "instance", "job"]);
  const instances = rows.map((_, i) => `host-${i}`).toSorted();
  expect((await storage.labelValues("instance", everything(), 0, signal)).items).toEqual(instances);
  expect((await storage.labelValues("instance", everything(), 3, signal)).items).toEqual(
    instances.slice(0, 3),
  );
  expect((await storage.labelValues("instance", odd, 0, signal)).items).toEqual(
    instances.filter((name) => Number(name.slice(5)) % 2 === 1),
  );
  expect((await storage.labelNames(odd, 2, signal)).items).toEqual(["__name__", "instance"]);
  const keys = await storage.seriesKeys(odd, 0, signal);
  expect(keys.items.length).toBe(10);
  expect(keys.items).toEqual(keys.items.toSorted((a, b) => Buffer.compare(a, b)));
  const other = { ...everything(), tenant: { ...TENANT, projectId: 9 } };
  expect((await storage.labelNames(other, 0, signal)).items).toEqual([]);
  const past = { ...everything(), startMs: 0, endMs: 1000 };
  expect((await storage.seriesKeys(past, 0, signal)).items).toEqual([]);
});

test("a search past its limit of series is an ExecutionError", async () => {
  const storage = await openStorage(testOptions(testFolder()));
  const samples: Samples = new Map();
  await writeRandom(storage, samples, 1);
  const limited = { ...everything(), seriesCountMax: 5 };
  await expect(readSamples(storage, limited)).rejects.toThrow(ExecutionError);
  await expectSamples(storage, samples);
});

test("an aborted search ends, and the next one runs", async () => {
  const storage = await openStorage(testOptions(testFolder()));
  const samples: Samples = new Map();
  await writeRandom(storage, samples, 1);
  const abort = new AbortController();
  const search = storage.searchFrames(everything(), abort.signal)[Symbol.asyncIterator]();
  const next = search.next();
  abort.abort(new Error("the client left"));
  await expect(next).rejects.toThrow("the client left");
  await expectSamples(storage, samples);
});

test("rows outside retention or too far in the future are refused, and no others", async () => {
  const day = 24 * 3_600_000;
  const storage = await openStorage(testOptions(testFolder(), { retentionMs: 10 * day }));
  const now = Date.now();
  const times = [now - 11 * day, now - 9 * day, now, now + day, now + 3 * day];
  const rows = times.map((ms, i) => ({ key: keyNumber(i), ms, bits: 0x3ff0000000000000n }));
  const outcome = await storage.write(batchOf(new FakeSeriesTable(), rows));
  expect(outcome.ignoredByReason).toEqual({ small_timestamp: 1, big_timestamp: 1 });
  const samples: Samples = new Map();
  for (const row of rows.slice(1, 4)) addRow(samples, row);
  await expectSamples(storage, samples);
});

test("a second storage on the same directory is refused; a dead process' lock is not", async () => {
  const dataPath = testFolder();
  writeFileSync(join(dataPath, "lock"), JSON.stringify({ pid: 2 ** 22 + 5, startTicks: "1" }));
  const storage = await openStorage(testOptions(dataPath));
  await expect(openStorage(testOptions(dataPath))).rejects.toThrow(InputError);
  await storage.close();
  expect(existsSync(join(dataPath, "lock"))).toBe(false);
});

test("a lock of a living process holds, of an earlier one with its id it does not", async () => {
  const dataPath = testFolder();
  const stat = readFileSync(`/proc/${process.ppid}/stat`, "latin1");
  const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  writeFileSync(join(dataPath, "lock"), JSON.stringify({ pid: process.ppid, startTicks }));
  await expect(openStorage(testOptions(dataPath))).rejects.toThrow(`process ${process.ppid}`);
  writeFileSync(join(dataPath, "lock"), JSON.stringify({ pid: process.ppid, startTicks: "1" }));
  await openStorage(testOptions(dataPath));
});

test.for([
  { name: "a newer layout", layout: '{"version":2,"laneCount":2,"mixed":false}' },
  { name: "a damaged layout", layout: "{" },
])("$name is refused", async ({ layout }) => {
  const dataPath = testFolder();
  writeFileSync(join(dataPath, "layout.json"), layout);
  await expect(openStorage(testOptions(dataPath))).rejects.toThrow(InputError);
});

test("a budget that cannot hold the lanes is refused", async () => {
  const options = testOptions(testFolder(), { memoryBudgetSize: 64 * 2 ** 20 });
  await expect(openStorage(options)).rejects.toThrow("they need");
});

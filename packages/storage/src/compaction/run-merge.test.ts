import assert from "node:assert/strict";
import { FakeDisk, forEachSeed, type Random } from "@tideline/common/testing";
import { identityRange } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { writeDelete } from "../deletes/delete-log.ts";
import {
  inPartOrder,
  openPart,
  PARTS_FOLDER,
  randomSeries,
  randomTimes,
  randomValues,
  testSeries,
  writePart,
  type TestSeries,
} from "../part/part-fixtures.ts";
import { heldBy, holdSeries, mergeJob, sortedHeld, type Held } from "./compaction-fixtures.ts";
import type { MergeResult } from "./merge-job.ts";
import { runMerge } from "./run-merge.ts";

const LABELS = [{ name: "__name__", value: "up" }];
const TENANT = { accountId: 0, projectId: 0 };

function oneSeries(timestampsMs: Float64Array, values: Float64Array): TestSeries {
  return testSeries(TENANT, LABELS, timestampsMs, values);
}

/** Writes a few random parts whose series partly meet. */
async function randomParts(
  random: Random,
  disk: FakeDisk,
): Promise<{ names: string[]; held: Held }> {
  const held: Held = new Map();
  const names: string[] = [];
  const pool = randomSeries(random, 12, 2);
  const shared = randomTimes(random, 1 + random.below(500), 1.7e12);
  for (let i = 0; i < 1 + random.below(6); i += 1) {
    const series = pool
      .filter(() => random.chance(0.7))
      .map(({ tenant, labels }) => {
        const times = random.chance(0.5)
          ? shared
          : randomTimes(random, 1 + random.below(300), 1.7e12 + random.below(20) * 100_000);
        return testSeries(tenant, labels, times, randomValues(random, times.length));
      });
    if (series.length === 0) continue;
    const name = `g00000${i}.part`;
    await writePart(disk, inPartOrder(series), {
      name,
      generation: i,
      grouped: random.chance(0.3),
    });
    names.push(name);
    holdSeries(held, series);
  }
  return { names, held };
}

function done(result: MergeResult): Extract<MergeResult, { status: "done" }> {
  if (result.status !== "done") throw new Error(`a merge was ${result.status}`);
  return result;
}

test("a merge holds what its inputs held, bit for bit, each sample once", async () => {
  const cases: Random[] = [];
  forEachSeed(60, (random) => cases.push(random));
  for (const random of cases) {
    const disk = new FakeDisk();
    const { names, held } = await randomParts(random, disk);
    if (names.length === 0) continue;
    const grouped = random.chance(0.5);
    const copyCountMin = random.pick([1, 100, Infinity]);
    const job = mergeJob({ inputs: names, grouped, copyCountMin });
    const result = done(await runMerge(job, { disk }));
    expect(sortedHeld(heldBy(disk, result.names))).toEqual(sortedHeld(held));
    const sampleCount = [...held.values()].reduce((sum, { size }) => sum + size, 0);
    expect(result.counts.writtenCount).toBe(sampleCount);
    expect(result.counts.deletedCount).toBe(0);
    expect(result.counts.readCount - result.counts.dedupedCount).toBe(sampleCount);
    const { facts } = openPart(disk, result.names[0]);
    expect(facts).toMatchObject({ replaces: names, generation: 9, sampleCount });
  }
});

test("windows and lanes split what is merged, and only the last part replaces the inputs", async () => {
  const cases: Random[] = [];
  forEachSeed(40, (random) => cases.push(random));
  for (const random of cases) {
    const disk = new FakeDisk();
    const { names, held } = await randomParts(random, disk);
    if (names.length === 0) continue;
    const cut = 1.7e12 + random.below(5000) * 1000;
    const lanes = [0, 1, 2].map((index) => ({ index, count: 3 }));
    const windows = [
      { startMs: -Infinity, endMs: cut },
      { startMs: cut, endMs: cut + 1_000_000 },
      { startMs: cut + 1_000_000, endMs: Infinity },
    ];
    const outputs = windows.flatMap((window, w) =>
      lanes.map((laneRange, l) => ({ name: `g000009-00000${w * 3 + l}.part`, window, laneRange })),
    );
    const result = done(await runMerge(mergeJob({ inputs: names, outputs }), { disk }));
    expect(sortedHeld(heldBy(disk, result.names))).toEqual(sortedHeld(held));
    for (const [i, name] of result.names.entries()) {
      const opened = openPart(disk, name);
      const isLast = i === result.names.length - 1;
      expect(opened.facts.replaces).toEqual(isLast ? names : []);
      const output = outputs.find((one) => one.name === name);
      expect(opened.facts.minMs).toBeGreaterThanOrEqual(output?.window.startMs ?? NaN);
      expect(opened.facts.maxMs).toBeLessThan(output?.window.endMs ?? NaN);
      for (let ordinal = 0; ordinal < opened.facts.seriesCount; ordinal += 1)
        expect(identityRange(opened.identity(ordinal), 3)).toBe(output?.laneRange.index);
    }
    expect(disk.list(PARTS_FOLDER).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  }
});

function steady(count: number, fromMs: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => fromMs + i * 1000);
}

/** @returns sample counts of the blocks of the merged series */
async function blocksMerged(parts: readonly TestSeries[], copyCountMin: number): Promise<number[]> {
  const disk = new FakeDisk();
  const names: string[] = [];
  for (const [i, series] of parts.entries()) {
    names.push(`g00000${i}.part`);
    await writePart(disk, [series], { name: names[i] as string });
  }
  const result = done(await runMerge(mergeJob({ inputs: names, copyCountMin }), { disk }));
  const held: Held = new Map();
  holdSeries(held, parts);
  assert.deepEqual(sortedHeld(heldBy(disk, result.names)), sortedHeld(held));
  return openPart(disk, result.names[0])
    .series(0)
    .blocks.map(({ count }) => count);
}

function part(count: number, fromMs: number): TestSeries {
  return oneSeries(
    steady(count, fromMs),
    new Float64Array(count).map((_, i) => i),
  );
}

describe("long series", () => {
  test("blocks fill up", async () => {
    const parts = [part(5000, 0), part(5000, 5_000_000), part(5000, 10_000_000)];
    expect(await blocksMerged(parts, Infinity)).toEqual([8192, 6808]);
  });

  test("large blocks that nothing meets go over as they are", async () => {
    const parts = [part(5000, 0), part(5000, 5_000_000), part(100, 10_000_000)];
    expect(await blocksMerged(parts, 4096)).toEqual([5000, 5000, 100]);
  });

  test("a full block goes over behind the rest of another one", async () => {
    const parts = [part(10_000, 0), part(20_000, 10_000_000)];
    expect(await blocksMerged(parts, 8192)).toEqual([8192, 1808, 8192, 8192, 3616]);
  });

  test("blocks that interleave are put together", async () => {
    const parts = [part(9000, 0), part(9000, 500)];
    expect(await blocksMerged(parts, 1)).toEqual([8192, 8192, 1616]);
  });
});

test("equal value blocks of a part are there once, also in groups", async () => {
  for (const grouped of [false, true]) {
    const disk = new FakeDisk();
    const times = Float64Array.from({ length: 3000 }, (_, i) => 1.7e12 + i * 1000);
    const values = times.map((_, i) => Math.floor(Math.abs(Math.sin(i)) * 1e6));
    const series = inPartOrder(
      Array.from({ length: 40 }, (_, i) =>
        testSeries(TENANT, [...LABELS, { name: "instance", value: `h${i}` }], times, values),
      ),
    );
    const { size } = await writePart(disk, series, { grouped });
    const alone = await writePart(disk, series.slice(0, 1), { name: "g000002.part", grouped });
    expect(size).toBeLessThan(alone.size * 1.6);
    const held: Held = new Map();
    holdSeries(held, series);
    expect(sortedHeld(heldBy(disk, ["g000001.part"]))).toEqual(sortedHeld(held));
  }
});

test("samples outside of retention and deleted ones are left out; without any left there is no part", async () => {
  const disk = new FakeDisk();
  const times = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  await writePart(disk, [oneSeries(times, times.slice())]);
  const inputs = ["g000001.part"];
  const filters = [[{ name: "__name__", operator: "=", value: "up" } as const]];
  const write = async (number: number, startMs: number, endMs: number): Promise<void> => {
    const request = { tenant: TENANT, filters, startMs, endMs };
    await writeDelete(disk, "/", { number, id: new Uint8Array(16), createdMs: 0, request });
  };
  await write(1, 4, 5);
  await write(2, 8, 8);
  const job = mergeJob({ inputs, retainedFromMs: 3, copyCountMin: 1, deletesDone: 2 });
  const result = done(await runMerge(job, { disk }));
  const [[, samples] = ["", []]] = sortedHeld(heldBy(disk, result.names));
  expect(samples.map(([ms]) => ms)).toEqual([3, 6, 7, 9, 10]);
  expect(result.counts).toMatchObject({ readCount: 10, writtenCount: 5, deletedCount: 5 });
  expect(openPart(disk, result.names[0]).facts.deletesDone).toBe(2);
  await write(3, 0, 100);
  const none = done(await runMerge({ ...job, deletesDone: 3 }, { disk }));
  expect(none.names).toEqual([]);
  expect(disk.list(PARTS_FOLDER)).toEqual(["g000001.part", "g000009-000001.part"]);
});

test("a damaged input is named", async () => {
  const disk = new FakeDisk();
  const times = Float64Array.from({ length: 500 }, (_, i) => i * 10);
  const series = oneSeries(
    times,
    times.map(() => Math.random()),
  );
  await writePart(disk, [series]);
  await writePart(disk, [series], { name: "g000002.part" });
  disk.flipBit(`${PARTS_FOLDER}/g000002.part`, 8 * 600);
  const result = await runMerge(mergeJob({ inputs: ["g000001.part", "g000002.part"] }), { disk });
  expect(result).toMatchObject({ status: "damaged", name: "g000002.part" });
  expect(disk.list(PARTS_FOLDER)).toEqual(["g000001.part", "g000002.part"]);
});

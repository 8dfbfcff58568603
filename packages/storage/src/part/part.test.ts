import { FakeDisk, forEachSeed, seededRandom, type Random } from "@tideline/common/testing";
import { decodeTimestamps, decodeValues } from "@tideline/kernels";
import { identityRange, type Tenant } from "@tideline/model";
import { expect, test } from "vitest";
import { PageCache } from "./page-cache.ts";
import {
  inPartOrder,
  openPart,
  PARTS_FOLDER,
  randomSeries,
  randomTimes,
  randomValues,
  startPart,
  testSeries,
  writePart,
  type TestSeries,
} from "./part-fixtures.ts";
import type { PartReader } from "./part-reader.ts";

const TENANT: Tenant = { accountId: 0, projectId: 0 };

function hex(column: Float64Array | Uint8Array): string {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString("hex");
}

/** All samples of a series, as times and value bits. */
function samplesOf(part: PartReader, ordinal: number): { times: number[]; bits: string } {
  const times: number[] = [];
  let bits = "";
  for (const { timestamps, bytes } of part.readBlocks(ordinal, -Infinity, Infinity)) {
    const timestampsMs = new Float64Array(timestamps.count);
    decodeTimestamps(timestamps.bytes, timestampsMs);
    expect(timestampsMs[0]).toBe(timestamps.minMs);
    expect(timestampsMs.at(-1)).toBe(timestamps.maxMs);
    const values = new Float64Array(timestamps.count);
    decodeValues(bytes, values);
    times.push(...timestampsMs);
    bits += hex(values);
  }
  return { times, bits };
}

/** Everything that a part tells, compared with the series it was made of. */
function checkPart(part: PartReader, series: readonly TestSeries[], random: Random): void {
  expect(part.facts.seriesCount).toBe(series.length);
  const sampleCount = series.reduce((sum, { values }) => sum + values.length, 0);
  expect(part.facts.sampleCount).toBe(sampleCount);
  expect(part.facts.minMs).toBe(Math.min(...series.map((one) => one.timestampsMs[0] ?? 0)));
  expect(part.facts.maxMs).toBe(Math.max(...series.map((one) => one.timestampsMs.at(-1) ?? 0)));
  for (const i of series.keys()) {
    const ordinal = random.chance(0.5) ? i : random.below(series.length);
    const one = series[ordinal] as TestSeries;
    const found = part.series(ordinal);
    expect(hex(found.key)).toBe(hex(one.key));
    expect(hex(found.identity)).toBe(hex(one.identity));
    const { times, bits } = samplesOf(part, ordinal);
    expect(times).toEqual([...one.timestampsMs]);
    expect(bits).toBe(hex(one.values));
  }
  checkIndex(part, series);
}

function checkIndex(part: PartReader, series: readonly TestSeries[]): void {
  const tenants = new Map(
    series.map(({ tenant }) => [`${tenant.accountId}:${tenant.projectId}`, tenant]),
  );
  expect(part.tenants()).toEqual([...tenants.values()]);
  for (const tenant of tenants.values()) {
    const expected = new Map<string, Map<string, number[]>>();
    const all: number[] = [];
    for (const [ordinal, one] of series.entries()) {
      if (one.tenant.accountId !== tenant.accountId || one.tenant.projectId !== tenant.projectId)
        continue;
      all.push(ordinal);
      for (const { name, value } of one.labels.filter((label) => label.value !== "")) {
        const values = expected.get(name) ?? new Map<string, number[]>();
        expected.set(name, values.set(value, [...(values.get(value) ?? []), ordinal]));
      }
    }
    expect([...part.seriesOf(tenant)]).toEqual(all);
    expect([...part.labelNames(tenant)].toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [name, values] of expected) {
      expect([...part.labelValues(tenant, name)].toSorted()).toEqual([...values.keys()].toSorted());
      for (const [value, ordinals] of values)
        expect([...part.postings(tenant, name, value)]).toEqual(ordinals);
      expect(part.postings(tenant, name, "no such value")).toHaveLength(0);
    }
    expect([...part.labelValues(tenant, "no such name")]).toEqual([]);
    expect(part.postings(tenant, "no such name", "v1")).toHaveLength(0);
  }
  expect(part.seriesOf({ accountId: 99, projectId: 99 })).toHaveLength(0);
}

test("what is written comes back bit for bit, through a cache of any size", async () => {
  const rounds: { random: Random; series: TestSeries[]; disk: FakeDisk }[] = [];
  forEachSeed(60, (random) => {
    const series = randomSeries(random, random.pick([1, 20, 300]), random.pick([1, 50, 400]));
    rounds.push({ random, series, disk: new FakeDisk() });
  });
  for (const { random, series, disk } of rounds) {
    const summary = await writePart(disk, series);
    expect(summary.size).toBe(disk.sizeOf(summary.path));
    expect(disk.list(PARTS_FOLDER)).toEqual(["g000001.part"]);
    const cache = new PageCache(random.pick([0, 10_000, 1 << 20]));
    const part = openPart(disk, "g000001.part", cache);
    checkPart(part, series, random);
    part.verify();
    part.close();
    expect(cache.size).toBe(0);
  }
});

test("a long series is cut into blocks, and a time range reads only those that it meets", async () => {
  const count = 30_000;
  const timestampsMs = Float64Array.from({ length: count }, (_, i) => 1_000 + i * 10);
  const values = Float64Array.from({ length: count }, (_, i) => i);
  const disk = new FakeDisk();
  const labels = [{ name: "__name__", value: "long" }];
  const summary = await writePart(disk, [testSeries(TENANT, labels, timestampsMs, values)]);
  expect(summary).toMatchObject({ blockCount: 4, sampleCount: count });
  const part = openPart(disk);
  expect(part.series(0).blocks.map((block) => block.count)).toEqual([8192, 8192, 8192, 5424]);
  const secondBlockMs = 1_000 + 8192 * 10;
  expect(part.readBlocks(0, secondBlockMs, secondBlockMs)).toHaveLength(1);
  expect(part.readBlocks(0, secondBlockMs - 10, secondBlockMs)).toHaveLength(2);
  expect(part.readBlocks(0, 0, 999)).toHaveLength(0);
});

test("series that share their times share one timestamp block", async () => {
  const timestampsMs = Float64Array.from([1, 5, 9, 20]);
  const series = Array.from({ length: 50 }, (_, i) =>
    testSeries(
      TENANT,
      [{ name: "i", value: `${i}` }],
      i === 13 ? timestampsMs.slice(1) : timestampsMs,
      i === 13 ? new Float64Array(3) : Float64Array.from([i, 2, 3, 4]),
    ),
  );
  const disk = new FakeDisk();
  const summary = await writePart(disk, inPartOrder(series));
  expect(summary.timestampBlockCount).toBe(2);
  const part = openPart(disk);
  const ids = new Set<number>();
  for (let ordinal = 0; ordinal < 50; ordinal += 1)
    for (const { timestamps } of part.readBlocks(ordinal, 0, 100)) ids.add(timestamps.id);
  expect(ids.size).toBe(2);
});

test("a part of many series has a tree of pages, and finds all of them", async () => {
  const timestampsMs = Float64Array.from([1]);
  const series = inPartOrder(
    Array.from({ length: 20_000 }, (_, i) =>
      testSeries(
        TENANT,
        [
          { name: "__name__", value: `metric_${i % 50}` },
          { name: "pod", value: `a-long-name-of-a-pod-that-is-not-shared-by-others-${i}` },
          { name: "parity", value: `${i % 2}` },
        ],
        timestampsMs,
        Float64Array.from([i]),
      ),
    ),
  );
  const disk = new FakeDisk();
  await writePart(disk, series);
  const cache = new PageCache(1 << 20);
  const part = openPart(disk, "g000001.part", cache);
  const opened = cache.size;
  expect(opened).toBe(0);
  for (let ordinal = 0; ordinal < series.length; ordinal += 97) {
    const { key } = part.series(ordinal);
    expect(hex(key)).toBe(hex(series[ordinal]?.key ?? key));
    const pod = series[ordinal]?.labels[1]?.value ?? "";
    expect([...part.postings(TENANT, "pod", pod)]).toEqual([ordinal]);
  }
  expect(part.postings(TENANT, "parity", "0")).toHaveLength(10_000);
  expect([...part.labelValues(TENANT, "pod")]).toHaveLength(20_000);
  expect([...part.labelNames(TENANT)].toSorted()).toEqual(["__name__", "parity", "pod"]);
  expect(part.seriesOf(TENANT)).toHaveLength(20_000);
  expect(cache.size).toBeLessThanOrEqual(cache.sizeMax);
});

test("each lane of any lane count finds its share of the series", async () => {
  const random = seededRandom(5);
  const all = randomSeries(random, 3000, 2);
  const laneRange = { index: 1, count: 2 };
  const series = all.filter(({ identity }) => identityRange(identity, 2) === 1);
  const disk = new FakeDisk();
  await writePart(disk, series, { laneRange });
  const part = openPart(disk);
  expect(part.ordinalsIn({ index: 0, count: 1 })).toBeNull();
  expect(part.ordinalsIn({ index: 1, count: 2 })).toBeNull();
  for (const count of [2, 3, 4, 5]) {
    for (let index = 0; index < count; index += 1) {
      const expected = [...series.keys()].filter(
        (i) => identityRange(series[i]?.identity ?? new Uint8Array(4), count) === index,
      );
      const found = part.ordinalsIn({ index, count }) ?? new Uint32Array(series.keys());
      expect([...found]).toEqual(expected);
    }
  }
});

test("what the caller promised is checked", async () => {
  const one = testSeries(
    TENANT,
    [{ name: "a", value: "1" }],
    new Float64Array([1]),
    new Float64Array(1),
  );
  const two = testSeries(
    TENANT,
    [{ name: "a", value: "2" }],
    new Float64Array([1]),
    new Float64Array(1),
  );
  const writer = startPart(new FakeDisk());
  await expect(writer.finish()).rejects.toThrow("a part has series");
  writer.addSeries(two);
  expect(() => writer.addSeries(two)).toThrow("part order");
  expect(() => writer.addSeries(one)).toThrow("part order");
  expect(() => writer.addSeries({ ...two, values: new Float64Array(2) })).toThrow(
    "each with a time",
  );
});

test("a full disk leaves no file behind", async () => {
  const random = seededRandom(9);
  const disk = new FakeDisk();
  const writer = startPart(disk);
  const timestampsMs = randomTimes(random, 8000, 0);
  const labels = [{ name: "a", value: "1" }];
  writer.addSeries(testSeries(TENANT, labels, timestampsMs, randomValues(random, 8000)));
  disk.capacitySize = 1000;
  await expect(writer.finish()).rejects.toThrow("Cannot write");
  expect(disk.list(PARTS_FOLDER)).toEqual([]);
});

/** A lane that merges its parts: when, what of them, and what stays when that fails. */
import { join } from "node:path";
import { OverloadError } from "@tideline/model";
import { expect, test } from "vitest";
import {
  addRow,
  DAY_MS,
  everything,
  keyNumber,
  keyText,
  laneOptions,
  LaneRig,
  readSamples,
  type Row,
  type Samples,
} from "./lane-fixtures.ts";

const HOUR_MS = 3_600_000;
const PARTS = "/data/lane-00/parts";

function rowsAt(ms: number, count = 3): Row[] {
  return Array.from({ length: count }, (_, i) => ({ key: keyNumber(i), ms, bits: BigInt(i) }));
}

function partNames(rig: LaneRig): string[] {
  return rig.disk.list(PARTS);
}

async function expectRows(rig: LaneRig, written: readonly Row[]): Promise<void> {
  const samples: Samples = new Map();
  for (const row of written) addRow(samples, row);
  const found = await readSamples(rig.lane, everything());
  expect(found.missing).toEqual([]);
  expect(found.samples).toEqual(samples);
}

/** Lets merges that are due run to their end. */
async function settle(rig: LaneRig): Promise<void> {
  await rig.lane.tick();
  await expect.poll(() => rig.lane.stats().mergesActive).toBe(0);
}

/** Hours of a sender that writes and of a head that is flushed. */
async function liveFor(rig: LaneRig, hours: number, written: Row[]): Promise<void> {
  for (let hour = 0; hour < hours; hour += 1) {
    const rows = rowsAt(rig.clock.nowMs());
    await rig.write(rows);
    written.push(...rows);
    rig.clock.advance(HOUR_MS);
    await rig.lane.flush();
    await settle(rig);
  }
}

test("the parts of a day become one once it is over, those of a window of 16 days later", async () => {
  const rig = await LaneRig.start({ retentionMs: 100 * DAY_MS });
  const written: Row[] = [];
  await liveFor(rig, 40 * 24, written);
  expect(rig.faults).toEqual([]);
  const { partCount, merges, mergeErrors, mergeReadSamples } = rig.lane.stats();
  expect(partCount).toBeLessThanOrEqual(45);
  expect(mergeErrors).toBe(0);
  expect(merges).toBeGreaterThan(40);
  expect(mergeReadSamples).toBeLessThan(written.length * 2.2);
  await expectRows(rig, written);
  rig.kill();
  await rig.open();
  await expectRows(rig, written);
});

test("a forced merge flushes, and leaves one part per window of 32 days", async () => {
  const rig = await LaneRig.start();
  const written: Row[] = [];
  await liveFor(rig, 30, written);
  const rows = rowsAt(rig.clock.nowMs());
  await rig.write(rows);
  await rig.lane.forceMerge("");
  expect(partNames(rig).length).toBe(1);
  await expectRows(rig, [...written, ...rows]);
  const names = partNames(rig);
  await rig.lane.forceMerge("");
  expect(partNames(rig)).toEqual(names);
});

test("a forced merge of other months does nothing", async () => {
  const rig = await LaneRig.start();
  await rig.write(rowsAt(rig.clock.nowMs()));
  await rig.lane.forceMerge("1999_");
  expect(partNames(rig)).toEqual(["g000000.part"]);
  const month = new Date(rig.clock.nowMs()).toISOString().slice(0, 7).replace("-", "_");
  await rig.lane.forceMerge(month);
  expect(partNames(rig)).toEqual(["g000000-000001.part"]);
});

test("names of merged parts are not used again after a start", async () => {
  const rig = await LaneRig.start();
  for (let i = 0; i < 3; i += 1) {
    await rig.write(rowsAt(rig.clock.nowMs() + i));
    await rig.lane.forceMerge("");
    rig.kill();
    await rig.open();
  }
  expect(partNames(rig)).toEqual(["g000002-000003.part"]);
  expect(rig.lane.stats().generation).toBe(3);
});

test("a merge that finds no room on the disk fails, is told of, and harms nothing", async () => {
  const rig = await LaneRig.start();
  const written = rowsAt(rig.clock.nowMs());
  await rig.write(written);
  await rig.lane.flush();
  rig.disk.inject({ operation: "append", path: "-000001.part", code: "ENOSPC" });
  await expect(rig.lane.forceMerge("")).rejects.toThrow(OverloadError);
  expect(rig.lane.stats()).toMatchObject({ mergeErrors: 1, forcedMerges: 0 });
  expect(partNames(rig)).toEqual(["g000000.part"]);
  await expectRows(rig, written);
  await rig.lane.forceMerge("");
  expect(partNames(rig)).toEqual(["g000000-000002.part"]);
});

test("merges that fail one after another wait longer and longer for the next", async () => {
  const rig = await LaneRig.start();
  for (let i = 0; i < 2; i += 1) {
    await rig.write(rowsAt(rig.clock.nowMs() + i));
    await rig.lane.flush();
  }
  for (const number of [1, 2])
    rig.disk.inject({ operation: "append", path: `-00000${number}.part`, code: "ENOSPC" });
  const triedAfter = async (ms: number): Promise<number> => {
    rig.clock.advance(ms);
    await settle(rig);
    const { merges, mergeErrors } = rig.lane.stats();
    return merges + mergeErrors;
  };
  expect(await triedAfter(1.5 * DAY_MS)).toBe(1);
  expect(await triedAfter(59_000)).toBe(1);
  expect(await triedAfter(1_000)).toBe(2);
  expect(await triedAfter(119_000)).toBe(2);
  expect(await triedAfter(1_000)).toBe(3);
  expect(rig.lane.stats()).toMatchObject({ merges: 1, mergeErrors: 2 });
});

test("what a merge that died has begun is removed", async () => {
  const rig = await LaneRig.start();
  await rig.write(rowsAt(rig.clock.nowMs()));
  await rig.lane.flush();
  // Neither the write nor the removal by the merge itself works: as if its thread was gone.
  rig.disk.inject({ operation: "append", path: "-000001.part", code: "ENOSPC" });
  rig.disk.inject({ operation: "unlink", path: "-000001.part", code: "EIO" });
  await expect(rig.lane.forceMerge("")).rejects.toThrow(OverloadError);
  expect(partNames(rig)).toEqual(["g000000.part"]);
});

test("what a merge left out does not come back with a part that the disk did not delete", async () => {
  const rig = await LaneRig.start({ dedupIntervalMs: 10_000 });
  const nowMs = rig.clock.nowMs();
  for (const agoMs of [5000, 4000]) {
    await rig.write(rowsAt(nowMs - agoMs));
    await rig.lane.flush();
  }
  rig.disk.inject({ operation: "unlink", path: "g000000.part", code: "EIO" });
  await rig.lane.forceMerge("");
  expect(partNames(rig)).toEqual(["g000000.part", "g000001-000001.part"]);
  const left = rowsAt(nowMs - 4000);
  await expectRows(rig, left);
  // The part that names it as replaced is merged as well.
  const later = rowsAt(nowMs + 20_000);
  await rig.write(later);
  await rig.lane.forceMerge("");
  await expectRows(rig, [...left, ...later]);
  expect(partNames(rig)).toEqual(["g000000.part", "g000002-000002.part"]);
  rig.kill();
  await rig.open();
  await expectRows(rig, [...left, ...later]);
  expect(partNames(rig)).toEqual(["g000002-000002.part"]);
});

test("a replaced part that the disk did not delete goes with the next look at retention", async () => {
  const rig = await LaneRig.start();
  for (let i = 0; i < 2; i += 1) {
    await rig.write(rowsAt(rig.clock.nowMs() - i));
    await rig.lane.flush();
  }
  rig.disk.inject({ operation: "unlink", path: "g000000.part", code: "EIO" });
  await rig.lane.forceMerge("");
  rig.clock.advance(60_000);
  await rig.lane.tick();
  expect(partNames(rig)).toEqual(["g000001-000001.part"]);
});

/** Two parts with samples of so many windows of 32 days. */
async function startWithWindows(windowCount: number): Promise<LaneRig> {
  const rig = await LaneRig.start({ retentionMs: 100 * DAY_MS });
  for (let i = 0; i < 2; i += 1) {
    for (let window = 0; window < windowCount; window += 1)
      await rig.write(rowsAt(rig.clock.nowMs() - i - window * 40 * DAY_MS));
    await rig.lane.flush();
  }
  return rig;
}

test.for(["-000001.part", "-000002.part"])(
  "a merge of several results that fails where %s gets its name leaves none of them",
  async (path) => {
    const rig = await startWithWindows(2);
    const before = partNames(rig);
    rig.disk.inject({ operation: "rename", path, code: "EIO" });
    await expect(rig.lane.forceMerge("")).rejects.toThrow(OverloadError);
    expect(partNames(rig)).toEqual(before);
    await rig.lane.forceMerge("");
    expect(partNames(rig)).toEqual(["g000001-000003.part", "g000001-000004.part"]);
  },
);

test("a merge that finds damage after its first result is in place leaves none of it", async () => {
  const rig = await startWithWindows(3);
  // The timestamp block of the third window: behind those of the others, and a value block that all three have.
  rig.disk.flipBit(join(PARTS, "g000001.part"), 8 * 61);
  await rig.lane.forceMerge("");
  expect(rig.lane.stats()).toMatchObject({ mergeErrors: 1, partsDamaged: 1 });
  const names = partNames(rig);
  expect(names.filter((name) => /-00000[123]/.test(name))).toEqual([]);
  expect(names).toHaveLength(3);
});

test("a part that a merge finds damaged is set aside, and the others are merged", async () => {
  const rig = await LaneRig.start({ pageCacheSize: 0 });
  for (let i = 0; i < 3; i += 1) {
    await rig.write(rowsAt(rig.clock.nowMs() + i));
    await rig.lane.flush();
  }
  rig.disk.flipBit(join(PARTS, "g000001.part"), 8 * 20);
  await rig.lane.forceMerge("");
  expect(rig.lane.stats()).toMatchObject({ partsDamaged: 1, mergeErrors: 1 });
  expect(partNames(rig)).toEqual(["g000002-000002.part"]);
  const { samples, missing } = await readSamples(rig.lane, everything());
  expect(missing.map(({ where }) => where)).toEqual(["g000001.part"]);
  expect(samples.get(Buffer.from(keyNumber(0)).toString("latin1"))?.size).toBe(2);
});

test("merges leave out what is older than the retention, and keep one sample per interval", async () => {
  const rig = await LaneRig.start({ retentionMs: 10 * DAY_MS, dedupIntervalMs: 60_000 });
  const startMs = Math.ceil(rig.clock.nowMs() / 60_000) * 60_000;
  await rig.write(rowsAt(startMs - 9 * DAY_MS, 1));
  for (const ms of [startMs + 1, startMs + 30_000, startMs + 60_000, startMs + 60_001])
    await rig.write(rowsAt(ms, 1));
  await rig.lane.flush();
  rig.clock.advance(1.5 * DAY_MS);
  await rig.lane.tick();
  await rig.lane.forceMerge("");
  const { samples } = await readSamples(rig.lane, everything());
  const [found] = samples.values();
  expect([...(found?.keys() ?? [])]).toEqual([startMs + 60_000, startMs + 60_001]);
  expect(rig.lane.stats()).toMatchObject({ mergeDedupedSamples: 2, mergeDeletedSamples: 1 });
});

test("parts of another number of lanes are split by lanes, and found by each of them once", async () => {
  const rig = await LaneRig.start();
  const written = rowsAt(rig.clock.nowMs(), 40);
  await rig.write(written);
  await rig.lane.close(true);
  const open = async (lane: number): Promise<LaneRig> =>
    LaneRig.start(laneOptions({ lane, laneCount: 2, folders: [0, 1] }), rig.disk, rig.clock);
  const first = await open(0);
  const second = await open(1);
  await settle(first);
  expect(first.lane.stats()).toMatchObject({ merges: 1, partCount: 1 });
  expect(partNames(first)).toEqual(["g000000-000001.part", "g000000-000002.part"]);
  const both = async (): Promise<void> => {
    const samples = (await readSamples(first.lane, everything())).samples;
    for (const [key, found] of (await readSamples(second.lane, everything())).samples) {
      expect(samples.has(key)).toBe(false);
      samples.set(key, found);
    }
    const expected: Samples = new Map();
    for (const row of written) addRow(expected, row);
    expect(samples).toEqual(expected);
  };
  await both();
  rig.clock.advance(60_000);
  await second.lane.tick();
  expect(second.lane.stats().partCount).toBe(1);
  await both();
});

test.for([0, 12])(
  "after the clock was set back by 20 days, and forth by %i again, what was taken is not left out by a merge",
  async (forthDays) => {
    const rig = await LaneRig.start();
    const { retentionMs } = rig.options;
    await rig.write(rowsAt(rig.clock.nowMs()));
    rig.clock.advance(60_000);
    await rig.lane.tick();
    rig.clock.jumpTo(rig.clock.nowMs() - 20 * DAY_MS);
    const old = rowsAt(rig.clock.nowMs() - retentionMs);
    await rig.write(old);
    rig.clock.jumpTo(rig.clock.nowMs() + forthDays * DAY_MS);
    await rig.lane.forceMerge("");
    const { samples } = await readSamples(rig.lane, everything());
    for (const { key, ms } of old) expect(samples.get(keyText(key))?.has(ms)).toBe(true);
  },
);

/** A lane whose disk is full when it starts again. */
import { expect, test } from "vitest";
import { everything, keyNumber, LaneRig, readSamples } from "./lane-fixtures.ts";

const NO_ROOM = { operation: "append", code: "ENOSPC", path: "/parts/" } as const;

/** A rig with 3 series in a generation that found no room for its part, and 2 in the one behind it; dead. */
async function fullRig(): Promise<LaneRig> {
  const rig = await LaneRig.start();
  const ms = rig.clock.nowMs();
  for (let i = 0; i < 3; i += 1) await rig.write([{ key: keyNumber(i), ms, bits: 1n }]);
  rig.disk.inject(NO_ROOM);
  await expect(rig.lane.flush()).rejects.toThrow(/ENOSPC/);
  for (let i = 3; i < 5; i += 1) await rig.write([{ key: keyNumber(i), ms, bits: 2n }]);
  rig.kill();
  return rig;
}

test("starts, answers, takes writes, and flushes once there is room", async () => {
  const rig = await fullRig();
  rig.disk.inject(NO_ROOM);
  await rig.open();
  expect((await readSamples(rig.lane, everything())).samples.size).toBe(5);
  const ms = rig.clock.nowMs() + 1;
  await rig.write([0, 4, 5].map((i) => ({ key: keyNumber(i), ms, bits: 3n })));
  await rig.lane.flush();
  expect(rig.lane.stats()).toMatchObject({ partCount: 2, walSize: expect.any(Number) as number });
  for (let start = 0; start < 2; start += 1) {
    const { samples, missing } = await readSamples(rig.lane, everything());
    expect([samples.size, missing]).toEqual([6, []]);
    const sampleCounts = [...samples.values()].map((times) => times.size);
    expect(sampleCounts.toSorted((a, b) => a - b)).toEqual([1, 1, 1, 1, 2, 2]);
    rig.kill();
    await rig.open();
  }
  expect(rig.disk.list("/data/lane-00/wal")).toEqual(["g000002"]);
});

test("a part that lost its folder's sync is written again under its name, and nobody drops that one", async () => {
  const rig = await fullRig();
  // The part gets its name; that the name is not safe makes the head wait, beside a part of its own samples.
  rig.disk.inject({ operation: "syncFolder", code: "ENOSPC", path: "/parts" });
  await rig.open();
  expect(rig.lane.stats().partCount).toBe(0);
  expect((await readSamples(rig.lane, everything())).samples.size).toBe(5);
  await rig.lane.flush();
  expect(rig.disk.list("/data/lane-00/parts")).toContain("g000000.part");
  rig.kill();
  await rig.open();
  expect((await readSamples(rig.lane, everything())).samples.size).toBe(5);
});

test("dies on it any number of times and loses nothing", async () => {
  const rig = await fullRig();
  for (let start = 0; start < 3; start += 1) {
    rig.disk.inject(NO_ROOM);
    await rig.open();
    const row = { key: keyNumber(10 + start), ms: rig.clock.nowMs(), bits: 1n };
    await rig.write([row]);
    rig.kill();
  }
  await rig.open();
  expect((await readSamples(rig.lane, everything())).samples.size).toBe(8);
  expect(rig.lane.stats().partCount).toBe(1);
});

test("where the newest log is damaged as well, the one before it is not left behind", async () => {
  const rig = await fullRig();
  const wal = "/data/lane-00/wal/g000001/00000001.wal";
  rig.disk.flipBit(wal, 60 * 8);
  rig.disk.inject(NO_ROOM);
  await rig.open();
  expect((await readSamples(rig.lane, everything())).samples.size).toBeGreaterThanOrEqual(4);
  await rig.write([{ key: keyNumber(20), ms: rig.clock.nowMs(), bits: 1n }]);
  await rig.lane.flush();
  rig.kill();
  await rig.open();
  expect((await readSamples(rig.lane, everything())).samples.size).toBeGreaterThanOrEqual(5);
  expect(rig.lane.stats().partCount).toBe(3);
});

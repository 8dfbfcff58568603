import { FakeClock, FakeDisk } from "@tideline/common/testing";
import { OverloadError } from "@tideline/model";
import { expect, test } from "vitest";
import { everything, keyNumber, LaneRig, readSamples, type Row } from "../lane/lane-fixtures.ts";

function rows(rig: LaneRig): Row[] {
  const ms = rig.clock.nowMs();
  return Array.from({ length: 10 }, (_, i) => ({ key: keyNumber(i), ms, bits: BigInt(i) }));
}

test("snapshots are named by the time and listed in the order in which they were made", async () => {
  const rig = await LaneRig.start();
  await rig.write(rows(rig));
  const names: string[] = [];
  for (let i = 0; i < 4; i += 1) names.push(await rig.snapshots.create());
  for (const name of names) expect(name).toMatch(/^\d{14}-[0-9A-F]{16}$/);
  const time = new Date(rig.clock.nowMs()).toISOString();
  expect(names[0]?.slice(0, 14)).toBe(time.replaceAll(/\D/g, "").slice(0, 14));
  expect(rig.snapshots.list()).toEqual(names);
  rig.clock.advance(1000);
  rig.kill();
  await rig.open();
  names.push(await rig.snapshots.create());
  expect(rig.snapshots.list()).toEqual(names);
});

test("what is written, deleted and merged afterwards does not change a snapshot", async () => {
  const rig = await LaneRig.start();
  await rig.write(rows(rig));
  const { samples } = await readSamples(rig.lane, everything());
  const name = await rig.snapshots.create();
  rig.clock.advance(1000);
  await rig.write(rows(rig));
  await rig.delete({});
  await rig.lane.flush();
  const restored = await rig.restore(name);
  expect((await readSamples(restored.lane, everything())).samples).toEqual(samples);
  expect((await readSamples(rig.lane, everything())).samples.size).toBe(0);
});

test("a restored folder goes on: writes, deletes and starts again", async () => {
  const rig = await LaneRig.start();
  await rig.write(rows(rig));
  await rig.delete({});
  await rig.write(rows(rig));
  const restored = await rig.restore(await rig.snapshots.create());
  expect((await readSamples(restored.lane, everything())).samples.size).toBe(10);
  await restored.delete({});
  expect(restored.disk.list("/data/deletes")).toEqual(["00000001", "00000002"]);
  await restored.write(rows(restored).slice(0, 3));
  restored.kill();
  await restored.open();
  expect((await readSamples(restored.lane, everything())).samples.size).toBe(3);
});

test("what was set aside is missing in a snapshot, too", async () => {
  const rig = await LaneRig.start();
  await rig.write(rows(rig));
  await rig.lane.flush();
  rig.kill();
  const path = "/data/lane-00/parts/g000000.part";
  rig.disk.flipBit(path, 8 * (rig.disk.sizeOf(path) - 100));
  await rig.open();
  const restored = await rig.restore(await rig.snapshots.create());
  const { missing } = await readSamples(restored.lane, everything());
  expect(missing).toMatchObject([{ where: "g000000.part" }]);
});

test("so is what a damaged log has lost", async () => {
  const rig = await LaneRig.start();
  await rig.write(rows(rig));
  await rig.write(rows(rig));
  rig.kill();
  rig.disk.flipBit("/data/lane-00/wal/g000000/00000001.wal", 8 * 60);
  await rig.open();
  const restored = await rig.restore(await rig.snapshots.create());
  const { missing } = await readSamples(restored.lane, everything());
  expect(missing).toMatchObject([{ where: "g000000.wal" }]);
  restored.kill();
  await restored.open();
  expect((await readSamples(restored.lane, everything())).missing).toHaveLength(1);
});

test("of a snapshot that fails nothing is left", async () => {
  const rig = await LaneRig.start();
  await rig.write(rows(rig));
  rig.disk.inject({ operation: "link", code: "ENOSPC" });
  await expect(rig.snapshots.create()).rejects.toThrow(OverloadError);
  expect(rig.disk.list("/data/snapshots")).toEqual([]);
  await rig.snapshots.create();
  expect(rig.snapshots.list()).toHaveLength(1);
});

test("snapshots are deleted by name, by age, and all", async () => {
  const clock = new FakeClock();
  const rig = await LaneRig.start({}, new FakeDisk(), clock);
  await rig.write(rows(rig));
  const first = await rig.snapshots.create();
  clock.advance(60_000);
  const second = await rig.snapshots.create();
  const third = await rig.snapshots.create();
  expect(() => {
    rig.snapshots.delete("../lane-00");
  }).toThrow('cannot find snapshot "../lane-00"');
  expect(rig.snapshots.deleteBefore(clock.nowMs() - 30_000)).toEqual([first]);
  rig.snapshots.delete(second);
  expect(rig.disk.list("/data/snapshots")).toEqual([third]);
  rig.snapshots.deleteAll();
  expect(rig.snapshots.list()).toEqual([]);
});

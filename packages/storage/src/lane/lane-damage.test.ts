/** A log that was damaged on the disk: what it has lost is told, and it stays to be looked at. */
import { expect, test } from "vitest";
import { everything, keyNumber, LaneRig, readSamples } from "./lane-fixtures.ts";

test("a damaged log is set aside, and answers say so until somebody takes it away", async () => {
  const rig = await LaneRig.start();
  const ms = rig.clock.nowMs();
  for (let i = 0; i < 10; i += 1) await rig.write([{ key: keyNumber(i), ms, bits: BigInt(i) }]);
  rig.kill();
  const wal = "/data/lane-00/wal/g000000/00000001.wal";
  rig.disk.flipBit(wal, Math.floor(rig.disk.sizeOf(wal) / 2) * 8);
  const missing = { where: "g000000.wal", reason: expect.stringContaining("quarantine") as string };
  for (let start = 0; start < 2; start += 1) {
    await rig.open();
    const found = await readSamples(rig.lane, everything());
    expect(found.samples.size).toBe(9);
    expect(found.missing).toEqual([missing]);
    expect(rig.lane.stats().partsDamaged).toBe(1);
    rig.kill();
  }
  rig.disk.unlink("/data/lane-00/quarantine/g000000.wal/00000001.wal");
  rig.disk.rmdir("/data/lane-00/quarantine/g000000.wal");
  await rig.open();
  expect((await readSamples(rig.lane, everything())).missing).toEqual([]);
});

test("a log that ends in the middle of a write is not damaged", async () => {
  const rig = await LaneRig.start();
  const ms = rig.clock.nowMs();
  for (let i = 0; i < 3; i += 1) await rig.write([{ key: keyNumber(i), ms, bits: 1n }]);
  rig.kill();
  const wal = "/data/lane-00/wal/g000000/00000001.wal";
  const bytes = rig.disk.readFile(wal);
  rig.disk.writeFile(wal, bytes.subarray(0, bytes.length - 5));
  await rig.open();
  const found = await readSamples(rig.lane, everything());
  expect([found.samples.size, found.missing]).toEqual([2, []]);
});

test("a lane that cannot set its damaged log aside does not retire", async () => {
  const rig = await LaneRig.start();
  const ms = rig.clock.nowMs();
  for (let i = 0; i < 10; i += 1) await rig.write([{ key: keyNumber(i), ms, bits: BigInt(i) }]);
  rig.kill();
  const wal = "/data/lane-00/wal/g000000/00000001.wal";
  rig.disk.flipBit(wal, Math.floor(rig.disk.sizeOf(wal) / 2) * 8);
  rig.disk.inject({ operation: "mkdir", path: "quarantine", code: "ENOSPC" });
  await rig.open();
  // With another number of lanes, nobody could replay it.
  await expect(rig.lane.close(true)).rejects.toMatchObject({ code: "TIDELINE_WAL_LEFT" });
  rig.kill();
  await rig.open();
  await rig.lane.close(true);
  expect(rig.disk.list("/data/lane-00/wal")).toEqual([]);
});

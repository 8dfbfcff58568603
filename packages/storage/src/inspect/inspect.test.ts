import { FakeDisk } from "@tideline/common/testing";
import { InputError } from "@tideline/model";
import { expect, test } from "vitest";
import { ensureNodeId, writeLayout } from "../front/data-folder.ts";
import { keyNumber, LaneRig, TENANT, type Row } from "../lane/lane-fixtures.ts";
import { inspectFolder } from "./inspect-folder.ts";
import { inspectSeries } from "./inspect-series.ts";

function rows(rig: LaneRig, agoMs: number): Row[] {
  const ms = rig.clock.nowMs() - agoMs;
  return Array.from({ length: 10 }, (_, i) => ({ key: keyNumber(i), ms, bits: 1n }));
}

/** A part with ten series of two samples, and a log with ten of one. */
async function startRig(): Promise<LaneRig> {
  const rig = await LaneRig.start();
  writeLayout(rig.disk, "/data", { laneCount: 1, mixed: false });
  ensureNodeId(rig.disk, "/data");
  await rig.write([...rows(rig, 20_000), ...rows(rig, 10_000)]);
  await rig.lane.flush();
  await rig.write(rows(rig, 0));
  return rig;
}

const PART = "/data/lane-00/parts/g000000.part";
const LOG = "/data/lane-00/wal/g000001/00000001.wal";

test("a folder in use is sound, and told part by part and log by log", async () => {
  const rig = await startRig();
  await rig.delete({ endMs: 0 });
  const name = await rig.snapshots.create();
  const before = rig.disk.operationCount;
  const found = inspectFolder(rig.disk, "/data", true);
  expect(rig.disk.operationCount).toBe(before);
  expect(found).toMatchObject({
    layout: { laneCount: 1, mixed: false },
    nodeId: expect.stringMatching(/^[0-9a-f]{32}$/),
    deletes: { records: [{ number: 1 }], damaged: [], newestNumber: 1 },
    snapshots: [name],
    damage: [],
  });
  const [lane] = found.lanes;
  expect(lane?.parts).toMatchObject([
    { path: PART, facts: { seriesCount: 10, sampleCount: 20, deletesDone: 0 }, damage: null },
    { facts: { seriesCount: 10, sampleCount: 10, deletesDone: 1 }, damage: null },
  ]);
  expect(lane?.logs).toMatchObject([{ report: { rowCount: 0, deletesDone: 1 }, damage: [] }]);
  const snapshot = inspectFolder(rig.disk, `/data/snapshots/${name}`, true);
  expect(snapshot).toMatchObject({ lanes: [{ parts: [{}, {}], logs: [] }] });
});

test("a flipped bit in the samples is found by reading all of a part, and by its name", async () => {
  const rig = await startRig();
  rig.disk.flipBit(PART, 8 * 20);
  expect(inspectFolder(rig.disk, "/data", false).damage).toEqual([]);
  expect(inspectFolder(rig.disk, "/data", true).damage).toEqual([expect.stringContaining(PART)]);
});

test("a part without its end, and damage in a log, are found", async () => {
  const rig = await startRig();
  await rig.write(rows(rig, 1));
  rig.disk.writeFile(PART, rig.disk.readFile(PART).subarray(0, 100));
  rig.disk.flipBit(LOG, 8 * 60);
  const { damage, lanes } = inspectFolder(rig.disk, "/data", false);
  expect(lanes[0]?.parts[0]).toMatchObject({ facts: null, size: 100 });
  expect(damage).toEqual([
    expect.stringContaining(PART),
    expect.stringContaining(`${LOG}: damaged`),
  ]);
});

test("what was set aside, a damaged delete and a broken layout are damage as well", async () => {
  const rig = await startRig();
  await rig.delete({ endMs: 0 });
  rig.kill();
  rig.disk.flipBit(PART, 8 * (rig.disk.sizeOf(PART) - 3));
  await rig.open();
  rig.disk.flipBit("/data/deletes/00000001", 100);
  rig.disk.writeFile("/data/layout.json", Buffer.from("{"));
  expect(inspectFolder(rig.disk, "/data", false).damage).toEqual([
    expect.stringContaining("layout.json is not understood"),
    expect.stringContaining("quarantine/g000000.part was set aside"),
    expect.stringContaining("/data/deletes/00000001"),
  ]);
});

test("a folder that is none is refused", () => {
  const disk = new FakeDisk();
  disk.mkdir("/data");
  expect(() => inspectFolder(disk, "/data", false)).toThrow(InputError);
  expect(() => inspectFolder(disk, "/nowhere", false)).toThrow(InputError);
});

test("series are found in parts by their blocks, in logs by their rows, with what is deleted", async () => {
  const rig = await startRig();
  await rig.lane.flush();
  const filters = [[{ name: "instance", operator: "=", value: "host-3" } as const]];
  const nowMs = rig.clock.nowMs();
  const range = { startMs: nowMs - 15_000, endMs: nowMs - 5_000 };
  await rig.write([...rows(rig, 9000), ...rows(rig, 0)]);
  await rig.delete({ filters, ...range });
  await rig.write(rows(rig, 10_000));
  const found = [...inspectSeries(rig.disk, "/data", { tenant: TENANT, filters })];
  expect(found).toMatchObject([
    { where: PART, blocks: [{ count: 2 }], rowCount: 0, deleted: [range] },
    { where: "/data/lane-00/parts/g000001.part", blocks: [{ count: 1 }], deleted: [] },
    { where: "/data/lane-00/wal/g000002", blocks: [], rowCount: 2, deleted: [] },
  ]);
  for (const { key } of found) expect(Buffer.compare(key, keyNumber(3))).toBe(0);
  const other = { accountId: 9, projectId: 9 };
  expect([...inspectSeries(rig.disk, "/data", { tenant: other, filters })]).toEqual([]);
});

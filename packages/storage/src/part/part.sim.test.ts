/** Crashes at every operation of a flush: there is the whole part or none, and what it replaces goes only after it is there. */
import { DiskCrash, FakeDisk, seededRandom } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { PageCache } from "./page-cache.ts";
import { PARTS_FOLDER, randomSeries, startPart, writePart } from "./part-fixtures.ts";
import { PartSet } from "./part-set.ts";

const log = { info() {}, warn() {}, error() {} };

function openSet(disk: FakeDisk): PartSet {
  return PartSet.open({
    disk,
    folder: PARTS_FOLDER,
    quarantineFolder: "/lane/quarantine",
    cache: new PageCache(1 << 16),
    log,
    isOwner: true,
  });
}

/** One part is there; another one that replaces it is written, with a crash at operation `index`. */
async function crashedFlush(index: number): Promise<{ disk: FakeDisk; isFinished: boolean }> {
  const disk = new FakeDisk();
  const random = seededRandom(7);
  await writePart(disk, randomSeries(random, 20, 10), { name: "g000001.part" });
  const set = openSet(disk);
  disk.crashAt(index, 100);
  let isFinished = false;
  try {
    const writer = startPart(disk, { name: "g000002.part" });
    for (const one of randomSeries(random, 200, 800)) writer.addSeries(one);
    await writer.finish(["g000001.part"]);
    isFinished = true;
    set.add("g000002.part");
  } catch (error) {
    if (!(error instanceof DiskCrash)) throw error;
  }
  return { disk, isFinished };
}

function checkDisk(disk: FakeDisk, isFinished: boolean): void {
  const set = openSet(disk);
  expect(set.damaged).toEqual([]);
  expect(set.parts).toHaveLength(1);
  for (const part of set.parts) part.verify();
  const names = ["g000002.part", ...(isFinished ? [] : ["g000001.part"])];
  expect(names).toEqual(expect.arrayContaining(disk.list(PARTS_FOLDER)));
}

test("crashes at every operation", async () => {
  const whole = await crashedFlush(Infinity);
  expect(whole.isFinished).toBe(true);
  const before = (await crashedFlush(0)).disk.operationCount - 1;
  const operationCount = whole.disk.operationCount - before;
  expect(operationCount).toBeGreaterThan(6);
  for (let index = 0; index <= operationCount; index += 1) {
    const { disk, isFinished } = await crashedFlush(index);
    for (let cut = 0; cut < 8; cut += 1)
      checkDisk(disk.afterPowerCut(seededRandom(index * 10 + cut)), isFinished);
    disk.restart();
    checkDisk(disk, isFinished);
  }
});

test.for(["create", "append", "sync", "rename", "syncFolder"] as const)(
  "a failing %s fails the flush and harms nothing",
  async (operation) => {
    const disk = new FakeDisk();
    const random = seededRandom(8);
    await writePart(disk, randomSeries(random, 20, 10), { name: "g000001.part" });
    disk.inject({ operation, code: "EIO", path: "/parts" });
    const series = randomSeries(random, 20, 10);
    const flush = async (): Promise<void> => {
      await writePart(disk, series, { name: "g000002.part" });
    };
    await expect(flush()).rejects.toMatchObject({ code: "TIDELINE_PART_DISK" });
    const set = openSet(disk);
    expect(set.damaged).toEqual([]);
    expect(set.parts[0]?.facts.seriesCount).toBeGreaterThan(0);
    expect(disk.list(PARTS_FOLDER).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  },
);

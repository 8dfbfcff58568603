/** Crashes at every operation of a merge with several outputs: no sample is lost, and a start needs no repair. */
import { DiskCrash, FakeDisk, seededRandom } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { PageCache } from "../part/page-cache.ts";
import { PARTS_FOLDER, randomSeries, writePart } from "../part/part-fixtures.ts";
import { PartSet } from "../part/part-set.ts";
import { heldBy, holdSeries, mergeJob, sortedHeld, type Held } from "./compaction-fixtures.ts";
import { runMerge } from "./run-merge.ts";

const log = { info() {}, warn() {}, error() {} };
const laneRange = { index: 0, count: 1 };
const INPUTS = ["g000001.part", "g000002.part"];
const CUTS = [-Infinity, 1.7e12 + 300_000, 1.7e12 + 900_000, Infinity];
const OUTPUTS = [0, 1, 2].map((i) => ({
  name: `g000002-00000${i + 1}.part`,
  window: { startMs: CUTS[i] as number, endMs: CUTS[i + 1] as number },
  laneRange,
}));

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

/** Two parts are there and become three, with a crash at operation `index`. */
async function crashedMerge(
  index: number,
): Promise<{ disk: FakeDisk; held: Held; before: number; isDone: boolean }> {
  const disk = new FakeDisk();
  const random = seededRandom(3);
  const held: Held = new Map();
  for (const name of INPUTS) {
    const series = randomSeries(random, 25, 120);
    await writePart(disk, series, { name });
    holdSeries(held, series);
  }
  const set = openSet(disk);
  const before = disk.operationCount;
  disk.crashAt(index, 100);
  try {
    const result = await runMerge(mergeJob({ inputs: INPUTS, outputs: OUTPUTS }), { disk });
    if (result.status !== "done") throw new Error(result.reason);
    set.replace(INPUTS, result.names);
    return { disk, held, before, isDone: true };
  } catch (error) {
    if (!(error instanceof DiskCrash)) throw error;
    return { disk, held, before, isDone: false };
  }
}

function checkDisk(disk: FakeDisk, held: Held, isDone: boolean): void {
  const set = openSet(disk);
  expect(set.damaged).toEqual([]);
  set.close();
  const names = disk.list(PARTS_FOLDER);
  expect(sortedHeld(heldBy(disk, names))).toEqual(sortedHeld(held));
  const expected = isDone ? OUTPUTS.map(({ name }) => name) : names;
  expect(names).toEqual(expected);
}

test("crashes at every operation", async () => {
  const whole = await crashedMerge(Infinity);
  expect(whole.isDone).toBe(true);
  checkDisk(whole.disk, whole.held, true);
  const operationCount = whole.disk.operationCount - whole.before;
  expect(operationCount).toBeGreaterThan(20);
  for (let index = 0; index <= operationCount; index += 1) {
    const { disk, held, isDone } = await crashedMerge(index);
    for (let cut = 0; cut < 3; cut += 1)
      checkDisk(disk.afterPowerCut(seededRandom(index * 10 + cut)), held, false);
    disk.restart();
    checkDisk(disk, held, isDone);
  }
});

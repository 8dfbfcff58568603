import { FakeDisk, seededRandom } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { PageCache } from "./page-cache.ts";
import { PARTS_FOLDER, testSeries, writePart, type TestPart } from "./part-fixtures.ts";
import { PartSet } from "./part-set.ts";

const TENANT = { accountId: 0, projectId: 0 };

function openSet(disk: FakeDisk, isOwner = true): { set: PartSet; logged: string[] } {
  const logged: string[] = [];
  const log = (_fields: object, message: string): void => {
    logged.push(message);
  };
  const set = PartSet.open({
    disk,
    folder: PARTS_FOLDER,
    quarantineFolder: "/lane/quarantine",
    cache: new PageCache(1 << 20),
    log: { info: log, warn: log, error: log },
    isOwner,
  });
  return { set, logged };
}

/** A part of one series with one sample at `ms`. */
async function addPart(disk: FakeDisk, name: string, ms: number, part: TestPart = {}) {
  const labels = [{ name: "part", value: name }];
  const series = testSeries(TENANT, labels, new Float64Array([ms]), new Float64Array([ms]));
  await writePart(disk, [series], { ...part, name });
}

const namesIn = (set: PartSet): string[] =>
  set.parts.map(({ path }) => path.slice(PARTS_FOLDER.length + 1));
const damagedOf = (set: PartSet): string[] => set.damaged.map(({ name }) => name);

test("a lane without parts starts with an empty folder", () => {
  const disk = new FakeDisk();
  expect(openSet(disk, false).set.parts).toEqual([]);
  expect(openSet(disk).set.parts).toEqual([]);
  expect(disk.list(PARTS_FOLDER)).toEqual([]);
});

test("parts come in order of time, and unfinished ones are removed", async () => {
  const disk = new FakeDisk();
  await addPart(disk, "g000001.part", 500);
  await addPart(disk, "g000002.part", 100);
  disk.writeFile(`${PARTS_FOLDER}/g000003.part.tmp`, new Uint8Array(10));
  disk.writeFile(`${PARTS_FOLDER}/notes.txt`, new Uint8Array(10));
  expect(namesIn(openSet(disk, false).set)).toEqual(["g000002.part", "g000001.part"]);
  expect(disk.list(PARTS_FOLDER)).toContain("g000003.part.tmp");
  expect(namesIn(openSet(disk).set)).toEqual(["g000002.part", "g000001.part"]);
  expect(disk.list(PARTS_FOLDER)).toEqual(["g000001.part", "g000002.part", "notes.txt"]);
});

test("replaced parts go at start, and when their replacement is added", async () => {
  const disk = new FakeDisk();
  await addPart(disk, "g000001.part", 100);
  await addPart(disk, "g000002.part", 200);
  const { set } = openSet(disk);
  await addPart(disk, "m000001.part", 100, { replaces: ["g000001.part", "g000000.part"] });
  expect(namesIn(openSet(disk, false).set)).toEqual(["m000001.part", "g000002.part"]);
  expect(disk.list(PARTS_FOLDER)).toContain("g000001.part");
  set.add("m000001.part");
  expect(namesIn(set)).toEqual(["m000001.part", "g000002.part"]);
  expect(disk.list(PARTS_FOLDER)).toEqual(["g000002.part", "m000001.part"]);
  await addPart(disk, "m000002.part", 100, { replaces: ["m000001.part", "g000002.part"] });
  expect(namesIn(openSet(disk).set)).toEqual(["m000002.part"]);
  expect(disk.list(PARTS_FOLDER)).toEqual(["m000002.part"]);
});

test("a part that is flushed again takes the place of the first", async () => {
  const disk = new FakeDisk();
  await addPart(disk, "g000001.part", 100);
  const { set } = openSet(disk);
  await addPart(disk, "g000001.part", 300);
  set.add("g000001.part");
  expect(set.parts.map(({ facts }) => facts.minMs)).toEqual([300]);
});

test("a part outside retention is deleted, and a lease keeps it readable", async () => {
  const disk = new FakeDisk();
  for (const ms of [100, 200, 300]) await addPart(disk, `g000${ms}.part`, ms);
  const { set } = openSet(disk);
  const lease = set.lease();
  expect(set.dropBefore(100)).toEqual([]);
  expect(set.dropBefore(201)).toEqual(["g000100.part", "g000200.part"]);
  expect(namesIn(set)).toEqual(["g000300.part"]);
  expect(disk.list(PARTS_FOLDER)).toEqual(["g000300.part"]);
  expect(lease.parts[0]?.readBlocks(0, 0, 1000)).toHaveLength(1);
  set.close();
  expect(lease.parts[2]?.readBlocks(0, 0, 1000)).toHaveLength(1);
  lease.release();
  lease.release();
  expect(() => lease.parts[0]?.verify()).toThrow("EBADF");
});

test("a damaged part is set aside at start and reported, the others work", async () => {
  const disk = new FakeDisk();
  await addPart(disk, "g000001.part", 100);
  await addPart(disk, "g000002.part", 200);
  disk.flipBit(`${PARTS_FOLDER}/g000001.part`, 3);
  const reader = openSet(disk, false).set;
  expect(reader.damaged).toMatchObject([{ name: "g000001.part", movedTo: null }]);
  const { set, logged } = openSet(disk);
  expect(namesIn(set)).toEqual(["g000002.part"]);
  const [damaged] = set.damaged;
  expect(damaged?.movedTo).toBe("/lane/quarantine/g000001.part");
  expect(damaged?.reason).toContain("damaged at offset 0");
  expect(logged).toEqual(["a part is damaged and was set aside"]);
  expect(disk.list("/lane/quarantine")).toEqual(["g000001.part"]);
});

test("a part that proves damaged while it is read is set aside once, beside what is there", async () => {
  const disk = new FakeDisk();
  await addPart(disk, "g000001.part", 100);
  const { set } = openSet(disk);
  disk.mkdir("/lane/quarantine");
  disk.writeFile("/lane/quarantine/g000001.part", new Uint8Array(1));
  disk.flipBit(`${PARTS_FOLDER}/g000001.part`, 20 * 8);
  const [part] = set.parts;
  if (!part) throw new Error("no part");
  let cause: unknown = null;
  try {
    part.readBlocks(0, 0, 1000);
  } catch (error) {
    cause = error;
  }
  set.setAside(part, cause);
  set.setAside(part, cause);
  expect(set.parts).toEqual([]);
  expect(set.damaged).toHaveLength(1);
  expect(disk.list("/lane/quarantine")).toEqual(["g000001.part", "g000001.part.1"]);
});

test("a part that cannot be opened for another reason is left alone", async () => {
  const disk = new FakeDisk();
  await addPart(disk, "g000001.part", 100);
  const failing = Object.assign(Object.create(disk) as FakeDisk, {
    kindOf: () => "folder",
    syncFolder: () => undefined,
    list: () => ["g000001.part"],
    open: () => {
      throw Object.assign(new Error("EMFILE"), { code: "EMFILE" });
    },
  });
  expect(() => openSet(failing)).toThrow("EMFILE");
  expect(disk.list(PARTS_FOLDER)).toEqual(["g000001.part"]);
});

test("what was added survives a power cut, with what it replaced gone or still there", async () => {
  const disk = new FakeDisk();
  await addPart(disk, "g000001.part", 100);
  const { set } = openSet(disk);
  await addPart(disk, "m000001.part", 100, { replaces: ["g000001.part"] });
  set.add("m000001.part");
  for (let seed = 1; seed <= 20; seed += 1)
    expect(namesIn(openSet(disk.afterPowerCut(seededRandom(seed))).set)).toEqual(["m000001.part"]);
});

test("what was set aside stays missing from start to start, until somebody takes it away", async () => {
  const disk = new FakeDisk();
  await addPart(disk, "g000001.part", 100);
  await addPart(disk, "g000002.part", 200);
  disk.flipBit(`${PARTS_FOLDER}/g000001.part`, disk.sizeOf(`${PARTS_FOLDER}/g000001.part`) * 8 - 9);
  expect(damagedOf(openSet(disk).set)).toEqual(["g000001.part"]);
  const { set, logged } = openSet(disk);
  expect(damagedOf(set)).toEqual(["g000001.part"]);
  expect(namesIn(set)).toEqual(["g000002.part"]);
  expect(logged.join()).toContain("answers are without it");
  disk.unlink("/lane/quarantine/g000001.part");
  expect(damagedOf(openSet(disk).set)).toEqual([]);
});

test("a damaged part that cannot be moved is left out where it lies", async () => {
  const disk = new FakeDisk();
  await addPart(disk, "g000001.part", 100);
  const { set, logged } = openSet(disk);
  disk.inject({ operation: "rename", code: "EROFS" });
  set.setAside(set.parts[0] as (typeof set.parts)[number], new Error("spoiled"));
  expect(set.parts).toEqual([]);
  expect(set.damaged).toEqual([{ name: "g000001.part", reason: "spoiled", movedTo: null }]);
  expect(logged).toContain("cannot move a damaged part");
});

test("a part that cannot be deleted now is deleted the next time; one that is gone is gone", async () => {
  const disk = new FakeDisk();
  await addPart(disk, "g000001.part", 100);
  await addPart(disk, "g000002.part", 200);
  const { set, logged } = openSet(disk);
  disk.inject({ operation: "unlink", code: "EIO" });
  expect(set.dropBefore(1000)).toEqual(["g000002.part"]);
  expect(logged).toContain("cannot delete a part");
  expect(namesIn(set)).toEqual(["g000001.part"]);
  disk.unlink(`${PARTS_FOLDER}/g000001.part`);
  expect(set.dropBefore(1000)).toEqual(["g000001.part"]);
  expect(set.parts).toEqual([]);
});

import { join } from "node:path";
import { makeFolders } from "@tideline/common";
import { FakeDisk, forEachSeed } from "@tideline/common/testing";
import { CorruptionError, OverloadError, type SeriesDelete } from "@tideline/model";
import { expect, test } from "vitest";
import {
  deletesFolder,
  readDelete,
  readDeleteLog,
  removeUnfinishedDeletes,
  writeDelete,
} from "./delete-log.ts";
import { decodeDeleteRecord, encodeDeleteRecord, type DeleteRecord } from "./delete-record.ts";

const REQUEST: SeriesDelete = {
  tenant: { accountId: 5, projectId: 15 },
  filters: [[{ name: "__name__", operator: "=~", value: "foo_.*" }], []],
  startMs: -1,
  endMs: 1_700_000_000_000,
};

function record(number: number): DeleteRecord {
  return { number, id: new Uint8Array(16).fill(number), createdMs: 1e12, request: REQUEST };
}

function startDisk(): FakeDisk {
  const disk = new FakeDisk();
  makeFolders(disk, "/data");
  return disk;
}

test("deletes come back as they were written, in order, also after a power cut", async () => {
  await forEachSeedAsync(20, async (random) => {
    const disk = startDisk();
    for (const number of [1, 2, 7]) await writeDelete(disk, "/data", record(number));
    const log = readDeleteLog(disk.afterPowerCut(random), "/data");
    expect(log).toEqual({ records: [1, 2, 7].map(record), damaged: [], newestNumber: 7 });
  });
});

test("a folder without a log is an empty log", () => {
  const log = readDeleteLog(startDisk(), "/data");
  expect(log).toEqual({ records: [], damaged: [], newestNumber: 0 });
});

test("a damaged delete is named, and its number is not free", async () => {
  const disk = startDisk();
  await writeDelete(disk, "/data", record(1));
  await writeDelete(disk, "/data", record(2));
  const path = join(deletesFolder("/data"), "00000002");
  const bytes = disk.readFile(path);
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  disk.writeFile(path, bytes);
  const { records, damaged, newestNumber } = readDeleteLog(disk, "/data");
  expect(records).toEqual([record(1)]);
  expect(damaged).toMatchObject([{ where: path, reason: expect.stringContaining("checksum") }]);
  expect(newestNumber).toBe(2);
  expect(() => readDelete(disk, "/data", 2)).toThrow(CorruptionError);
});

test("a delete under another's number does not pass", async () => {
  const disk = startDisk();
  await writeDelete(disk, "/data", record(1));
  disk.rename("/data/deletes/00000001", "/data/deletes/00000003");
  expect(() => readDelete(disk, "/data", 3)).toThrow(/it is delete 1/);
});

test.for(["create", "append", "sync", "rename", "syncFolder"] as const)(
  "where %s fails, nothing stays",
  async (operation) => {
    const disk = startDisk();
    await writeDelete(disk, "/data", record(1));
    disk.inject({ operation, code: "EIO" });
    await expect(writeDelete(disk, "/data", record(2))).rejects.toThrow(OverloadError);
    expect(disk.list("/data/deletes")).toEqual(["00000001"]);
  },
);

test("what a crash has left of writing is removed", () => {
  const disk = startDisk();
  makeFolders(disk, "/data/deletes");
  disk.open("/data/deletes/00000001.tmp", "create").close();
  expect(readDeleteLog(disk, "/data").newestNumber).toBe(0);
  removeUnfinishedDeletes(disk, "/data");
  expect(disk.list("/data/deletes")).toEqual([]);
});

test("every truncation and every flipped bit is noticed", () => {
  const whole = encodeDeleteRecord(record(3));
  for (let size = 0; size < whole.length; size += 1)
    expect(() => decodeDeleteRecord(whole.subarray(0, size))).toThrow(RangeError);
  forEachSeed(500, (random) => {
    const bytes = whole.slice();
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    expect(() => decodeDeleteRecord(bytes)).toThrow(RangeError);
  });
});

type SeedCheck = Parameters<typeof forEachSeed>[1];

async function forEachSeedAsync(
  count: number,
  check: (random: Parameters<SeedCheck>[0]) => Promise<void>,
): Promise<void> {
  const randoms: Parameters<SeedCheck>[0][] = [];
  forEachSeed(count, (random) => randoms.push(random));
  for (const random of randoms) await check(random);
}

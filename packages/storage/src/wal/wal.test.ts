import { FakeDisk, forEachSeed, seededRandom } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { crc32c } from "@tideline/kernels";
import { decodeWalHeader, PAGE_SIZE, WAL_HEADER_SIZE, walSeed } from "./format.ts";
import { deleteGeneration, listGenerations } from "./generations.ts";
import {
  appendEntries,
  FOLDER,
  GENERATION,
  keyOfSlot,
  linesOf,
  openWal,
  randomDelete,
  randomGroup,
  readWal,
  scrapeRows,
  WAL_FOLDER,
  type Entry,
} from "./wal-fixtures.ts";

const EXAMPLE_DELETE = {
  request: { tenant: { accountId: 1, projectId: 0 }, filters: [[]], startMs: 0, endMs: 1 },
};

const file1 = `${FOLDER}/00000001.wal`;

test("what was committed comes back in order, bit for bit", () => {
  forEachSeed(60, (random) => {
    const disk = new FakeDisk();
    const fileSizeMax = random.pick([1000, 100_000, 1 << 30]);
    const entries: Entry[] = [];
    for (let run = 0; run < 2; run += 1) {
      const wal = openWal(disk, fileSizeMax);
      for (let i = random.below(8); i >= 0; i -= 1) {
        const group = randomGroup(random, random.pick([3, 500, 9000]));
        if (random.chance(0.3)) group.push(randomDelete(random));
        appendEntries(wal, group);
        wal.commit();
        entries.push(...group);
      }
      wal.close();
    }
    const { lines, report } = readWal(disk);
    expect(lines).toEqual(linesOf(entries));
    expect(report).toMatchObject({ damage: [], tornTailSize: 0, unknownRecordCount: 0 });
    expect(report.recordCount).toBe(entries.length);
    expect(report.laneRange).toEqual({ index: 1, count: 2 });
  });
});

test("rows of scrapes come back, bit for bit, in little more than their values take", () => {
  forEachSeed(60, (random) => {
    const disk = new FakeDisk();
    const wal = openWal(disk);
    const entries = [1, 4, 40, 60_000].map((rowCountMax) => scrapeRows(random, rowCountMax));
    appendEntries(wal, entries);
    wal.commit();
    const rowCount = entries.reduce((sum, { slots }) => sum + slots.length, 0);
    const { lines, report } = readWal(disk);
    expect(report).toMatchObject({ damage: [], tornTailSize: 0, rowCount });
    expect(lines).toEqual(linesOf(entries));
    expect(wal.size).toBeLessThan(1000 + rowCount * 8.5);
  });
});

test("rows take 16 bytes where neither slots nor timestamps have order, and frames add under 1 %", () => {
  const random = seededRandom(1);
  const rowCount = 100_000;
  const slots = new Uint32Array(rowCount).map(() => random.u32());
  const values = new Float64Array(rowCount);
  const timestampsMs = new Float64Array(rowCount).map(() => 1.7e12 + random.below(1e6));
  const wal = openWal(new FakeDisk());
  wal.appendRows(rowCount, slots, timestampsMs, values);
  expect(wal.pendingSize / rowCount).toBeLessThan(16.16);
});

test("files say which deletes came before them, and those of a group that was not written did not", () => {
  const disk = new FakeDisk();
  const wal = openWal(disk, 300);
  const random = seededRandom(1);
  appendEntries(wal, [{ ...EXAMPLE_DELETE, number: 3 }]);
  wal.commit();
  appendEntries(wal, randomGroup(random, 100));
  wal.commit();
  appendEntries(wal, [{ ...EXAMPLE_DELETE, number: 9 }]);
  wal.rollback();
  appendEntries(wal, [1]);
  wal.commit();
  wal.close();
  const files = disk.list(FOLDER);
  const headers = files.map((name) => decodeWalHeader(disk.readFile(`${FOLDER}/${name}`)));
  expect(headers[0]).toMatchObject({ deletesDone: 0 });
  expect(headers.at(-1)).toMatchObject({ deletesDone: 3 });
  expect(readWal(disk).report.deletesDone).toBe(3);
});

test("a group that was rolled back is not written", () => {
  const disk = new FakeDisk();
  const wal = openWal(disk);
  appendEntries(wal, [1]);
  wal.rollback();
  appendEntries(wal, [2]);
  wal.commit();
  wal.commit();
  expect(readWal(disk).lines).toEqual(linesOf([2]));
});

test("a large record that spans many pages survives, and so does its neighbour", () => {
  const disk = new FakeDisk();
  const wal = openWal(disk);
  const values = new Float64Array(40_000).fill(1.5);
  const rows = {
    slots: new Uint32Array(40_000),
    timestampsMs: new Float64Array(40_000).fill(5),
    values,
  };
  appendEntries(wal, [rows, 3]);
  wal.commit();
  expect(disk.sizeOf(file1)).toBeGreaterThan(10 * PAGE_SIZE);
  expect(readWal(disk).lines).toEqual(linesOf([rows, 3]));
});

test.for([
  { name: "a short write", fault: { writtenSize: 30 } },
  { name: "a full disk", fault: { code: "ENOSPC", writtenSize: 0 } },
  { name: "an I/O error in the middle", fault: { code: "EIO", writtenSize: 55 } },
])("$name takes back its group and no other", ({ fault }) => {
  const disk = new FakeDisk();
  const wal = openWal(disk);
  appendEntries(wal, [1]);
  wal.commit();
  const size = wal.size;
  disk.inject({ operation: "append", ...fault });
  appendEntries(wal, [2, 3]);
  expect(() => wal.commit()).toThrow("Cannot write");
  expect(wal.failure).toBeNull();
  expect(wal.size).toBe(size);
  expect(disk.sizeOf(file1)).toBe(size);
  appendEntries(wal, [4]);
  wal.commit();
  expect(readWal(disk).lines).toEqual(linesOf([1, 4]));
});

test("a file that cannot be cut back is never written to again", () => {
  const disk = new FakeDisk();
  const wal = openWal(disk);
  appendEntries(wal, [1]);
  wal.commit();
  disk.inject({ operation: "append", writtenSize: 30 });
  disk.inject({ operation: "truncate", code: "EIO" });
  appendEntries(wal, [2]);
  expect(() => wal.commit()).toThrow("Cannot cut");
  expect(wal.failure?.code).toBe("TIDELINE_WAL_DISK");
  expect(() => appendEntries(wal, [3])).toThrow("Cannot cut");
  expect(() => wal.commit()).toThrow("Cannot cut");
  const { lines, report } = readWal(disk);
  expect(lines).toEqual(linesOf([1]));
  expect(report.tornTailSize).toBe(30);
});

test.for(["sync", "syncFolder"] as const)(
  "a failed %s is the end of the writer: it is not tried again",
  async (operation) => {
    const disk = new FakeDisk();
    const wal = openWal(disk);
    appendEntries(wal, [1]);
    wal.commit();
    disk.inject({ operation, code: "EIO" });
    await expect(wal.sync()).rejects.toThrow("Cannot sync");
    await expect(wal.sync()).rejects.toThrow("Cannot sync");
    expect(() => wal.syncNow()).toThrow("Cannot sync");
    expect(() => appendEntries(wal, [2])).toThrow("Cannot sync");
    expect(wal.failure).not.toBeNull();
    wal.close();
  },
);

test("a new file that cannot be made leaves the old one in use", () => {
  const disk = new FakeDisk();
  const wal = openWal(disk, 100);
  appendEntries(wal, [1, 2]);
  wal.commit();
  disk.inject({ operation: "create", code: "EMFILE" });
  appendEntries(wal, [3]);
  wal.commit();
  expect(disk.list(FOLDER)).toEqual(["00000001.wal"]);
  disk.inject({ operation: "append", writtenSize: 5 });
  appendEntries(wal, [4]);
  wal.commit();
  expect(disk.list(FOLDER)).toEqual(["00000001.wal"]);
  appendEntries(wal, [5]);
  wal.commit();
  expect(disk.list(FOLDER)).toEqual(["00000001.wal", "00000002.wal"]);
  expect(readWal(disk).lines).toEqual(linesOf([1, 2, 3, 4, 5]));
});

test("a sync that runs while the writer closes ends well, and files close after it", async () => {
  const disk = new FakeDisk();
  const wal = openWal(disk, 100);
  for (let slot = 0; slot < 5; slot += 1) {
    appendEntries(wal, [slot]);
    wal.commit();
  }
  const syncs = [wal.sync(), wal.sync()];
  wal.close();
  await Promise.all(syncs);
  expect(readWal(disk.afterPowerCut(seededRandom(1))).lines).toEqual(linesOf([0, 1, 2, 3, 4]));
});

test("records of unknown kinds are left out and counted", () => {
  const disk = new FakeDisk();
  const wal = openWal(disk);
  appendEntries(wal, [1]);
  wal.commit();
  wal.close();
  // A definition is a record of one frame: give it another kind and a checksum that fits.
  const bytes = disk.readFile(file1);
  const frame = bytes.subarray(WAL_HEADER_SIZE);
  frame[7] = 99;
  resealFrame(frame);
  disk.writeFile(file1, bytes);
  expect(readWal(disk).report).toMatchObject({ recordCount: 1, unknownRecordCount: 1, damage: [] });
});

test("a generation is deleted as a whole, and a cut-short deletion is finished", () => {
  const disk = new FakeDisk();
  const wal = openWal(disk, 10);
  for (const slot of [1, 2, 3]) {
    appendEntries(wal, [slot]);
    wal.commit();
  }
  wal.close();
  const start = disk.operationCount;
  expect(listGenerations(disk, WAL_FOLDER)).toEqual([GENERATION]);
  deleteGeneration(disk, WAL_FOLDER, GENERATION);
  deleteGeneration(disk, WAL_FOLDER, GENERATION);
  expect(disk.operationCount - start).toBeGreaterThan(4);
  expect(disk.list(WAL_FOLDER)).toEqual([]);
  expect(listGenerations(disk, "/lane/none")).toEqual([]);
  disk.mkdir(`${FOLDER}.deleted`);
  expect(listGenerations(disk, WAL_FOLDER)).toEqual([]);
  expect(disk.list(WAL_FOLDER)).toEqual([]);
});

test("a definition keeps the key of its series", () => {
  const disk = new FakeDisk();
  const wal = openWal(disk);
  appendEntries(wal, [70_000]);
  wal.commit();
  expect(readWal(disk).lines[0]).toContain(Buffer.from(keyOfSlot(70_000)).toString("hex"));
});

function resealFrame(frame: Uint8Array): void {
  const size = (frame[4] as number) + (frame[5] as number) * 0x100;
  const sum = crc32c(frame.subarray(4, 7 + size), walSeed(GENERATION, 1));
  new DataView(frame.buffer, frame.byteOffset).setUint32(0, sum, true);
}

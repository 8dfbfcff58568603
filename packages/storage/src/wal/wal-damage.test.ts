/** Truncations, bit flips and lost files: what is lost is noticed, and nothing else is lost. */
import { FakeDisk, forEachSeed, seededRandom } from "@tideline/common/testing";
import { crc32c } from "@tideline/kernels";
import { expect, test } from "vitest";
import { PAGE_SIZE } from "./format.ts";
import {
  appendEntries,
  FOLDER,
  isSubsequence,
  linesOf,
  openWal,
  randomGroup,
  readWal,
  type Entry,
} from "./wal-fixtures.ts";

const FILE = `${FOLDER}/00000001.wal`;

function writtenLog(seed: number, groupCount: number, rowCountMax: number) {
  const random = seededRandom(seed);
  const disk = new FakeDisk();
  const wal = openWal(disk);
  const entries: Entry[] = [];
  for (let i = 0; i < groupCount; i += 1) {
    const group = randomGroup(random, rowCountMax);
    appendEntries(wal, group);
    wal.commit();
    entries.push(...group);
  }
  wal.close();
  return { disk, lines: linesOf(entries), bytes: disk.readFile(FILE) };
}

test("every truncation leaves whole records and a torn tail", () => {
  const { disk, lines, bytes } = writtenLog(1, 4, 10);
  let ends = 0;
  for (let size = 0; size < bytes.length; size += 1) {
    disk.writeFile(FILE, bytes.slice(0, size));
    const { lines: left, report } = readWal(disk);
    expect(left).toEqual(lines.slice(0, left.length));
    expect(report.damage).toEqual([]);
    // Only a cut between two records cannot be told from a shorter log.
    if (report.tornTailSize === 0 && size > 0) ends += 1;
  }
  expect(ends).toBe(lines.length);
});

test("every flipped bit is noticed and costs one record at most", () => {
  const { disk, lines, bytes } = writtenLog(2, 3, 5);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    disk.writeFile(FILE, bytes);
    disk.flipBit(FILE, bit);
    const { lines: left, report } = readWal(disk);
    expect(isSubsequence(left, lines)).toBe(true);
    expect(left.length, `bit ${bit}`).toBeGreaterThanOrEqual(lines.length - 1);
    expect(report.damage.length + report.tornTailSize, `bit ${bit}`).toBeGreaterThan(0);
    // Only at the end of the log it looks like a write that a crash cut short.
    const isLastLeft = left.at(-1) === lines.at(-1);
    expect(isLastLeft && report.tornTailSize > 0, `bit ${bit}`).toBe(false);
    for (const { file, offset } of report.damage) {
      expect(file).toBe(FILE);
      expect(offset).toBeLessThanOrEqual(bit / 8);
    }
  }
});

test("damage costs the records of its page at most, and replay goes on behind it", () => {
  const { disk, lines, bytes } = writtenLog(3, 40, 3000);
  expect(bytes.length).toBeGreaterThan(8 * PAGE_SIZE);
  forEachSeed(60, (random) => {
    const broken = bytes.slice();
    const start = random.below(broken.length);
    const garbage = random.bytes(1 + random.below(5000));
    if (random.chance(0.3)) garbage.fill(0);
    broken.set(garbage.subarray(0, broken.length - start), start);
    disk.writeFile(FILE, broken);
    const { lines: left, report } = readWal(disk);
    expect(isSubsequence(left, lines)).toBe(true);
    expect(report.damage.length + report.tornTailSize).toBeGreaterThan(0);
    // A record of 3000 rows covers 2 pages; the garbage one more: nothing beyond may be lost.
    const lost = lines.length - left.length;
    expect(lost).toBeLessThan(lines.length / 2);
  });
});

test("random bytes as a file are no log, and no fault of ours", () => {
  forEachSeed(30, (random) => {
    const { disk } = writtenLog(4, 1, 3);
    disk.writeFile(FILE, random.bytes(random.below(100_000)));
    expect(readWal(disk).lines).toEqual([]);
  });
});

test("a file that lies in the place of another one is not taken", () => {
  const { disk, bytes } = writtenLog(5, 3, 5);
  disk.writeFile(`${FOLDER}/00000002.wal`, bytes);
  const { report } = readWal(disk);
  expect(report.fileCount).toBe(2);
  expect(report.tornTailSize).toBe(bytes.length);
});

test("a missing file is reported, and the others are read", () => {
  const disk = new FakeDisk();
  const wal = openWal(disk, 10);
  for (const slot of [1, 2, 3]) {
    appendEntries(wal, [slot]);
    wal.commit();
  }
  disk.unlink(`${FOLDER}/00000002.wal`);
  const { lines, report } = readWal(disk);
  expect(lines).toEqual(linesOf([1, 3]));
  expect(report.damage).toEqual([
    { file: `${FOLDER}/00000002.wal`, offset: 0, reason: "the file is missing" },
  ]);
});

test("a file of a newer version is refused by name", () => {
  const { disk, bytes } = writtenLog(6, 1, 1);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, 3, true);
  view.setUint32(36, crc32c(bytes.subarray(0, 36)), true);
  disk.writeFile(FILE, bytes);
  expect(() => readWal(disk)).toThrow(`Cannot read ${FILE}: it has version 3`);
});

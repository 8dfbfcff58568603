/**
 * Crashes at every operation of a writer: what was committed survives the death of the process, what was synced survives a
 * power cut, and nothing else comes back than what was written.
 */
import { DiskCrash, FakeDisk, seededRandom, type Random } from "@tideline/common/testing";
import { OverloadError } from "@tideline/model";
import { expect, test } from "vitest";
import {
  appendEntries,
  isSubsequence,
  linesOf,
  openWal,
  randomDelete,
  randomGroup,
  readWal,
  type Entry,
} from "./wal-fixtures.ts";

interface Progress {
  readonly written: Entry[];
  committedCount: number;
  syncedCount: number;
}

/** Two runs of a writer in one folder, with small files; stops where the disk crashes. */
async function write(disk: FakeDisk, random: Random, progress: Progress): Promise<void> {
  for (let run = 0; run < 2; run += 1) {
    const wal = openWal(disk, 900);
    for (let i = 0; i < 6; i += 1) {
      const group = randomGroup(random, 12);
      if (random.chance(0.2)) group.push(randomDelete(random));
      progress.written.push(...group);
      appendEntries(wal, group);
      wal.commit();
      progress.committedCount = progress.written.length;
      if (random.chance(0.4)) {
        if (random.chance(0.5)) await wal.sync();
        else wal.syncNow();
        progress.syncedCount = progress.committedCount;
      }
    }
    await wal.sync();
    progress.syncedCount = progress.committedCount;
    wal.close();
  }
}

async function crashedRun(seed: number, index: number): Promise<{ disk: FakeDisk; at: Progress }> {
  const random = seededRandom(seed);
  const disk = new FakeDisk();
  const at: Progress = { written: [], committedCount: 0, syncedCount: 0 };
  disk.crashAt(index, seededRandom(index).below(400));
  try {
    await write(disk, random, at);
  } catch (error) {
    if (!(error instanceof DiskCrash)) throw error;
  }
  return { disk, at };
}

function linesLeft(disk: FakeDisk): string[] {
  if (disk.kindOf("/lane/wal/g000012") === null) return [];
  return readWal(disk).lines;
}

test.for([1, 2, 3])("crashes at every operation (seed %i)", async (seed) => {
  const whole = await crashedRun(seed, Infinity);
  const operationCount = whole.disk.operationCount;
  expect(operationCount).toBeGreaterThan(30);
  for (let index = 0; index < operationCount; index += 1) {
    const { disk, at } = await crashedRun(seed, index);
    const lines = linesOf(at.written);
    for (let cut = 0; cut < 4; cut += 1) {
      const left = linesLeft(disk.afterPowerCut(seededRandom(index * 10 + cut)));
      expect(left.slice(0, at.syncedCount)).toEqual(lines.slice(0, at.syncedCount));
      expect(isSubsequence(left, lines)).toBe(true);
    }
    disk.restart();
    const left = linesLeft(disk);
    expect(left.length).toBeGreaterThanOrEqual(at.committedCount);
    expect(left).toEqual(lines.slice(0, left.length));
  }
});

test("errors at every operation lose nothing that was committed", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = seededRandom(seed);
    const disk = new FakeDisk();
    const wal = openWal(disk, 2000);
    const kept: Entry[] = [];
    for (let i = 0; i < 30; i += 1) {
      const group = randomGroup(random, 12);
      if (random.chance(0.2)) group.push(randomDelete(random));
      if (random.chance(0.4)) {
        const writtenSize = random.below(300);
        disk.inject({
          operation: "append",
          writtenSize,
          ...(random.chance(0.5) && { code: "EIO" }),
        });
      }
      try {
        appendEntries(wal, group);
        wal.commit();
        kept.push(...group);
      } catch (error) {
        if (!(error instanceof OverloadError)) throw error;
      }
    }
    wal.close();
    const { lines, report } = readWal(disk);
    expect(lines).toEqual(linesOf(kept));
    expect(report).toMatchObject({ damage: [], tornTailSize: 0 });
  }
});

/** How often a reader goes to the disk; and the same over the machine's own disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NodeDisk, type Disk, type DiskFile } from "@tideline/common";
import { FakeDisk, seededRandom } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { WalWriter } from "../wal/wal-writer.ts";
import { replayWal } from "../wal/wal-replay.ts";
import { PageCache } from "./page-cache.ts";
import { inPartOrder, openPart, testSeries, writePart } from "./part-fixtures.ts";
import { PartReader } from "./part-reader.ts";
import { PartSet } from "./part-set.ts";
import { PartWriter } from "./part-writer.ts";

const TENANT = { accountId: 0, projectId: 0 };
const random = seededRandom(1);
const series = inPartOrder(
  Array.from({ length: 5000 }, (_, i) => {
    const values = new Float64Array(random.bytes(240 * 8).buffer);
    const times = Float64Array.from({ length: 240 }, (__, k) => (i % 10) * 100 + k * 15_000);
    const labels = [
      { name: "__name__", value: `metric_${i % 100}` },
      { name: "instance", value: `host-${i}` },
    ];
    return testSeries(TENANT, labels, times, values);
  }),
);

/** Counts the reads of files. */
class CountingDisk extends FakeDisk {
  readCount = 0;

  override open(...args: Parameters<Disk["open"]>): DiskFile {
    const file = super.open(...args);
    const read = (target: Uint8Array, offset: number): number => {
      this.readCount += 1;
      return file.read(target, offset);
    };
    return { ...file, read };
  }
}

test("opening takes two reads, a series a few, and its neighbours hardly any", async () => {
  const disk = new CountingDisk();
  await writePart(disk, series);
  const count = (action: () => void): number => {
    const before = disk.readCount;
    action();
    return disk.readCount - before;
  };
  const cache = new PageCache(4 << 20);
  const part = openPart(disk, "g000001.part", cache);
  expect(disk.readCount).toBe(2);
  // A directory, a page of the table, the values, the times.
  expect(count(() => part.readBlocks(2500, 0, 1e12))).toBe(4);
  expect(count(() => part.readBlocks(2500, 0, 1e12))).toBe(0);
  const blocks = count(() => {
    for (let ordinal = 0; ordinal < 1000; ordinal += 1) part.readBlocks(ordinal, 0, 1e12);
  });
  // 1000 series of 1.9 KB in reads of 256 KiB, and their pages.
  expect(blocks).toBeLessThan(40);
});

test("WAL and parts work on the machine's own disk", async () => {
  const lane = mkdtempSync(join(tmpdir(), "tideline-lane-"));
  try {
    const disk = new NodeDisk();
    const folder = join(lane, "wal", "g000001");
    const laneRange = { index: 0, count: 1 };
    const wal = WalWriter.open({ disk, folder, generation: 1, laneRange, deletesDone: 0 });
    wal.appendRows(2, Uint32Array.of(1, 2), Float64Array.of(5, 6), Float64Array.of(0.5, -0));
    wal.commit();
    await wal.sync();
    wal.syncNow();
    wal.close();
    expect(replayWal(disk, folder, { definition() {}, rows() {}, remove() {} })).toMatchObject({
      rowCount: 2,
    });

    const partsFolder = join(lane, "parts");
    const cache = new PageCache(1 << 20);
    const log = { info() {}, warn() {}, error() {} };
    const quarantineFolder = join(lane, "quarantine");
    const options = { disk, folder: partsFolder, quarantineFolder, cache, log, isOwner: true };
    const set = PartSet.open(options);
    const writer = PartWriter.create({
      disk,
      folder: partsFolder,
      name: "g000001.part",
      laneRange,
      generation: 1,
      deletesDone: 0,
    });
    for (const one of series) writer.addSeries(one);
    const summary = await writer.finish();
    const part = set.add(summary.name);
    part.verify();
    expect(part.readBlocks(4999, 0, 1e12)).toHaveLength(1);
    set.close();
    expect(PartSet.open(options).parts.map(({ size }) => size)).toEqual([summary.size]);
    expect(PartReader.open(disk, summary.path, cache).facts.seriesCount).toBe(5000);
    expect(disk.list(partsFolder)).toEqual(["g000001.part"]);
  } finally {
    rmSync(lane, { recursive: true, force: true });
  }
});

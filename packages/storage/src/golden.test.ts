/**
 * Files as each version wrote them, kept for good: they stay readable. The examples are those of docs/formats/wal.md and
 * part.md. `TIDELINE_GOLDEN=write` makes files that are missing; it never changes one.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { FakeDisk, seededRandom } from "@tideline/common/testing";
import { decodeTimestamps, decodeValues } from "@tideline/kernels";
import { beforeAll, expect, test } from "vitest";
import { decodeDeleteRecord, encodeDeleteRecord } from "./deletes/delete-record.ts";
import {
  inPartOrder,
  openPart,
  PARTS_FOLDER,
  randomSeries,
  testSeries,
  writePart,
  type TestSeries,
} from "./part/part-fixtures.ts";
import {
  appendEntries,
  FOLDER,
  linesOf,
  openWal,
  randomGroup,
  randomSeriesGroup,
  readWal,
  scrapeRows,
  type Entry,
} from "./wal/wal-fixtures.ts";

const EXAMPLE_ROWS = {
  slots: Uint32Array.of(1, 1),
  timestampsMs: Float64Array.of(1_700_000_000_000, 1_700_000_015_000),
  values: new Float64Array(Uint32Array.of(0, 0x3ff8_0000, 2, 0x7ff0_0000).buffer),
};

const EXAMPLE_DELETE = {
  number: 5,
  id: Uint8Array.from({ length: 16 }, (_, i) => i),
  createdMs: 1_700_000_000_000,
  request: {
    tenant: { accountId: 1, projectId: 0 },
    filters: [[{ name: "__name__", operator: "=~" as const, value: "up|down" }]],
    startMs: -(2 ** 53) + 1,
    endMs: 1_699_999_999_999,
  },
};

const WALS_V1: readonly { name: string; entries: readonly Entry[] }[] = [
  { name: "example", entries: [1, EXAMPLE_ROWS] },
  {
    name: "scrapes",
    entries: Array.from({ length: 6 }, (_, i) => scrapeRows(seededRandom(i), 600)),
  },
  {
    name: "mixed",
    entries: Array.from({ length: 12 }, (_, i) => randomGroup(seededRandom(i), 600)).flat(),
  },
];

const WALS_V2: readonly { name: string; entries: readonly Entry[] }[] = [
  { name: "example", entries: [{ from: 1, to: 3 }, EXAMPLE_ROWS] },
  { name: "delete", entries: [{ from: 1, to: 3 }, EXAMPLE_ROWS, EXAMPLE_DELETE, EXAMPLE_ROWS] },
  {
    name: "mixed",
    entries: Array.from({ length: 6 }, (_, i) => [
      randomSeriesGroup(seededRandom(i)),
      ...randomGroup(seededRandom(i), 100),
    ]).flat(),
  },
];

const EXAMPLE_SERIES = [
  testSeries(
    { accountId: 0, projectId: 0 },
    [{ name: "__name__", value: "up" }],
    EXAMPLE_ROWS.timestampsMs,
    new Float64Array(2).fill(1.5),
  ),
];

const PARTS: readonly { name: string; series: readonly TestSeries[] }[] = [
  { name: "example", series: EXAMPLE_SERIES },
  { name: "mixed", series: inPartOrder(randomSeries(seededRandom(11), 150, 40)) },
];

/** The golden file, made by `make` when that was asked for and it is not there. */
async function golden(path: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
  const file = fileURLToPath(new URL(`../testdata/${path}`, import.meta.url));
  if (!existsSync(file) && process.env["TIDELINE_GOLDEN"] === "write") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await make());
  }
  return readFileSync(file);
}

async function wal(entries: readonly Entry[]): Promise<Uint8Array> {
  const disk = new FakeDisk();
  const writer = openWal(disk);
  appendEntries(writer, entries);
  writer.commit();
  return disk.readFile(`${FOLDER}/00000001.wal`);
}

/** A log that has nothing but this file. */
function readLog(bytes: Uint8Array): ReturnType<typeof readWal> {
  const disk = new FakeDisk();
  openWal(disk).close();
  disk.writeFile(`${FOLDER}/00000001.wal`, bytes);
  return readWal(disk);
}

const UNDAMAGED = { damage: [], tornTailSize: 0, laneRange: { index: 1, count: 2 } };

test.for(WALS_V1)("wal-v1: $name is read", ({ name, entries }) => {
  const { lines, report } = readLog(readBeside(`../testdata/wal-v1/${name}.wal`));
  expect(lines).toEqual(linesOf(entries));
  expect(report).toMatchObject(UNDAMAGED);
});

test.for(WALS_V2)("wal-v2: $name is read, and written the same", async ({ name, entries }) => {
  const bytes = await golden(`wal-v2/${name}.wal`, () => wal(entries));
  const { lines, report } = readLog(bytes);
  expect(lines).toEqual(linesOf(entries));
  expect(report).toMatchObject(UNDAMAGED);
  expect(Buffer.compare(await wal(entries), bytes)).toBe(0);
});

const disk = new FakeDisk();
beforeAll(async () => {
  for (const { name, series } of PARTS) {
    await writePart(disk, series, {
      name: `${name}.part`,
      laneRange: { index: 0, count: 2 },
      generation: 12,
      replaces: ["g000011.part"],
    });
    const path = `${PARTS_FOLDER}/${name}.part`;
    disk.writeFile(path, await golden(`part-v1/${name}.part`, async () => disk.readFile(path)));
  }
});

test.for(PARTS)("part-v1: $name is read", ({ name, series }) => {
  const part = openPart(disk, `${name}.part`);
  part.verify();
  expect(part.facts).toMatchObject({
    laneRange: { index: 0, count: 2 },
    generation: 12,
    replaces: ["g000011.part"],
    seriesCount: series.length,
  });
  for (const [ordinal, one] of series.entries()) {
    expect(Buffer.compare(part.series(ordinal).key, one.key)).toBe(0);
    expect(Buffer.compare(part.series(ordinal).identity, one.identity)).toBe(0);
    const blocks = part.readBlocks(ordinal, -Infinity, Infinity);
    expect(blocks).toHaveLength(1);
    const column = new Float64Array(one.values.length);
    for (const { timestamps, bytes } of blocks) {
      decodeTimestamps(timestamps.bytes, column);
      expect([...column]).toEqual([...one.timestampsMs]);
      decodeValues(bytes, column);
      expect(Buffer.compare(new Uint8Array(column.buffer), new Uint8Array(one.values.buffer))).toBe(
        0,
      );
    }
    for (const label of one.labels.filter(({ value }) => value !== ""))
      expect(part.postings(one.tenant, label.name, label.value)).toContain(ordinal);
  }
});

test("delete-v1: example is read, and written the same", async () => {
  const bytes = encodeDeleteRecord(EXAMPLE_DELETE);
  const kept = await golden("delete-v1/example.delete", () => Promise.resolve(bytes));
  expect(decodeDeleteRecord(kept)).toEqual(EXAMPLE_DELETE);
  expect(Buffer.compare(bytes, kept)).toBe(0);
});

/** A file by its path from this one. */
function readBeside(path: string): Buffer {
  return readFileSync(fileURLToPath(new URL(path, import.meta.url)));
}

test.for([
  { page: "wal.md", file: "wal-v2/example.wal" },
  { page: "part.md", file: "part-v1/example.part" },
  { page: "delete-log.md", file: "delete-v1/example.delete" },
])("the example in docs/formats/$page is $file, byte by byte", ({ page, file }) => {
  const text = readBeside(`../../../docs/formats/${page}`).toString();
  const lines = text
    .slice(text.indexOf("## Example"))
    .matchAll(/^([0-9a-f]{2,3})  ((?:[0-9a-f]{2} ?)+)/gm);
  const bytes: number[] = [];
  for (const [, offset, row] of lines) {
    expect(Number.parseInt(offset ?? "", 16)).toBe(bytes.length);
    bytes.push(...Buffer.from((row ?? "").replaceAll(" ", ""), "hex"));
  }
  expect(Buffer.from(bytes).toString("hex")).toBe(
    readBeside(`../testdata/${file}`).toString("hex"),
  );
});

test("the examples in docs/formats/block.md are decoded to what they say", () => {
  const page = readBeside("../../../docs/formats/block.md").toString();
  const [, json = ""] = /```json\n(.*?)```/s.exec(page) ?? [];
  const examples = JSON.parse(json) as {
    timestamps: { timestampsMs: number[]; block: string }[];
    values: { bits: string; block: string }[];
  };
  expect(examples.timestamps.length + examples.values.length).toBeGreaterThan(6);
  for (const { timestampsMs, block } of examples.timestamps) {
    const column = new Float64Array(timestampsMs.length);
    decodeTimestamps(Buffer.from(block, "hex"), column);
    expect([...column]).toEqual(timestampsMs);
  }
  for (const { bits, block } of examples.values) {
    const column = new Float64Array(bits.length / 16);
    decodeValues(Buffer.from(block, "hex"), column);
    expect(Buffer.from(column.buffer).toString("hex")).toBe(bits);
  }
});

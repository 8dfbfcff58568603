/** Truncations and flipped bits of a part: noticed before they are believed. */
import { FakeDisk, seededRandom } from "@tideline/common/testing";
import { decodeTimestamps, decodeValues } from "@tideline/kernels";
import { CorruptionError } from "@tideline/model";
import { beforeAll, expect, test } from "vitest";
import { PageCache } from "./page-cache.ts";
import { openPart, PARTS_FOLDER, randomSeries, testSeries, writePart } from "./part-fixtures.ts";

const PATH = `${PARTS_FOLDER}/g000001.part`;
const disk = new FakeDisk();
let bytes: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  await writePart(disk, randomSeries(seededRandom(3), 12, 20));
  bytes = disk.readFile(PATH);
});

/** Reads all that the part has to tell, as a query would. */
function readAll(): string {
  const part = openPart(disk, "g000001.part", new PageCache(0));
  try {
    const lines: string[] = [];
    for (let ordinal = 0; ordinal < part.facts.seriesCount; ordinal += 1) {
      const { key, identity } = part.series(ordinal);
      lines.push(Buffer.concat([key, identity]).toString("hex"));
      for (const { timestamps, bytes: block } of part.readBlocks(ordinal, -Infinity, Infinity)) {
        const values = new Float64Array(timestamps.count);
        decodeValues(block, values);
        lines.push(Buffer.from(values.buffer).toString("hex"));
        decodeTimestamps(timestamps.bytes, values);
        lines.push(values.join());
      }
    }
    for (const tenant of part.tenants())
      for (const name of part.labelNames(tenant))
        for (const value of part.labelValues(tenant, name))
          lines.push(`${name}=${value}: ${part.postings(tenant, name, value).join()}`);
    return lines.join("\n");
  } finally {
    part.close();
  }
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
    return null;
  } catch (error) {
    return error;
  }
}

test("every truncation is noticed when the part is opened", () => {
  for (let size = 0; size < bytes.length; size += 1) {
    disk.writeFile(PATH, bytes.slice(0, size));
    const error = errorOf(() => openPart(disk));
    expect(error, `size ${size}`).toBeInstanceOf(CorruptionError);
  }
});

test("every flipped bit is noticed when its unit is read", () => {
  disk.writeFile(PATH, bytes);
  expect(errorOf(readAll)).toBeNull();
  const random = seededRandom(1);
  for (let at = 0; at < bytes.length; at += 1) {
    disk.writeFile(PATH, bytes);
    disk.flipBit(PATH, at * 8 + random.below(8));
    const error = errorOf(readAll);
    expect(error, `byte ${at}`).toBeInstanceOf(CorruptionError);
    expect(String(error)).toMatch(new RegExp(`Cannot read part ${PATH}: damaged at offset \\d+: `));
  }
});

test("a scrub notices every flipped bit without knowing what it means", () => {
  const random = seededRandom(2);
  for (let at = 0; at < bytes.length; at += 1) {
    disk.writeFile(PATH, bytes);
    disk.flipBit(PATH, at * 8 + random.below(8));
    expect(
      errorOf(() => openPart(disk).verify()),
      `byte ${at}`,
    ).toBeInstanceOf(CorruptionError);
  }
});

test("a disk that does not read is damage too", () => {
  disk.writeFile(PATH, bytes);
  const part = openPart(disk);
  disk.inject({ operation: "read", code: "EIO" });
  expect(errorOf(() => part.series(0))).toBeInstanceOf(CorruptionError);
  expect(errorOf(() => part.series(0))).toBeNull();
  // The file shrinks under the reader.
  const handle = disk.open(PATH, "append");
  handle.truncate(20);
  expect(errorOf(() => part.readBlocks(0, -Infinity, Infinity))).toBeInstanceOf(CorruptionError);
  expect(errorOf(() => part.verify())).toBeInstanceOf(CorruptionError);
});

test("a disk that does not read is damage when a part is opened, too", () => {
  disk.inject({ operation: "read", code: "EIO" });
  expect(() => openPart(disk, "g000001.part", new PageCache(0))).toThrow(CorruptionError);
});

test("random bytes are no part", () => {
  const random = seededRandom(4);
  for (let i = 0; i < 200; i += 1) {
    disk.writeFile(PATH, random.bytes(random.below(400)));
    expect(errorOf(() => openPart(disk))).toBeInstanceOf(CorruptionError);
  }
});

test("units that change places are noticed", async () => {
  const random = seededRandom(6);
  const series = Array.from({ length: 2 }, (_, i) =>
    testSeries(
      { accountId: 0, projectId: 0 },
      [{ name: "i", value: `${i}` }],
      new Float64Array([1]),
      new Float64Array([random.u32()]),
    ),
  );
  await writePart(disk, series);
  const part = openPart(disk);
  const [a, b] = [0, 1].map((ordinal) => part.series(ordinal).blocks[0]?.value);
  if (!a || !b || a.size !== b.size) throw new Error("no two blocks of one size");
  const swapped = disk.readFile(PATH);
  const first = swapped.slice(a.offset, a.offset + a.size);
  swapped.copyWithin(a.offset, b.offset, b.offset + b.size);
  swapped.set(first, b.offset);
  disk.writeFile(PATH, swapped);
  expect(errorOf(() => openPart(disk).readBlocks(0, 0, 9))).toBeInstanceOf(CorruptionError);
  expect(errorOf(() => openPart(disk).verify())).toBeInstanceOf(CorruptionError);
});

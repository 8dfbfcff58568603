import { seededRandom } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { BlockSegments } from "./block-segments.ts";
import { PageCache } from "./page-cache.ts";

const FILE_SIZE = 300 * 1024;
const file = new Uint8Array(seededRandom(1).bytes(FILE_SIZE));

/** Segments over the file; the last four bytes of a unit stand for its checksum. */
function setUp(cacheSize = 1 << 20) {
  const counts = { reads: 0, checks: 0 };
  const segments = new BlockSegments({
    cache: new PageCache(cacheSize),
    end: FILE_SIZE,
    read(offset, size) {
      counts.reads += 1;
      return file.slice(offset, offset + size);
    },
    check({ size }, bytes, start) {
      counts.checks += 1;
      return bytes.subarray(start, start + size - 4);
    },
  });
  return { segments, counts };
}

function expected(offset: number, size: number): Uint8Array {
  return file.subarray(offset, offset + size - 4);
}

test("neighbours share a read, and each is checked once", () => {
  const { segments, counts } = setUp();
  for (const offset of [1000, 1005, 2000, 1005, 1000]) {
    expect(segments.payload({ offset, size: 5 })).toEqual(expected(offset, 5));
  }
  expect(counts).toEqual({ reads: 1, checks: 3 });
});

test.for([
  { name: "ends with its segment", offset: 128 * 1024 - 10, size: 10, reads: 1 },
  { name: "goes on in the next segment", offset: 128 * 1024 - 10, size: 11, reads: 2 },
  { name: "spans a whole segment", offset: 127 * 1024, size: 130 * 1024, reads: 3 },
  { name: "ends with the file", offset: FILE_SIZE - 10, size: 10, reads: 1 },
])("a unit that $name", ({ offset, size, reads }) => {
  const { segments, counts } = setUp();
  expect(segments.payload({ offset, size })).toEqual(expected(offset, size));
  expect(counts.reads).toBe(reads);
});

test("what was read again is checked again", () => {
  const { segments, counts } = setUp(1);
  const units = [0, 200_000, 0].map((offset) => ({ offset, size: 100 }));
  for (const unit of units) {
    expect(segments.payload(unit)).toEqual(expected(unit.offset, unit.size));
  }
  expect(counts).toEqual({ reads: 3, checks: 3 });
});

import { DEFAULT_TENANT, seriesKey } from "@tideline/model";
import type { FoundSeries } from "@tideline/storage";
import { expect, test } from "vitest";
import { seriesLines } from "./lines.ts";

const block = {
  count: 2,
  minMs: 0,
  maxMs: 15_000,
  entryFlags: 0,
  entryBits: new Uint8Array(),
  flags: 0,
  timestamps: { offset: 16, size: 15 },
};

test("a block tells where its values lie: by themselves, or in a group of many", () => {
  const found: FoundSeries = {
    key: seriesKey(DEFAULT_TENANT, [{ name: "__name__", value: "up" }]),
    where: "a.part",
    rowCount: 0,
    deleted: [],
    blocks: [
      { ...block, value: { offset: 100, size: 9, inGroup: null } },
      { ...block, value: { offset: 200, size: 1_673, inGroup: { start: 40, size: 12 } } },
    ],
  };
  expect([...seriesLines(found)]).toEqual([
    '{__name__="up"}  tenant 0:0',
    "  a.part: 2 blocks",
    "    2 samples, 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:15.000Z, values 9 bytes at 100, times 15 bytes at 16",
    "    2 samples, 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:15.000Z, values 12 bytes at 40 in the group of 1673 bytes at 200, times 15 bytes at 16",
  ]);
});

import { ByteWriter } from "@tideline/common";
import { forEachSeed } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { blockStats, FLAG_NAN, FLAG_RESET, FLAG_STALE } from "./block-stats.ts";
import { randomValues, seriesEntryOf } from "./part-fixtures.ts";
import { blockFacts, blockStatBits, encodeBlock } from "./series-entry.ts";

/** `S` stands for a staleness marker. */
function valuesOf(text: string): Float64Array {
  const parts = text.split(" ");
  const values = new Float64Array(parts.length);
  const words = new Uint32Array(values.buffer);
  for (const [i, part] of parts.entries()) {
    if (part === "S") words.set([2, 0x7ff0_0000], i * 2);
    else values[i] = Number(part);
  }
  return values;
}

test.for([
  { name: "a growing counter", values: "1 2 2 9", flags: 0, min: 0, max: 3 },
  { name: "a reset", values: "5 9 2 3", flags: FLAG_RESET, min: 2, max: 1 },
  { name: "a marker ends nothing", values: "5 S 6", flags: FLAG_STALE, min: 0, max: 2 },
  {
    name: "a reset behind a marker",
    values: "5 S 4",
    flags: FLAG_STALE | FLAG_RESET,
    min: 2,
    max: 0,
  },
  { name: "a NaN is not compared", values: "5 NaN 4", flags: FLAG_NAN, min: 2, max: 0 },
  { name: "only NaNs", values: "NaN S", flags: FLAG_NAN | FLAG_STALE, min: 0, max: 0 },
  {
    name: "infinities are numbers",
    values: "S Infinity -Infinity",
    flags: FLAG_STALE | FLAG_RESET,
    min: 2,
    max: 1,
  },
  { name: "the first of equals counts", values: "0 -0 0", flags: 0, min: 0, max: 0 },
  { name: "one infinity", values: "Infinity", flags: 0, min: 0, max: 0 },
])("stats of $name", ({ values, flags, min, max }) => {
  expect(blockStats(valuesOf(values))).toEqual({ flags, minIndex: min, maxIndex: max });
});

test("the values of the stats come back bit for bit", () => {
  forEachSeed(300, (random) => {
    const values = randomValues(random, 1 + random.below(9));
    const timestampsMs = Float64Array.from(values.keys());
    const pointer = { offset: random.below(2 ** 40), size: 1 + random.below(1000) };
    const stretch = { start: random.u32(), size: random.below(9) };
    const place = { ...pointer, inGroup: random.chance(0.5) ? stretch : null };
    const blocks = new ByteWriter();
    encodeBlock(blocks, blockFacts(values, timestampsMs), place, pointer);
    const entry = new ByteWriter();
    entry.sized(new Uint8Array(8));
    entry.varint(1);
    entry.raw(blocks.bytes());
    const [block] = seriesEntryOf(entry.bytes()).blocks;
    if (!block) throw new Error("no block");
    expect(block).toMatchObject({ count: values.length, minMs: 0, maxMs: values.length - 1 });
    expect(block.value).toEqual(place);
    const { flags, minIndex, maxIndex } = blockStats(values);
    expect(block.flags).toBe(flags);
    const bits = new Uint8Array(values.buffer);
    const expected = [0, values.length - 1, minIndex, maxIndex].map((i) =>
      bits.subarray(i * 8, i * 8 + 8),
    );
    expect(Buffer.compare(blockStatBits(block), Buffer.concat(expected))).toBe(0);
  });
});

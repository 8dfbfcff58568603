import { ByteReader, ByteWriter } from "@tideline/common";
import { forEachSeed } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { readRuns, runsOf } from "./runs.ts";

function encoded(words: readonly number[]): ByteReader {
  const writer = new ByteWriter();
  for (const word of words) writer.u32(word);
  return new ByteReader(writer.copy());
}

test("runs are found where they are smaller", () => {
  expect([...(runsOf(Uint32Array.of(5, 6, 7, 8, 9, 10), 1) ?? [])]).toEqual([5, 6]);
  expect([...(runsOf(Uint32Array.of(7, 7, 7, 7, 9, 9), 0) ?? [])]).toEqual([7, 4, 9, 2]);
  expect(runsOf(Uint32Array.of(1, 2, 3), 1)).toBeNull();
  expect(runsOf(Uint32Array.of(1, 3, 5, 7, 9, 11, 13), 1)).toBeNull();
  // Behind the last slot comes none.
  const end = 0xffff_ffff;
  const words = [end - 2, end - 1, end, 0, 1, 2, 3, 4];
  expect([...(runsOf(Uint32Array.from(words), 1) ?? [])]).toEqual([end - 2, 3, 0, 5]);
});

test("a column comes back from its runs", () => {
  forEachSeed(200, (random) => {
    const step = random.pick([0, 1] as const);
    let value = random.u32();
    const column = new Uint32Array(1 + random.below(300)).map(() => {
      value = random.chance(0.1) ? random.u32() : value + step;
      return value;
    });
    const runs = runsOf(column, step);
    if (!runs) return;
    const reader = encoded([runs.length / 2, ...runs]);
    expect(readRuns(reader, column.length, step)).toEqual(column);
    expect(reader.restSize).toBe(0);
  });
});

test.for([
  { name: "too few", words: [1, 5, 3] },
  { name: "too many", words: [1, 5, 5] },
  { name: "an empty one", words: [2, 5, 4, 1, 0] },
  { name: "an empty one before", words: [2, 5, 0, 1, 4] },
  { name: "past the last number", words: [1, 0xffff_fffd, 4] },
  { name: "fewer than counted", words: [2, 5, 2] },
])("runs that lie are refused: $name", ({ words }) => {
  expect(() => readRuns(encoded(words), 4, 1)).toThrow(RangeError);
});

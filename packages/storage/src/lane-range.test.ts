import { forEachSeed } from "@tideline/common/testing";
import { identityRange } from "@tideline/model";
import { expect, test } from "vitest";
import { isLaneRange, rangeCovers, rangesMeet, wordsOfRange } from "./lane-range.ts";

test("the words of a range are those that identityRange puts there", () => {
  forEachSeed(300, (random) => {
    const count = 1 + random.below(random.pick([4, 64, 65_536]));
    const index = random.below(count);
    const { firstWord, endWord } = wordsOfRange({ index, count });
    const rangeOf = (word: number): number => {
      const identity = new Uint8Array(16);
      new DataView(identity.buffer).setUint32(0, word);
      return identityRange(identity, count);
    };
    expect(rangeOf(firstWord)).toBe(index);
    expect(rangeOf(endWord - 1)).toBe(index);
    expect(index === 0 || rangeOf(firstWord - 1) === index - 1).toBe(true);
    expect(index === count - 1 || rangeOf(endWord) === index + 1).toBe(true);
  });
});

test.for([
  { a: [0, 2], b: [0, 4], meet: true, aCoversB: true },
  { a: [0, 2], b: [1, 4], meet: true, aCoversB: true },
  { a: [0, 2], b: [2, 4], meet: false, aCoversB: false },
  { a: [0, 2], b: [1, 3], meet: true, aCoversB: false },
  { a: [0, 1], b: [3, 7], meet: true, aCoversB: true },
  { a: [1, 2], b: [1, 2], meet: true, aCoversB: true },
] as const)("$a and $b", ({ a, b, meet, aCoversB }) => {
  const rangeA = { index: a[0], count: a[1] };
  const rangeB = { index: b[0], count: b[1] };
  expect(rangesMeet(rangeA, rangeB)).toBe(meet);
  expect(rangesMeet(rangeB, rangeA)).toBe(meet);
  expect(rangeCovers(rangeA, rangeB)).toBe(aCoversB);
});

test("a range is one of its count", () => {
  expect(isLaneRange({ index: 2, count: 2 })).toBe(false);
  expect(isLaneRange({ index: 0, count: 0 })).toBe(false);
  expect(isLaneRange({ index: 1, count: 2 })).toBe(true);
});

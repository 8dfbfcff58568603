import { forEachSeed } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { PostingLists } from "./posting-lists.ts";

test("lists of any length keep their elements while others grow", () => {
  forEachSeed(15, (random) => {
    const lists = new PostingLists();
    const expected: number[][] = [];
    for (let value = 0; value < 6_000; value += 1) {
      if (expected.length === 0 || random.chance(0.01)) {
        expected[lists.addList()] = [];
      }
      // Some grow long.
      const list = random.chance(0.5) ? 0 : random.below(expected.length);
      lists.append(list, value * 7);
      (expected[list] as number[]).push(value * 7);
    }
    expected.forEach((elements, list) => {
      expect(lists.count(list)).toBe(elements.length);
      expect([...lists.elements(list)]).toEqual(elements);
    });
  });
});

test("what was read of a list stays as it was when the list grows", () => {
  const lists = new PostingLists();
  const list = lists.addList();
  const read: Uint32Array[] = [];
  for (let value = 0; value < 600; value += 1) {
    read.push(lists.elements(list));
    lists.append(list, value);
  }
  read.forEach((elements, count) => {
    expect([...elements]).toEqual(Array.from({ length: count }, (_, i) => i));
  });
});

test("a long list takes little more than its elements", () => {
  const lists = new PostingLists();
  const all = Array.from({ length: 10 }, () => lists.addList());
  for (let value = 0; value < 200_000; value += 1) {
    for (const list of all) lists.append(list, value);
  }
  expect(lists.memorySize).toBeLessThan(200_000 * 10 * 4.1 + 2 ** 20);
});

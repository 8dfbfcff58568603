import { forEachSeed } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { PageCache, type PageMap } from "./page-cache.ts";

test("the cache keeps to its budget and gives back only what was added", () => {
  forEachSeed(50, (random) => {
    const cache = new PageCache(20_000);
    const owners = Array.from({ length: 3 }, (): PageMap<string> => new Map());
    const newest = new Map<PageMap<string>, Map<number, string>>();
    for (const owner of owners) newest.set(owner, new Map());
    for (let i = 0; i < 500; i += 1) {
      const owner = random.pick(owners);
      const offset = random.below(40);
      const found = cache.get(owner, offset);
      expect([undefined, newest.get(owner)?.get(offset)]).toContain(found);
      if (random.chance(0.5)) {
        cache.add(owner, offset, `${i}`, random.below(2000));
        newest.get(owner)?.set(offset, `${i}`);
      }
      if (random.chance(0.01)) cache.drop(owner);
      expect(cache.size).toBeLessThanOrEqual(20_000);
    }
    for (const owner of owners) cache.drop(owner);
    expect(cache.size).toBe(0);
  });
});

test("what is used stays longer than what is not", () => {
  const cache = new PageCache(10_000);
  const owner: PageMap<number> = new Map();
  cache.add(owner, 1, 1, 0);
  for (let i = 2; i < 500; i += 1) {
    expect(cache.get(owner, 1)).toBe(1);
    cache.add(owner, i, i, 0);
  }
  expect(cache.get(owner, 2)).toBeUndefined();
});

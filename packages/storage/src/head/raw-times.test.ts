import { forEachSeed } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { RawTimes } from "./raw-times.ts";

test("times of any age stand in their words until they are released", () => {
  forEachSeed(40, (random) => {
    const times = new RawTimes();
    const kept: { word: number; ms: number }[] = [];
    for (let step = 0; step < 400; step += 1) {
      if (random.chance(0.4)) {
        const [one] = kept.splice(random.below(kept.length), 1);
        if (one) times.release(one.word);
        continue;
      }
      const ms = random.pick([
        1.7e12 + random.below(1e9),
        random.below(2 ** 31) * 2 ** 20 + random.below(2 ** 20),
        -random.below(1e13),
        kept.at(-1)?.ms ?? 0,
        Number.MAX_SAFE_INTEGER,
        Number.MIN_SAFE_INTEGER,
      ]);
      kept.push({ word: times.wordOf(ms), ms });
    }
    for (const { word, ms } of kept) expect(times.msOf(word)).toBe(ms);
  });
});

test("a few weeks of samples take no memory but their words", () => {
  const times = new RawTimes();
  const startMs = Date.UTC(2026, 0, 1);
  for (let ms = startMs; ms < startMs + 30 * 86_400_000; ms += 60_000) {
    expect(times.msOf(times.wordOf(ms))).toBe(ms);
  }
  expect(times.memorySize).toBe(0);
});

test("entries of times that lie in no window are used again", () => {
  const times = new RawTimes();
  for (let round = 0; round < 100; round += 1) {
    const words = Array.from({ length: 50 }, (_, i) => times.wordOf((round * 50 + i) * 1e10));
    for (const word of words) times.release(word);
  }
  expect(times.memorySize).toBeLessThan(1024);
});

import { forEachSeed, type Random } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { mergeRanges, rangeContains, rangesLeft, rangesOverlap } from "./time-ranges.ts";
import type { TimeRange } from "./time-ranges.ts";

const END = 40;

function randomRange(random: Random): TimeRange {
  const startMs = random.below(END);
  return { startMs, endMs: startMs + random.below(END - startMs) };
}

function times(ranges: readonly TimeRange[]): number[] {
  const set = new Set<number>();
  for (const { startMs, endMs } of ranges) for (let t = startMs; t <= endMs; t += 1) set.add(t);
  return [...set].toSorted((a, b) => a - b);
}

test("merged ranges hold the same times, ascending, with a gap between any two", () => {
  forEachSeed(300, (random) => {
    const ranges = Array.from({ length: random.below(6) }, () => randomRange(random));
    const merged = mergeRanges(ranges);
    expect(times(merged)).toEqual(times(ranges));
    for (const [i, { startMs }] of merged.entries())
      expect(startMs).toBeGreaterThan((merged[i - 1]?.endMs ?? -Infinity) + 1);
  });
});

test("what is left is what was not taken", () => {
  forEachSeed(300, (random) => {
    const whole = randomRange(random);
    const taken = mergeRanges(Array.from({ length: random.below(6) }, () => randomRange(random)));
    const gone = new Set(times(taken));
    expect(rangesLeft(whole, taken).flatMap((left) => times([left]))).toEqual(
      times([whole]).filter((t) => !gone.has(t)),
    );
  });
});

test("ranges overlap and lie in each other as their times do", () => {
  forEachSeed(300, (random) => {
    const [a, b] = [randomRange(random), randomRange(random)];
    const inA = new Set(times([a]));
    const common = times([b]).filter((t) => inA.has(t));
    expect(rangesOverlap(a, b)).toBe(common.length > 0);
    expect(rangeContains(a, b)).toBe(common.length === times([b]).length);
  });
});

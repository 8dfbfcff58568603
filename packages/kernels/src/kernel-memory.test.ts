import { BugError } from "@tideline/common";
import { expect, test } from "vitest";
import { KernelMemory, REGION_SLACK, regionSize } from "./kernel-memory.ts";

test("regions lie apart, with slack, at cache lines, and a sum of their sizes is enough memory", () => {
  const sizes = [1, 63, 64, 65, 1_000, 0];
  const memory = new KernelMemory(sizes.reduce((sum, size) => sum + regionSize(size), 0));
  let end = 0;
  for (const size of sizes) {
    const region = memory.reserve(size);
    expect(region % 64).toBe(0);
    expect(region).toBeGreaterThanOrEqual(end);
    end = region + size + REGION_SLACK;
  }
  expect(end).toBeLessThanOrEqual(memory.bytes.length);
});

test("memory that was not reserved is a bug", () => {
  const memory = new KernelMemory(100);
  expect(() => memory.reserve(200_000)).toThrow(BugError);
  expect(() => new KernelMemory(2 ** 32)).toThrow(BugError);
});

test("memory cannot grow", () => {
  const { memory } = new KernelMemory(100);
  expect(() => memory.grow(1)).toThrow(RangeError);
});

import { forEachSeed } from "@tideline/common/testing";
import { wordsOf } from "@tideline/model";
import { expect, test } from "vitest";
import { SealedBlocks } from "./sealed-blocks.ts";

interface Sealed {
  readonly address: number;
  readonly previous: number;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

function expectSame(blocks: SealedBlocks, { address, previous, times, values }: Sealed): void {
  const count = times.length;
  expect(blocks.previous(address)).toBe(previous);
  expect(blocks.count(address)).toBe(count);
  expect(blocks.minMs(address)).toBe(times[0]);
  expect(blocks.maxMs(address)).toBe(times[count - 1]);
  const timestampsMs = new Float64Array(count + 2).fill(5);
  const read = new Float64Array(count + 2).fill(5);
  blocks.read(address, timestampsMs, read, 1);
  expect([...timestampsMs]).toEqual([5, ...times, 5]);
  expect([...wordsOf(read.slice(1, count + 1))]).toEqual([...wordsOf(values)]);
  expect([read[0], read[count + 1]]).toEqual([5, 5]);
}

test("sealed samples come back bit for bit, with times shared or not, over several slabs", () => {
  forEachSeed(3, (random) => {
    const blocks = new SealedBlocks();
    const all: Sealed[] = [];
    let times = Float64Array.of(1);
    let previous = 0;
    for (let i = 0; i < 12_000; i += 1) {
      if (random.chance(0.3)) {
        let ms = random.pick([-8e15, -1e12, 0, 1e12, 1.7e12]) + random.below(1000);
        times = new Float64Array(1 + random.below(32)).map(() => (ms += 1 + random.below(20_000)));
      }
      const values = new Float64Array(times.length).fill(random.below(10));
      const kind = random.below(3);
      for (let w = 0; w < values.length; w += 1) {
        if (kind === 1) values[w] = random.below(1000) / 10;
        if (kind === 2) wordsOf(values).set([random.u32(), random.u32()], w * 2);
      }
      const address = blocks.add(previous, times, wordsOf(values), times.length);
      expect(address).toBeGreaterThan(previous);
      all.push({ address, previous, times, values });
      previous = address;
    }
    for (const sealed of all) expectSame(blocks, sealed);
    for (let i = 0; i < 500; i += 1) expectSame(blocks, random.pick(all));
  });
});

/** Memory of many constant blocks, each with times that start `stepMs` after those of the one before. */
function sizeWith(stepMs: number): number {
  const blocks = new SealedBlocks();
  const values = wordsOf(new Float64Array(28).fill(1));
  for (let i = 0; i < 120_000; i += 1) {
    const times = new Float64Array(28).map((_, t) => i * stepMs + t * 15_000);
    blocks.add(0, times, values, 28);
  }
  return blocks.memorySize;
}

test("neighbours with equal times share them", () => {
  // A constant takes 24 bytes, times as much again and more.
  expect(sizeWith(0)).toBeLessThan(4 * 2 ** 20);
  expect(sizeWith(1)).toBeGreaterThan(6 * 2 ** 20);
});

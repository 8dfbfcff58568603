import { forEachSeed, type Random } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { KnownBlocks } from "./known-blocks.ts";

function bytesOf(number: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (number >>> ((i % 4) * 8)) & 0xff);
}

interface Added {
  readonly bytes: Uint8Array;
  readonly tag: number;
  readonly place: number;
}

function randomBlock(random: Random): Pick<Added, "bytes" | "tag"> {
  const size = random.chance(0.05) ? random.below(9000) : 4 + random.below(60);
  return { bytes: bytesOf(random.below(3000), size), tag: random.below(2) };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

test("what is found was added with these bytes and this tag, and of what was added the newest is found", () => {
  forEachSeed(30, (random) => {
    const sizeMax = 2 ** (13 + random.below(6));
    const known = new KnownBlocks<number>(sizeMax);
    const added: Added[] = [];
    let newest: Added | null = null;
    for (let place = 0; place < 3000; place += 1) {
      const block = randomBlock(random);
      const found = known.find(block.bytes, block.tag);
      const hit = found === undefined ? null : (added[found] as Added);
      expect(hit === null || (hit.tag === block.tag && isSame(hit.bytes, block.bytes))).toBe(true);
      const one = { ...block, place: added.length };
      added.push(one);
      if (found !== undefined) continue;
      known.add(block.bytes, block.tag, one.place);
      if (block.bytes.length <= sizeMax / 2) newest = one;
      const again = newest ? known.find(newest.bytes, newest.tag) : undefined;
      expect(again).toBe(newest?.place);
    }
  });
});

test("nothing is forgotten while there is room, the oldest first when there is none", () => {
  const known = new KnownBlocks<number>(1 << 20);
  const countMax = Math.floor((1 << 19) / 192);
  for (let i = 0; i < countMax; i += 1) known.add(bytesOf(i, 40), 0, i);
  for (let i = 0; i < countMax; i += 1) expect(known.find(bytesOf(i, 40), 0)).toBe(i);
  for (let i = 0; i < 10; i += 1) known.add(bytesOf(i, 40), 1, i);
  for (let i = 0; i < 10; i += 1) expect(known.find(bytesOf(i, 40), 0)).toBeUndefined();
  for (let i = 10; i < countMax; i += 1) expect(known.find(bytesOf(i, 40), 0)).toBe(i);
});

test("memory stays within its bound, whatever is added", () => {
  const sizeMax = 1 << 19;
  const known = new KnownBlocks<number>(sizeMax);
  for (let i = 0; i < 50_000; i += 1) known.add(bytesOf(i, 8 + (i % 300)), 0, i);
  expect(known.memorySize).toBeLessThan(sizeMax);
  expect(known.count).toBeGreaterThan(500);
  known.clear();
  expect(known.memorySize).toBeLessThan(10_000);
  expect(known.find(bytesOf(49_999, 8 + (49_999 % 300)), 0)).toBeUndefined();
});

import { ByteReader, ByteWriter } from "@tideline/common";
import { forEachSeed, type Random } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { decodePostings, PostingList } from "./posting-set.ts";

function randomOrdinals(random: Random): number[] {
  const ordinals: number[] = [];
  let ordinal = random.below(3);
  const gapMax = random.pick([2, 4, 1000, 2 ** 24]);
  for (let i = 1 + random.below(200); i > 0; i -= 1) {
    ordinals.push(ordinal);
    ordinal += 1 + (random.chance(0.5) ? 0 : random.below(gapMax));
  }
  return ordinals;
}

function encoded(ordinals: readonly number[]): Uint8Array {
  const list = new PostingList(ordinals[0] ?? 0);
  for (const ordinal of ordinals.slice(1)) list.add(ordinal);
  expect(list.count).toBe(ordinals.length);
  const writer = new ByteWriter();
  list.encode(writer);
  return writer.copy();
}

test("a set comes back, and every truncation of it is noticed", () => {
  forEachSeed(200, (random) => {
    const ordinals = randomOrdinals(random);
    const bytes = encoded(ordinals);
    expect([...decodePostings(new ByteReader(bytes), 2 ** 32)]).toEqual(ordinals);
    for (let size = 0; size < bytes.length; size += 1)
      expect(() => decodePostings(new ByteReader(bytes.subarray(0, size)), 2 ** 32)).toThrow(
        RangeError,
      );
  });
});

test("sets of neighbours are small, whatever their count", () => {
  const ordinals = Array.from({ length: 100_000 }, (_, i) => i + 7);
  expect(encoded(ordinals).length).toBeLessThan(10);
});

test("random bytes do no harm", () => {
  forEachSeed(300, (random) => {
    const reader = new ByteReader(random.bytes(random.below(40)));
    try {
      const ordinals = decodePostings(reader, 1000);
      expect(ordinals.every((ordinal, i) => i === 0 || ordinal > (ordinals[i - 1] ?? 0))).toBe(
        true,
      );
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  });
});

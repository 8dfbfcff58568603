import { ByteReader, ByteWriter } from "@tideline/common";
import { forEachSeed, type Random } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { decodePostings, PostingSets } from "./posting-set.ts";

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

function encodedSet(sets: PostingSets, set: number): Uint8Array {
  const writer = new ByteWriter();
  sets.encode(set, writer);
  return writer.copy();
}

function encoded(ordinals: readonly number[]): Uint8Array {
  const sets = new PostingSets();
  const set = sets.open(ordinals[0] ?? 0);
  for (const ordinal of ordinals.slice(1)) sets.add(set, ordinal);
  return encodedSet(sets, set);
}

test("sets that grow side by side do not touch each other", () => {
  forEachSeed(50, (random) => {
    const sets = new PostingSets();
    const wanted = Array.from({ length: 1 + random.below(60) }, () => randomOrdinals(random));
    const added = wanted.map((ordinals, set) => {
      expect(sets.open(ordinals[0] ?? 0)).toBe(set);
      return 1;
    });
    for (let rest = wanted.flat().length - wanted.length; rest > 0;) {
      const set = random.below(wanted.length);
      const ordinal = wanted[set]?.[added[set] ?? 0];
      if (ordinal === undefined) continue;
      sets.add(set, ordinal);
      added[set] = (added[set] ?? 0) + 1;
      rest -= 1;
    }
    for (const [set, ordinals] of wanted.entries()) {
      const bytes = encodedSet(sets, set);
      expect([...decodePostings(new ByteReader(bytes), 2 ** 32)]).toEqual(ordinals);
    }
  });
});

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

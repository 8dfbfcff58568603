import { forEachSeed, type Random } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import { beats, isStaleAt, wordsOf } from "./sample-merge.ts";

/** Bit patterns, from weakest to strongest. */
const ASCENDING = [
  { name: "staleness marker", bits: 0x7ff0_0000_0000_0002n },
  { name: "signalling NaN", bits: 0x7ff0_0000_0000_0001n },
  { name: "quiet NaN", bits: 0x7ff8_0000_0000_0000n },
  { name: "quiet NaN with payload", bits: 0x7ff8_0000_0000_0001n },
  { name: "negative NaN", bits: 0xfff8_0000_0000_0000n },
  { name: "-Inf", bits: 0xfff0_0000_0000_0000n },
  { name: "-2", bits: 0xc000_0000_0000_0000n },
  { name: "-1", bits: 0xbff0_0000_0000_0000n },
  { name: "smallest below zero", bits: 0x8000_0000_0000_0001n },
  { name: "-0", bits: 0x8000_0000_0000_0000n },
  { name: "+0", bits: 0n },
  { name: "smallest above zero", bits: 1n },
  { name: "1", bits: 0x3ff0_0000_0000_0000n },
  { name: "2", bits: 0x4000_0000_0000_0000n },
  { name: "+Inf", bits: 0x7ff0_0000_0000_0000n },
];

function wordsOfBits(bits: readonly bigint[]): Uint32Array {
  return wordsOf(new Float64Array(BigUint64Array.from(bits).buffer));
}

const words = wordsOfBits(ASCENDING.map(({ bits }) => bits));

/** The winner of samples a and b. */
function merge(all: Uint32Array, a: number, b: number): number {
  return beats(all, b, all, a) ? b : a;
}

function randomBits(random: Random): bigint {
  if (random.chance(0.5)) return random.pick(ASCENDING).bits;
  return (BigInt(random.u32()) << 32n) | BigInt(random.u32());
}

function sameBits(all: Uint32Array, a: number, b: number): boolean {
  return all[a * 2] === all[b * 2] && all[a * 2 + 1] === all[b * 2 + 1];
}

describe("of two samples at one time", () => {
  test.for(
    ASCENDING.slice(1).map(({ name }, i) => ({ name, weaker: ASCENDING[i]?.name, index: i })),
  )("$name beats $weaker", ({ index }) => {
    expect(beats(words, index + 1, words, index)).toBe(true);
    expect(beats(words, index, words, index + 1)).toBe(false);
  });

  test("equal bits do not beat each other", () => {
    for (const index of ASCENDING.keys()) expect(beats(words, index, words, index)).toBe(false);
  });

  test("the winner does not depend on order or repetition", () => {
    forEachSeed(3000, (random) => {
      const all = wordsOfBits([randomBits(random), randomBits(random), randomBits(random)]);
      const [a, b, c] = [0, 1, 2] as const;
      // Commutative, associative, idempotent.
      expect(sameBits(all, merge(all, a, b), merge(all, b, a))).toBe(true);
      const left = merge(all, merge(all, a, b), c);
      const right = merge(all, a, merge(all, b, c));
      expect(sameBits(all, left, right)).toBe(true);
      expect(sameBits(all, merge(all, merge(all, a, b), b), merge(all, a, b))).toBe(true);
    });
  });

  test("of two numbers the greater wins", () => {
    forEachSeed(1000, (random) => {
      const values = Float64Array.of((random.float() - 0.5) * 1e3, (random.float() - 0.5) * 1e3);
      const all = wordsOf(values);
      expect(beats(all, 1, all, 0)).toBe((values[1] as number) > (values[0] as number));
    });
  });
});

test("only the staleness marker is stale", () => {
  const stale = ASCENDING.filter((_, index) => isStaleAt(words, index));
  expect(stale.map(({ name }) => name)).toEqual(["staleness marker"]);
});

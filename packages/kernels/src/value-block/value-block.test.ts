import { forEachSeed, type Random } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import { decodeValuesPlain, encodeValuesPlain, VALUES_PER_BLOCK_MAX } from "./plain.ts";
import { type Shape, SHAPES } from "./value-block-fixtures.ts";
import { seriesValues } from "../series-memory.ts";
import { decodeValues, encodeValues, packValuesInto } from "./wasm.ts";

const TWINS = [
  { name: "plain", encode: encodeValuesPlain, decode: decodeValuesPlain },
  { name: "wasm", encode: encodeValues, decode: decodeValues },
  { name: "wasm, in place", encode: encodeValues, decode: decodeInPlace },
  { name: "wasm, into memory of the caller", encode: packedInto, decode: decodeValues },
];

function packedInto(values: Float64Array): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const sizeMax = 1 + values.length * 8;
  const target = new Uint8Array(sizeMax + 20).fill(0xa5);
  const size = packValuesInto(words, values.length, target, 10);
  expect(size).toBeLessThanOrEqual(sizeMax);
  const around = [...target.subarray(0, 10), ...target.subarray(10 + size)];
  expect(around.every((byte) => byte === 0xa5)).toBe(true);
  return target.slice(10, 10 + size);
}

function decodeInPlace(block: Uint8Array, target: Float64Array): void {
  const place = seriesValues.subarray(1, 1 + target.length);
  seriesValues[0] = 1 / 3;
  decodeValues(block, place);
  expect(seriesValues[0]).toBe(1 / 3);
  bitsOf(target).set(bitsOf(place));
}

/** Lengths around the borders of runs, mini-blocks and blocks, and any other. */
function lengthOf(random: Random): number {
  const lengths = [1, 2, 3, 4, 5, 7, 8, 9, 16, 63, 64, 65, 255, 256, 257, 511, 513, 1024, 2047];
  return random.chance(0.5) ? random.pick(lengths) : 1 + random.below(600);
}

function bitsOf(values: Float64Array): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function expectSameBits(actual: Float64Array, expected: Float64Array): void {
  const actualBits = bitsOf(actual);
  const expectedBits = bitsOf(expected);
  if (actualBits.equals(expectedBits)) return;
  expect(actualBits.toString("hex")).toBe(expectedBits.toString("hex"));
}

function decoded(decode: typeof decodeValues, block: Uint8Array, count: number): Float64Array {
  const target = new Float64Array(count).fill(7);
  decode(block, target);
  return target;
}

describe.for(SHAPES)("$name", ({ make }: Shape) => {
  test("comes back bit for bit from both twins, which write the same bytes", () => {
    forEachSeed(40, (random) => {
      const values = make(random, lengthOf(random));
      const block = encodeValues(values);
      expect(Buffer.compare(block, encodeValuesPlain(values))).toBe(0);
      expect(block.length).toBeLessThanOrEqual(1 + values.byteLength);
      for (const { decode } of TWINS) expectSameBits(decoded(decode, block, values.length), values);
    });
  });

  test("comes back as a whole block", () => {
    forEachSeed(2, (random) => {
      const values = make(random, VALUES_PER_BLOCK_MAX);
      const block = encodeValues(values);
      expect(Buffer.compare(block, encodeValuesPlain(values))).toBe(0);
      expectSameBits(decoded(decodeValues, block, values.length), values);
    });
  });
});

test("mixtures of shapes come back", () => {
  forEachSeed(150, (random) => {
    const pieces = Array.from({ length: 1 + random.below(4) }, () =>
      random.pick(SHAPES).make(random, 1 + random.below(300)),
    );
    const whole = new Float64Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    bitsOf(whole).set(Buffer.concat(pieces.map(bitsOf)));
    const block = encodeValues(whole);
    expect(Buffer.compare(block, encodeValuesPlain(whole))).toBe(0);
    for (const { decode } of TWINS) expectSameBits(decoded(decode, block, whole.length), whole);
  });
});

test("values inside a larger array are read and written in their place alone", () => {
  const large = new Float64Array(20).fill(3);
  const values = large.subarray(5, 12);
  values.set([1, 2, 4, 8, 16, 32, 64]);
  const target = new Float64Array(20).fill(9);
  decodeValues(encodeValues(values), target.subarray(2, 9));
  expect([...target.subarray(0, 11)]).toEqual([9, 9, 1, 2, 4, 8, 16, 32, 64, 9, 9]);
});

test.for([
  { name: "a constant", shape: 0, sizeMax: 9 },
  { name: "a line", shape: 1, sizeMax: 90 },
  { name: "a rare change", shape: 2, sizeMax: 500 },
  { name: "a counter", shape: 3, sizeMax: 11_000 },
  { name: "a great counter with resets", shape: 5, sizeMax: 14_000 },
  { name: "seconds in hundredths", shape: 10, sizeMax: 7_000 },
  { name: "near decimals", shape: 13, sizeMax: 16_000 },
  { name: "random numbers", shape: 15, sizeMax: 60_000 },
])("$name of 8192 values takes at most $sizeMax bytes", ({ shape, sizeMax }) => {
  forEachSeed(3, (random) => {
    const values = (SHAPES[shape] as Shape).make(random, VALUES_PER_BLOCK_MAX);
    expect(encodeValues(values).length).toBeLessThanOrEqual(sizeMax);
  });
});

/** What a decoder makes of bytes: bits, or its RangeError. */
function outcome(decode: typeof decodeValues, block: Uint8Array, count: number): string {
  try {
    return bitsOf(decoded(decode, block, count)).toString("base64");
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return "RangeError";
  }
}

describe("untrusted bytes", () => {
  test("a truncated block, or one with a byte too many, is a RangeError", () => {
    forEachSeed(60, (random) => {
      const values = random.pick(SHAPES).make(random, 1 + random.below(100));
      const block = encodeValues(values);
      for (let size = 0; size < block.length; size += 1) {
        for (const { decode } of TWINS) {
          expect(outcome(decode, block.subarray(0, size), values.length)).toBe("RangeError");
        }
      }
      const longer = Buffer.concat([block, random.bytes(1)]);
      for (const { decode } of TWINS)
        expect(outcome(decode, longer, values.length)).toBe("RangeError");
    });
  });

  test("flipped bits and lies about the length give the same from both twins", () => {
    forEachSeed(1_500, (random) => {
      const count = lengthOf(random) % 700 || 1;
      const block = encodeValues(random.pick(SHAPES).make(random, count));
      for (let flips = random.below(4); flips >= 0; flips -= 1) {
        // Heads matter most: the first bytes are hit more often.
        const at = random.chance(0.5)
          ? random.below(Math.min(24, block.length))
          : random.below(block.length);
        block[at] = (block[at] as number) ^ (1 << random.below(8));
      }
      for (const claimed of [count, 1 + random.below(VALUES_PER_BLOCK_MAX)]) {
        expect(outcome(decodeValues, block, claimed)).toBe(
          outcome(decodeValuesPlain, block, claimed),
        );
      }
    });
  });

  test("random bytes behind a codec's id give the same from both twins", () => {
    forEachSeed(2_000, (random) => {
      const block = random.bytes(1 + random.below(300));
      block[0] = random.below(6);
      const count = 1 + random.below(200);
      expect(outcome(decodeValues, block, count)).toBe(outcome(decodeValuesPlain, block, count));
    });
  });

  test.for([0, VALUES_PER_BLOCK_MAX + 1])("no block has %i values", (count) => {
    const block = encodeValues(new Float64Array([1, 2, 3]));
    for (const { decode } of TWINS) {
      expect(() => {
        decode(block, new Float64Array(count));
      }).toThrow(RangeError);
    }
  });
});

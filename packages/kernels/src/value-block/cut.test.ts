import { BugError } from "@tideline/common";
import { forEachSeed } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import { cutValuesPlain } from "./cut.ts";
import { wrapValues } from "./plain.ts";
import { SHAPES } from "./value-block-fixtures.ts";
import { cutValues, decodeValues, encodeValues } from "./wasm.ts";

const TWINS = [
  { name: "plain", cut: cutValuesPlain },
  { name: "wasm", cut: cutValues },
];

function bitsOf(values: Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex");
}

describe.for(TWINS)("$name", ({ cut }) => {
  test("a cut holds its values bit for bit, and is shorter than the block", () => {
    forEachSeed(200, (random) => {
      const values = random
        .pick(SHAPES)
        .make(random, 2 + random.below(random.chance(0.3) ? 8190 : 600));
      const block = encodeValues(values);
      const from = random.below(values.length);
      // Few values mostly, as an instant query wants them: they lie in one run.
      const rest = values.length - from;
      const to = from + 1 + random.below(random.chance(0.7) ? Math.min(30, rest) : rest);
      const bytes = cut(block, { count: values.length, from, to });
      const isShorter = 1 + (to - from) * 8 < block.length;
      const isConstant = block.length === 9;
      expect(bytes !== null).toBe(isShorter || isConstant);
      if (bytes === null) return;
      expect(bytes.length).toBeLessThanOrEqual(block.length);
      const target = new Float64Array(to - from);
      decodeValues(bytes, target);
      expect(bitsOf(target)).toBe(bitsOf(values.subarray(from, to)));
    });
  });

  test("a constant says the same of any count", () => {
    const block = encodeValues(new Float64Array(100).fill(1.5));
    expect(cut(block, { count: 100, from: 90, to: 100 })).toBe(block);
  });

  test("bytes that are no block are refused", () => {
    const block = encodeValues(Float64Array.from({ length: 300 }, (_, i) => i * i));
    const broken = block.subarray(0, block.length - 1);
    expect(() => cut(broken, { count: 300, from: 0, to: 1 })).toThrow(RangeError);
  });

  test("a cut outside of its block is a fault of ours", () => {
    const block = encodeValues(new Float64Array(4).fill(1));
    expect(() => cut(block, { count: 4, from: 2, to: 5 })).toThrow(BugError);
    expect(() => cut(block, { count: 4, from: 2, to: 2 })).toThrow(BugError);
  });
});

test("wrapped values come back bit for bit", () => {
  forEachSeed(200, (random) => {
    const values = random.pick(SHAPES).make(random, 1 + random.below(200));
    const target = new Float64Array(values.length);
    decodeValues(wrapValues(values), target);
    expect(bitsOf(target)).toBe(bitsOf(values));
  });
  expect(wrapValues(new Float64Array(100).fill(1.5))).toHaveLength(9);
});

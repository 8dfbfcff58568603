import { BugError } from "@tideline/common";
import { forEachSeed } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import { CUT_NO_SHORTER, CUT_SAME, cutBytes, cutInPlace, cutSize } from "./cut-in-place.ts";
import { CutMarks } from "./cut-marks.ts";
import { cutValuesPlain, type ValueCut } from "./cut.ts";
import { wrapValues } from "./plain.ts";
import { SHAPES } from "./value-block-fixtures.ts";
import { decodeValues, encodeValues } from "./wasm.ts";

/** As the plain twin gives it; the block lies among other bytes. */
function cutValues(
  block: Uint8Array,
  cut: ValueCut,
  marks: CutMarks | null = null,
  slot = 0,
): Uint8Array | null {
  const bytes = new Uint8Array(block.length + 8).fill(0xff);
  bytes.set(block, 5);
  const at = cutInPlace(bytes, 5, 5 + block.length, cut, marks, slot);
  if (at === CUT_SAME) return block;
  return at === CUT_NO_SHORTER ? null : cutBytes.slice(at, at + cutSize(cut));
}

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

describe("with marks", () => {
  const size = 64 * 1024;

  test("cuts of one block are the same, wherever those before them began", () => {
    forEachSeed(60, (random) => {
      const values = random.pick(SHAPES).make(random, 1024 + random.below(7168));
      const block = encodeValues(values);
      const marks = new CutMarks(size);
      for (let turn = 0; turn < 12; turn += 1) {
        const from = random.below(values.length);
        const to = Math.min(values.length, from + 1 + random.below(random.chance(0.8) ? 30 : 2000));
        const cut = { count: values.length, from, to };
        const slot = marks.slotOf(1, 100, 0);
        const bytes = cutValues(block, cut, marks, slot);
        expect(bytes).toEqual(cutValuesPlain(block, cut));
      }
    });
  });

  /** Counters at 15 s, whose widths differ from mini-block to mini-block. */
  const block = encodeValues(Float64Array.from({ length: 5760 }, (_, i) => (i * i) % 70_001));
  const tail = { count: 5760, from: 5740, to: 5760 };

  function cutTail(marks: CutMarks, slot: number, bytes = block, cut: ValueCut = tail) {
    return cutValues(bytes, cut, marks, slot);
  }

  test("a second cut does not look at what lies before the first one", () => {
    const marks = new CutMarks(size);
    const slot = marks.slotOf(1, 100, 0);
    const cut = cutTail(marks, slot);
    const emptied = block.slice().fill(0xff, 1000, 2000);
    expect(() => cutTail(new CutMarks(size), slot, emptied)).toThrow(RangeError);
    expect(cutTail(marks, marks.slotOf(1, 100, 0), emptied)).toEqual(cut);
    // A cut somewhat behind the mark leaves it where it is.
    const less = { ...tail, from: 5750 };
    expect(cutTail(marks, slot, emptied, less)).toEqual(cutValuesPlain(block, less));
    expect(cutTail(marks, slot, emptied)).toEqual(cut);
  });

  test("another block that comes to the slot begins anew", () => {
    const marks = new CutMarks(200);
    const slot = marks.slotOf(1, 100, 0);
    cutTail(marks, slot);
    const other = encodeValues(Float64Array.from({ length: 5760 }, (_, i) => (i * i) % 7_001));
    expect(marks.slotOf(1, 100, 8)).toBe(slot);
    expect(cutTail(marks, slot, other)).toEqual(cutValuesPlain(other, tail));
  });

  test("a mark of other bytes is refused or gives other values, and reads nothing outside", () => {
    forEachSeed(100, (random) => {
      const marks = new CutMarks(size);
      const slot = marks.slotOf(1, 100, 0);
      cutTail(marks, slot);
      const values = random.pick(SHAPES).make(random, 5760);
      try {
        cutTail(marks, slot, encodeValues(values));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
      }
      expect(cutTail(new CutMarks(size), slot)).toEqual(cutValuesPlain(block, tail));
    });
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

/** Series of all the shapes that the codecs know, for the tests: seeded, as bits. */
import type { Random } from "@tideline/common/testing";

export interface Shape {
  readonly name: string;
  readonly make: (random: Random, count: number) => Float64Array<ArrayBuffer>;
}

function shape(name: string, value: (random: Random, i: number, before: number) => number): Shape {
  return {
    name,
    make(random, count) {
      const values = new Float64Array(count);
      let before = Math.floor(random.float() * 1e6);
      for (let i = 0; i < count; i += 1) {
        before = value(random, i, before);
        values[i] = before;
      }
      return values;
    },
  };
}

/** Patterns that numbers cannot carry, or hardly: high and low word. */
const ODD_PATTERNS: readonly (readonly [number, number])[] = [
  [0x7ff0_0000, 2], // staleness marker
  [0x7ff8_0000, 0], // NaN
  [0xfff8_0000, 0xdead_beef], // negative NaN with a payload
  [0x7ff0_0000, 1], // signalling NaN
  [0x7ff0_0000, 0], // +Inf
  [0xfff0_0000, 0], // -Inf
  [0x8000_0000, 0], // -0
  [0, 0], // +0
  [0, 1], // least subnormal
  [0x800f_ffff, 0xffff_ffff], // greatest negative subnormal
  [0x7fef_ffff, 0xffff_ffff], // greatest number
  [0x4340_0000, 0], // 2^53
  [0x4320_0000, 0], // 2^51
  [0xc31f_ffff, 0xffff_ffff], // just above -2^51
];

function sprinkled(name: string, base: Shape, probability: number): Shape {
  return {
    name,
    make(random, count) {
      const values = base.make(random, count);
      const words = new Uint32Array(values.buffer);
      for (let i = 0; i < count; i += 1) {
        if (!random.chance(probability)) continue;
        const [high, low] = random.pick(ODD_PATTERNS);
        words[i * 2] = low;
        words[i * 2 + 1] = high;
      }
      return values;
    },
  };
}

const counter = shape("a counter", (random, _, before) => before + random.below(1_000));
const gauge = shape("a gauge with two decimals", (random) => random.below(10_000) / 100);
const randomBits: Shape = {
  name: "random bits",
  make: (random, count) => new Float64Array(random.bytes(count * 8).buffer),
};

export const SHAPES: readonly Shape[] = [
  shape("a constant", () => 42.5),
  shape("a line", (_, i) => i * 15),
  shape("a rare change", (random, _, before) => (random.chance(0.01) ? random.below(10) : before)),
  counter,
  shape("a counter with resets", (random, _, before) =>
    random.chance(0.01) ? 0 : before + random.below(100),
  ),
  shape("a great counter with resets", (random, _, before) =>
    random.chance(0.01) ? 0 : before + 1e10 + random.below(100),
  ),
  shape("calm, then wild", (random, i, before) =>
    i % 1_900 < 1_500 ? before + 1 : random.below(2 ** 40) * 7,
  ),
  shape("bytes in pages", (random) => random.below(1_000_000) * 4096),
  shape("a wild integer", (random) => (random.float() - 0.5) * 2 ** random.below(60)),
  shape("rounded wild integers", (random) => Math.round((random.float() - 0.5) * 2 ** 52)),
  shape(
    "seconds in hundredths",
    (random, _, before) => Math.round(before * 100 + random.below(30)) / 100,
  ),
  gauge,
  shape("negative thousandths", (random) => -random.below(100_000) / 1000),
  shape("near decimals", (random, i) => (i + random.below(3)) * 0.001),
  shape("a running sum of decimals", (random, _, before) => before + random.below(10) * 0.1),
  shape("random numbers", (random) => random.float()),
  shape("very small numbers", (random) => random.float() * 1e-300),
  shape("very large numbers", (random) => random.float() * 1e300),
  sprinkled("a counter with a few odd patterns", counter, 0.02),
  sprinkled("a gauge with many odd patterns", gauge, 0.3),
  sprinkled(
    "near decimals with an odd pattern",
    shape("", (_, i) => i * 0.001),
    0.001,
  ),
  sprinkled("odd patterns only", gauge, 1),
  randomBits,
];

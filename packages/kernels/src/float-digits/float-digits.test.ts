import { forEachSeed, type Random } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { SAMPLE_TEXT_SIZE_MAX, sampleText, writeAscii } from "./plain.ts";
import { PointWriter, writeSampleText } from "./wasm.ts";

const bytes = new Uint8Array(SAMPLE_TEXT_SIZE_MAX);

function written(value: number): string {
  return Buffer.from(bytes.subarray(0, writeSampleText(value, bytes, 0))).toString("latin1");
}

/** The first value whose digits are not V8's, and what they are; null: there is none. */
function firstWrong(values: Iterable<number>): string | null {
  for (const value of values) {
    const text = written(value);
    if (text !== sampleText(value)) return `${value}: ${text}`;
  }
  return null;
}

const view = new DataView(new ArrayBuffer(8));

function fromBits(high: number, low: number): number {
  view.setUint32(0, high);
  view.setUint32(4, low);
  return view.getFloat64(0);
}

test("specials are Prometheus' own words", () => {
  expect([NaN, Infinity, -Infinity, 0, -0, 1, -1].map(written)).toEqual([
    "NaN",
    "+Inf",
    "-Inf",
    "0",
    "-0",
    "1",
    "-1",
  ]);
  expect(written(fromBits(0xfff8_0000, 0xdead))).toBe("NaN");
  expect(written(1e21)).toBe("1e+21");
  expect(written(1.5e-7)).toBe("1.5e-07");
});

function* powersAndNeighbours(): Generator<number> {
  for (let exponent = 0; exponent < 2047; exponent += 1) {
    for (const low of [0, 1, 2, 3, 0xffff_ffff]) {
      yield fromBits(exponent << 20, low);
      yield fromBits((exponent << 20) | 0xf_ffff, low);
      yield -fromBits(exponent << 20, low);
    }
  }
  const mantissas = ["1", "2", "5", "9", "9.5", "1.23456789", "8.98846567431158"];
  for (let exponent = -324; exponent <= 308; exponent += 1)
    for (const mantissa of mantissas) yield Number(`${mantissa}e${exponent}`);
}

test("powers of two and of ten, and their neighbours, have the shortest digits", () => {
  expect(firstWrong(powersAndNeighbours())).toBeNull();
});

const KINDS: readonly ((random: Random) => number)[] = [
  (random) => fromBits(random.below(2 ** 32), random.below(2 ** 32)),
  (random) => fromBits(random.below(0x10_0000), random.below(2 ** 32)),
  (random) => random.float(),
  (random) => random.float() * 1e6,
  (random) => random.below(2 ** 40) / 10 ** random.below(20),
  (random) => random.below(2 ** 40) * 2 ** (random.below(200) - 100),
  (random) => random.below(1e9) * 10 ** random.below(20),
  (random) => Number.MAX_SAFE_INTEGER + random.below(1e6),
  (random) => random.below(1e6) / random.below(1e6),
  (random) => -random.below(1e5),
];

test("any float has the digits that V8 gives it", () => {
  forEachSeed(400, (random) => {
    const kind = random.pick(KINDS);
    expect(firstWrong(Array.from({ length: 500 }, () => kind(random)))).toBeNull();
  });
});

test("points of a row come out as one after the other, whatever is absent", () => {
  forEachSeed(150, (random) => {
    const stepCount = 1 + random.below(random.pick([5, 600]));
    const openings = Array.from({ length: stepCount }, (_, step) =>
      Buffer.from(`,[${1_700_000_000 + step * random.pick([1, 0.125])},"`),
    );
    const writer = new PointWriter(openings);
    const other = new PointWriter([Buffer.from(',[5,"')]);
    const gaps = random.pick([0, 0.3, 1]);
    const values = Float64Array.from({ length: stepCount + 3 }, () => random.pick(KINDS)(random));
    const presence = new Uint8Array(stepCount + 3).map(() => (random.chance(gaps) ? 0 : 1));
    for (let round = 0; round < 2; round += 1) {
      let text = "";
      const target = {
        raw: (chunk: Uint8Array) => (text += Buffer.from(chunk).toString("latin1")),
      };
      writer.writeRow(values, presence, 3, target);
      let expected = "";
      for (let step = 0; step < stepCount; step += 1)
        if (presence[step + 3] === 1)
          expected += `${openings[step]!.toString()}${sampleText(values[step + 3]!)}"]`;
      expect(text).toBe(expected.slice(1));
      other.writeRow(Float64Array.of(0.5), Uint8Array.of(1), 0, target);
      expect(text).toBe(`${expected.slice(1)}[5,"0.5"]`);
    }
  });
});

test("more steps than there is room for are written in plain code", () => {
  const openings = Array.from({ length: 40_000 }, (_, step) => Buffer.from(`,[${step},"`));
  let text = "";
  const target = { raw: (chunk: Uint8Array) => (text += Buffer.from(chunk).toString("latin1")) };
  const values = new Float64Array(40_000).fill(0.25);
  new PointWriter(openings).writeRow(values, new Uint8Array(40_000).fill(1), 0, target);
  expect(text.slice(0, 24)).toBe('[0,"0.25"],[1,"0.25"],[2');
  expect(text.endsWith(',[39999,"0.25"]')).toBe(true);
});

test("ascii goes to bytes one by one", () => {
  expect(writeAscii("ab", bytes, 1)).toBe(3);
  expect([...bytes.subarray(1, 3)]).toEqual([97, 98]);
});

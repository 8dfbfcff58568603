import { forEachSeed } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import { sampleText } from "@tideline/kernels";
import { floatText, messageFloatText } from "@tideline/promql";
import { greater, lesser } from "./extremes.ts";
import { log2 } from "./go-logarithms.ts";
import { power } from "./go-power.ts";
import { CompensatedSum } from "./kahan.ts";
import { parseFloatText } from "./parse-float.ts";
import { quantileOf, sortValues } from "./quantile.ts";

describe("floats as Prometheus writes them", () => {
  test.for<[number, string]>([
    [0, "0"],
    [-0, "-0"],
    [1e21, "1000000000000000000000"],
    [-1.5e22, "-15000000000000000000000"],
    [1e-7, "0.0000001"],
    [1.5e-10, "0.00000000015"],
    [0.1 + 0.2, "0.30000000000000004"],
    [5e-324, `0.${"0".repeat(323)}5`],
    [Number.MAX_VALUE, `17976931348623157${"0".repeat(292)}`],
    [NaN, "NaN"],
    [Infinity, "+Inf"],
    [-Infinity, "-Inf"],
  ])("%s is %s", ([value, text]) => {
    expect(floatText(value)).toBe(text);
  });

  test("every float reads back from its text, which has no exponent", () => {
    forEachSeed(500, (random) => {
      const value = new Float64Array(random.bytes(8).buffer)[0] as number;
      const text = floatText(value);
      expect(text).not.toContain("e");
      expect(Number(text.replace("+Inf", "Infinity").replace("-Inf", "-Infinity"))).toBe(value);
    });
  });

  test.for<[number, string]>([
    [1e21, "1e+21"],
    [-1.5e300, "-1.5e+300"],
    [999999999999999900000, "999999999999999900000"],
    [1e-7, "1e-07"],
    [1.5e-6, "0.0000015"],
    [-2.5e-10, "-2.5e-10"],
    [5e-324, "5e-324"],
    [-0, "-0"],
    [-Infinity, "-Inf"],
  ])("as a sample's value %s is %s", ([value, text]) => {
    expect(sampleText(value)).toBe(text);
  });

  test.for<[number, string]>([
    [1.1, "1.1"],
    [-3000, "-3000"],
    [123456, "123456"],
    [1795341275.179, "1.795341275179e+09"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [NaN, "NaN"],
  ])("in messages %s is %s", ([value, text]) => {
    expect(messageFloatText(value)).toBe(text);
  });
});

describe("floats in labels", () => {
  test.for<[string, number | undefined]>([
    ["0.1", 0.1],
    [".2", 0.2],
    ["1e0", 1],
    ["+Inf", Infinity],
    ["-inf", -Infinity],
    ["Infinity", Infinity],
    ["0x1p-2", 0.25],
    ["NaN", NaN],
    ["", undefined],
    [" 1", undefined],
    ["1.0.0", undefined],
    ["Hello World", undefined],
  ])("%s is %s", ([text, value]) => {
    expect(parseFloatText(text)).toBe(value);
  });
});

describe("arithmetic at the edges", () => {
  test("powers of one and minus one", () => {
    expect(power(1, NaN)).toBe(1);
    expect(power(1, Infinity)).toBe(1);
    expect(power(-1, -Infinity)).toBe(1);
    expect(power(2, 10)).toBe(1024);
    expect(power(NaN, 0)).toBe(1);
  });

  test.for<[number, number, number]>([
    // What Prometheus answers, to the last bit.
    [1.1, 1000, 2.469932918005993e41],
    [-0.7, 3, -0.3429999999999999],
    [2, -1074, 5e-324],
    [2, -1075, 0],
    [0.5, -1024, Infinity],
    [-2, 1025, -Infinity],
    [3, -2, 1 / 9],
    [5e-324, 1, 5e-324],
    [5e-324, -1, Infinity],
    [10, 308, 1.0000000000000006e308],
    [1e300, 1e18, Infinity],
    [-3, 2 ** 62, Infinity],
    [2, 0.5, Math.SQRT2],
    [-2, 0.5, NaN],
    [-2, 1.5, NaN],
  ])("%s to the power of %s", ([x, y, result]) => {
    expect(power(x, y)).toBe(result);
  });

  test("powers are those of JavaScript but for the last digits", () => {
    forEachSeed(3_000, (random) => {
      const x = (random.float() * 4 - 2) * 10 ** (random.below(18) - 9);
      const y = random.chance(0.5) ? random.below(61) - 30 : (random.float() - 0.5) * 30;
      const expected = x ** y;
      const distance = Number.isNaN(expected)
        ? Number(!Number.isNaN(power(x, y)))
        : power(x, y) - expected;
      expect(Math.abs(distance)).toBeLessThanOrEqual(Math.abs(expected || 0) * 1e-13);
    });
  });

  test("an infinity wins over NaN on its own side only", () => {
    expect(greater(Infinity, NaN)).toBe(Infinity);
    expect(greater(-Infinity, NaN)).toBeNaN();
    expect(lesser(NaN, -Infinity)).toBe(-Infinity);
    expect(lesser(NaN, 1)).toBeNaN();
  });

  test("logarithms of powers are exact", () => {
    for (let exponent = -1074; exponent < 1024; exponent += 1)
      expect(log2(2 ** exponent)).toBe(exponent);
  });

  test("a compensated sum keeps what plain addition loses", () => {
    const sum = new CompensatedSum();
    for (const value of [1, 1e100, 1, -1e100]) sum.add(value);
    expect(sum.total).toBe(2);
  });
});

describe("quantiles", () => {
  test("values are sorted with NaN first", () => {
    const values = Float64Array.of(3, NaN, -Infinity, 1, NaN);
    sortValues(values);
    expect([...values]).toEqual([NaN, NaN, -Infinity, 1, 3]);
  });

  test.for<[number, number[], number]>([
    [0.5, [1, 2, 3], 2],
    [0.5, [1, 2], 1.5],
    [0, [4, 5], 4],
    [1, [4, 5], 5],
    [0.75, [0, 10, 20, 30, 40], 30],
    [-0.1, [1], -Infinity],
    [1.1, [1], Infinity],
    [NaN, [1], NaN],
    [0.5, [], NaN],
  ])("φ = %s of %s is %s", ([q, values, expected]) => {
    expect(quantileOf(q, Float64Array.from(values))).toBe(expected);
  });
});

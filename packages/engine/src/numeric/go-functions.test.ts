import { forEachSeed } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import { fusedMultiplyAdd, onePlusProduct } from "./fused.ts";
import { acos, asin, atan, atan2 } from "./go-arcs.ts";
import { exp } from "./go-exp.ts";
import { GO_ANGLES, GO_POWERS, GO_VALUES } from "./go-fixtures.ts";
import { acosh, asinh, cosh, sinh, tanh } from "./go-hyperbolic.ts";
import { ln, log10, log2 } from "./go-logarithms.ts";
import { power } from "./go-power.ts";
import { cos, sin, tan } from "./go-trigonometry.ts";

const FUNCTIONS: Readonly<Record<string, (x: number) => number>> = {
  exp,
  ln,
  log2,
  log10,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh: Math.atanh,
};

/** e^x as Go's assembly does it, step by step. */
function stepByStep(x: number): number {
  const exponent = Math.round(x / Math.LN2);
  const rest = fusedMultiplyAdd(
    -exponent,
    2.8235290563031577e-13,
    x - exponent * 0.693147180559663,
  );
  const y = rest / 16;
  let sum = 2.48015873015873e-5;
  for (const divisor of [5040, 720, 120, 24, 6, 2, 1]) sum = fusedMultiplyAdd(sum, y, 1 / divisor);
  let lessOne = y * sum;
  for (let i = 0; i < 3; i += 1) lessOne *= lessOne + 2;
  return fusedMultiplyAdd(lessOne, lessOne + 2, 1) * 2 ** exponent;
}

describe("elementary functions are Prometheus' to the last digit", () => {
  test.for(Object.entries(GO_VALUES))("%s", ([name, rows]) => {
    const ours = rows.map(([x]) => [x, FUNCTIONS[name]?.(x)]);
    expect(ours).toEqual(rows);
  });

  test("powers", () => {
    expect(GO_POWERS.map(([x, y]) => [x, y, power(x, y)])).toEqual(GO_POWERS);
  });

  test("angles of points", () => {
    expect(GO_ANGLES.map(([y, x]) => [y, x, atan2(y, x)])).toEqual(GO_ANGLES);
  });

  test.for<[string, (x: number) => number, (x: number) => number, number]>([
    ["exp", exp, Math.exp, 700],
    ["ln", ln, Math.log, 1e9],
    ["sin", sin, Math.sin, 1e15],
    ["cos", cos, Math.cos, 1e15],
    ["sinh", sinh, Math.sinh, 700],
    ["cosh", cosh, Math.cosh, 700],
    ["tanh", tanh, Math.tanh, 30],
    ["asin", asin, Math.asin, 1],
    ["acos", acos, Math.acos, 1],
    ["atan", atan, Math.atan, 1e9],
  ])("%s is JavaScript's but for the last digits", ([, ours, javascript, range]) => {
    forEachSeed(2_000, (random) => {
      const x = (random.float() * 2 - 1) * range * 10 ** -random.below(8);
      const expected = javascript(x);
      const distance = Object.is(ours(x), expected) ? 0 : Math.abs(ours(x) - expected);
      expect(distance).toBeLessThanOrEqual(1e-15 * Math.max(1, Math.abs(expected || 0)));
    });
  });
});

describe("the exponential function", () => {
  test("what it leaves out of the fused steps does not show", () => {
    forEachSeed(20_000, (random) => {
      const x = (random.float() - 0.5) * 1_400;
      expect(exp(x)).toBe(stepByStep(x));
    });
  });
});

describe("fused multiply-add", () => {
  test.for<[number, number, number, number]>([
    [3, 5, 7, 22],
    [1 + 2 ** -52, 1 - 2 ** -52, -1, -(2 ** -104)],
    // Half way between two numbers: to the even one, but for what the product has beyond a float.
    [1 + 2 ** -27, 2 ** -53 * (1 - 2 ** -27), 1, 1],
    [1 + 2 ** -27, 2 ** -53 * (1 + 2 ** -27), 1, 1 + 2 ** -52],
    [1 + 2 ** -27, 2 ** -53 * (1 - 2 ** -27), 1 + 2 ** -52, 1 + 2 ** -52],
    [-(1 + 2 ** -27), 2 ** -53 * (1 - 2 ** -27), 1 + 2 ** -52, 1 + 2 ** -52],
    [2 ** -53, 1, 1, 1],
    [2 ** -53, 1, 1 + 2 ** -52, 1 + 2 ** -51],
    [-(2 ** -54), 1, 1, 1],
    [-(2 ** -54), 1 + 2 ** -52, 1, 1 - 2 ** -53],
  ])("%s × %s + %s is %s", ([a, b, c, result]) => {
    expect(fusedMultiplyAdd(a, b, c)).toBe(result);
  });

  test("it rounds once", () => {
    forEachSeed(2_000, (random) => {
      const number = () => (random.below(2 ** 27) - 2 ** 26) * 2 ** random.below(30);
      const [a, b, c] = [number(), number(), number() * 2 ** random.below(30)] as const;
      expect(fusedMultiplyAdd(a, b, c)).toBe(Number(BigInt(a) * BigInt(b) + BigInt(c)));
    });
  });

  test("a product plus one is the same, also just beside half way between two numbers", () => {
    expect(onePlusProduct(3 * 2 ** -53 * (1 + 2 ** -28), 1 - 2 ** -28)).toBe(1 + 2 ** -52);
    forEachSeed(2_000, (random) => {
      const [a, b] = [random.float() - 0.5, random.float() * 2 ** -random.below(60)] as const;
      expect(onePlusProduct(a, b)).toBe(fusedMultiplyAdd(a, b, 1));
    });
  });
});

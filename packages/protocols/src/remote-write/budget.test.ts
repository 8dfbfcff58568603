import { DEFAULT_LABEL_LIMITS, InputError } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { remoteWriteMemorySize, scanLimits } from "./budget.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const options = (tableSize: number, bodySizeMax: number) => ({
  tableSize,
  bodySizeMax,
  limits: DEFAULT_LABEL_LIMITS,
});

describe("the budgets of a decoder", () => {
  test("a table's size is what keys and tables take together", () => {
    const size = remoteWriteMemorySize(options(64 * MIB, 0));
    expect(size).toBeGreaterThan(64 * MIB);
    expect(size).toBeLessThan(66 * MIB);
  });

  test("keys of 133 bytes use up numbers and arena at the same time", () => {
    // 200 a series: 133 and 67.
    const { keyCountMax, arenaSize } = scanLimits(options(64 * MIB, MIB));
    expect(arenaSize / keyCountMax).toBeCloseTo(133 + 20, 0);
  });

  test("a table that does not fit the address space is cut", () => {
    const { arenaSize } = scanLimits(options(64 * GIB, 32 * MIB));
    expect(arenaSize).toBeGreaterThan(2.5 * GIB);
    expect(remoteWriteMemorySize(options(64 * GIB, 32 * MIB))).toBeLessThan(4 * GIB);
  });

  test.for([
    { tableSize: 64 * MIB, bodySizeMax: GIB },
    { tableSize: 100, bodySizeMax: MIB },
  ])("%o cannot be", ({ tableSize, bodySizeMax }) => {
    expect(() => scanLimits(options(tableSize, bodySizeMax))).toThrow(InputError);
  });

  test("labels without limits have keys of limited size all the same", () => {
    const limits = {
      labelsPerSeriesMax: Infinity,
      labelNameSizeMax: Infinity,
      labelValueSizeMax: 1,
    };
    expect(scanLimits({ ...options(MIB, MIB), limits }).keySizeMax).toBe(MIB);
  });
});

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

  test("series with eleven labels and one of 40 bytes for themselves use up numbers and arena at the same time", () => {
    const { keyCountMax, labelCountMax, arenaSize } = scanLimits(options(64 * MIB, MIB));
    expect(labelCountMax).toBe(keyCountMax);
    expect(arenaSize / keyCountMax).toBeGreaterThan(16 + 11 * 4 + 4 + 36);
    expect(arenaSize / keyCountMax).toBeLessThan(16 + 11 * 4 + 4 + 44);
  });

  test("a table that does not fit the address space is cut", () => {
    const { arenaSize } = scanLimits(options(64 * GIB, 32 * MIB));
    expect(arenaSize).toBeGreaterThan(2.4 * GIB);
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

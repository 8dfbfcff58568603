import { expect, test } from "vitest";
import { allowedMemorySize, boundedMemorySize } from "./memory.ts";

test.for([
  {
    name: "a limit of the cgroup",
    constrained: 64 * 2 ** 20,
    total: 2 ** 34,
    expected: 64 * 2 ** 20,
  },
  { name: "no limit", constrained: 0, total: 2 ** 34, expected: 2 ** 34 },
  {
    name: "cgroup v1 without a limit",
    constrained: 18446744073709552000,
    total: 2 ** 34,
    expected: 2 ** 34,
  },
])("$name bounds the memory", ({ constrained, total, expected }) => {
  expect(boundedMemorySize(constrained, total)).toBe(expected);
});

test("bytes win over percent", () => {
  expect(allowedMemorySize({ "memory.allowedPercent": 60, "memory.allowedBytes": 0 }, 1_000)).toBe(
    600,
  );
  expect(allowedMemorySize({ "memory.allowedPercent": 60, "memory.allowedBytes": 5 }, 1_000)).toBe(
    5,
  );
});

import { forEachSeed } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { timestampMsOf, timestampText } from "./timestamp.ts";

test.for([
  { timestampMs: 0, text: "0.000" },
  { timestampMs: -1_500, text: "-1.500" },
  { timestampMs: 1_700_000_000_123, text: "1700000000.123" },
])("$timestampMs ms is printed as Prometheus prints it", ({ timestampMs, text }) => {
  expect(timestampText(timestampMs)).toBe(text);
});

test("a time of the year 142,000 is read back as it was", () => {
  const timestampMs = timestampMsOf(4_429_442_951_458.94);
  expect(timestampMsOf(Number(timestampText(timestampMs)))).toBe(timestampMs);
});

test("whatever time a text means, its print means the same", () => {
  forEachSeed(20_000, (random) => {
    const seconds = (random.float() - 0.5) * 10 ** random.below(16);
    const timestampMs = timestampMsOf(seconds);
    expect(timestampMsOf(Number(timestampText(timestampMs)))).toBe(timestampMs);
  });
});

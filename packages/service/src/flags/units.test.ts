import { describe, expect, test } from "vitest";
import { parseByteSize, parseDurationMs, parseRetentionMs } from "./units.ts";

const DAY_MS = 86_400_000;

describe("parseDurationMs", () => {
  test.for([
    ["0", 0],
    ["5ms", 5],
    ["30s", 30_000],
    ["1.5s", 1_500],
    ["1h30m", 5_400_000],
    ["2d", 2 * DAY_MS],
    ["1w", 7 * DAY_MS],
    ["1y", 365 * DAY_MS],
    ["1h1h", 7_200_000],
  ] as const)("reads %s", ([text, expected]) => {
    expect(parseDurationMs(text)).toBe(expected);
  });

  test.for(["", "5", "s", "5 s", "-5s", "5M", "5mo", "1h30", "99999999999y", "0x5s"])(
    "refuses %j",
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined();
    },
  );
});

describe("parseRetentionMs", () => {
  test.for([
    ["1", 31 * DAY_MS],
    ["0.5", 15.5 * DAY_MS],
    ["30d", 30 * DAY_MS],
    ["36h", 1.5 * DAY_MS],
    ["2M", 62 * DAY_MS],
    ["2w", 14 * DAY_MS],
    ["100y", 36_500 * DAY_MS],
  ] as const)("reads %s", ([text, expected]) => {
    expect(parseRetentionMs(text)).toBe(expected);
  });

  test.for(["", "5m", "5s", "1mo", "-1", "1.2.3"])("refuses %j", (text) => {
    expect(parseRetentionMs(text)).toBeUndefined();
  });
});

describe("parseByteSize", () => {
  test.for([
    ["0", 0],
    ["1024", 1024],
    ["64KB", 64_000],
    ["16MiB", 16 * 2 ** 20],
    ["1.5GB", 1.5e9],
    ["1 GiB", 2 ** 30],
    ["2TB", 2e12],
    ["1TiB", 2 ** 40],
  ] as const)("reads %s", ([text, expected]) => {
    expect(parseByteSize(text)).toBe(expected);
  });

  test.for(["", "B", "5b", "5kb", "1 000", "-1", "9999999999TB"])("refuses %j", (text) => {
    expect(parseByteSize(text)).toBeUndefined();
  });
});

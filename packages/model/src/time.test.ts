import { describe, expect, test } from "vitest";
import { InputError } from "./errors.ts";
import { parseDurationMs, parseTimeMs } from "./time.ts";

const NOW_MS = 1_795_335_122_379;

describe("times", () => {
  test.for([
    ["4", 4_000],
    ["1000", 1_000_000],
    ["0", 0],
    ["-5", -5_000],
    ["1562529662.678", 1_562_529_662_678],
    ["1562529662.6789", 1_562_529_662_679],
    ["1.5626e9", 1_562_600_000_000],
    ["5.0005", 5_000],
    ["5.0015", 5_002],
    ["-5.5", -5_500],
    ["-0.0006", -1],
    ["1562529662678", 1_562_529_662_678],
    ["1562529662678901", 1_562_529_662_679],
    ["1562529662678901234", 1_562_529_662_679],
    ["now", NOW_MS],
    ["now-1h5m", NOW_MS - 3_900_000],
    ["now+1m", NOW_MS + 60_000],
    ["1h5s", NOW_MS - 3_605_000],
    ["-5m", NOW_MS - 300_000],
    ["2023Z", 1_672_531_200_000],
    ["2023-02:00", 1_672_538_400_000],
    ["2023-05+02:00", 1_682_892_000_000],
    ["2023-05-20-02:30", 1_684_549_800_000],
    ["2023-05-20T04+02:30", 1_684_546_200_000],
    ["2023-05-20T04:57Z", 1_684_558_620_000],
    ["2023-05-20T04:57:43.123456789+02:30", 1_684_549_663_123],
    ["-292273086-05-16T16:47:06Z", -(2 ** 53 - 1)],
    ["292277025-08-18T07:12:54.999999999Z", 2 ** 53 - 1],
  ] as const)("%s", ([text, expectedMs]) => {
    expect(parseTimeMs(text, "time", NOW_MS)).toBe(expectedMs);
  });

  test.for([
    "",
    "2024-02-30",
    "2023-02-29T00:00:00Z",
    "1e400",
    "x",
    "now-",
    "now5m",
    "23-45:50",
    "1223-fo:ba",
    "-123foobar",
    "2023-13-01T00:00:00Z",
    "NaN",
    "Inf",
    "1d2",
  ])("%j is refused with the argument's name", (text) => {
    expect(() => parseTimeMs(text, "start", NOW_MS)).toThrow(InputError);
    expect(() => parseTimeMs(text, "start", NOW_MS)).toThrow(/"start"/);
  });
});

describe("durations", () => {
  test.for([
    ["15", 15_000],
    ["0.5", 500],
    ["1m", 60_000],
    ["1h30m", 5_400_000],
    ["1m0s", 60_000],
    ["1h0m0s", 3_600_000],
    ["3600s", 3_600_000],
    ["100ms", 100],
    ["1.5m", 90_000],
    ["1w", 604_800_000],
  ] as const)("%s", ([text, expectedMs]) => {
    expect(parseDurationMs(text, "step")).toBe(expectedMs);
  });

  test.for(["", "m", "1x", "1m ", "--1", "1e400", "NaN"])("%j is refused", (text) => {
    expect(() => parseDurationMs(text, "step")).toThrow(/"step"/);
  });
});

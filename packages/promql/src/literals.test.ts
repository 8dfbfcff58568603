import { describe, expect, test } from "vitest";
import { formatDuration, parseDurationText, secondsToMs } from "./duration.ts";
import { floatText } from "./float-text.ts";
import { parseNumber } from "./number.ts";
import { quote, unquote } from "./string-literal.ts";

describe("numbers", () => {
  test.for([
    ["1", 1],
    ["2.", 2],
    [".5", 0.5],
    ["1_000", 1_000],
    ["1e3", 1_000],
    ["1E-3", 0.001],
    ["0x1f", 31],
    ["0X_1F", 31],
    ["017", 15],
    ["00", 0],
    ["08", 8],
    ["01.5", 1.5],
    ["Inf", Infinity],
    ["nAn", NaN],
    ["9007199254740993", 9007199254740992],
  ] as const)("%s is %d", ([text, value]) => {
    expect(parseNumber(text)).toBe(value);
  });

  test.for(["1e400", "0xffffffffffffffff"])("%s is out of range", (text) => {
    expect(parseNumber(text)).toEqual({ problem: expect.stringContaining("out of range") });
  });

  test.for([0, -0, 1.5, -1e-300, 1e21, 5e-324, Infinity, -Infinity, NaN])(
    "%d prints back",
    (value) => {
      const text = floatText(value);
      const isNegative = text.startsWith("-");
      const parsed = parseNumber(text.replace(/^[+-]/, ""));
      expect(isNegative ? -Number(parsed) : parsed).toBe(value);
    },
  );
});

describe("durations", () => {
  test.for([
    ["5m", 300_000, "5m"],
    ["1h30m", 5_400_000, "1h30m"],
    ["90m", 5_400_000, "1h30m"],
    ["1y", 31_536_000_000, "1y"],
    ["2w", 1_209_600_000, "2w"],
    ["1w1d", 691_200_000, "8d"],
    ["1y2w3d4h5m6s7ms", 33_019_506_007, "382d4h5m6s7ms"],
    ["0s", 0, "0s"],
    ["0", 0, "0s"],
  ] as const)("%s", ([text, durationMs, canonical]) => {
    expect(parseDurationText(text)).toBe(durationMs);
    expect(formatDuration(durationMs)).toBe(canonical);
  });

  test.for(["", "5", "1m1h", "1m1m", "1.5h", "-5m"])("%s is none", (text) => {
    expect(parseDurationText(text)).toEqual({
      problem: expect.stringContaining("not a valid duration"),
    });
  });

  test("beyond 292 years is out of range", () => {
    expect(parseDurationText("293y")).toEqual({ problem: "duration out of range" });
  });

  test("seconds keep their milliseconds, and lose what is below", () => {
    expect(secondsToMs(10.001)).toBe(10_001);
    expect(secondsToMs(0.0019)).toBe(1);
    expect(secondsToMs(881_777_920.387)).toBe(881_777_920_387);
    expect(secondsToMs(-1.5)).toBe(-1_500);
  });
});

describe("strings", () => {
  test.for([
    [`"plain"`, "plain"],
    [`'it\\'s "x"'`, `it's "x"`],
    ["`raw \\n`", "raw \\n"],
    [String.raw`"\a\b\f\n\r\t\v\\\""`, '\u0007\b\f\n\r\t\v\\"'],
    [String.raw`"\x41\101\u00e9\U0001f642"`, "AAé🙂"],
    [String.raw`"\xc3\xa9"`, "é"],
    [String.raw`"\xf0\x9f\x99\x82"`, "🙂"],
    [String.raw`"a\xc5z"`, "a\udcc5z"],
    [String.raw`"\xed\xa0\x80"`, "\udced\udca0\udc80"],
  ] as const)("%s", ([literal, text]) => {
    expect(unquote(literal)).toBe(text);
    expect(unquote(quote(text))).toBe(text);
  });

  test.for([
    [String.raw`"\q"`, "unknown escape sequence U+0071 'q'"],
    [String.raw`"\'"`, "unknown escape sequence U+0027 '''"],
    [String.raw`"\400"`, "escape sequence is an invalid Unicode code point"],
    [String.raw`"\ud800"`, "escape sequence is an invalid Unicode code point"],
    [String.raw`"\U00110000"`, "escape sequence is an invalid Unicode code point"],
    [String.raw`"\x4"`, "escape sequence not terminated"],
    [String.raw`"\u00g0"`, "illegal character U+0067 'g' in escape sequence"],
  ] as const)("%s is refused", ([literal, reason]) => {
    expect(() => unquote(literal)).toThrow(reason);
  });

  test("bytes that are no UTF-8 are printed as they were", () => {
    expect(quote(unquote(String.raw`"a\xc5z\n\x00"`))).toBe(String.raw`"a\xc5z\n\x00"`);
  });
});

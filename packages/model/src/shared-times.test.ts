/**
 * VictoriaMetrics' forms of times and durations, as its own tests have them, where they lie beside the repository. Left out are
 * those that mean something else in Prometheus' dialect, which comes first.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseDurationMs, parseTimeMs } from "./time.ts";

const FILE = join(
  process.env["TIDELINE_SHARED_TESTS"] ?? "/work/shared/tests",
  "http_time_params.json",
);

interface SharedTimes {
  readonly parse_time: readonly { currentTime: string; resultExpected: string; s: string }[];
  readonly unix_timestamp: readonly { s: string; timestampExpected: string | number }[];
  readonly http_time: readonly { s: string; timestampExpected: number }[];
  readonly http_duration: readonly { s: string; dExpected: number }[];
  readonly parse_time_errors: readonly { s: string }[];
  readonly http_time_errors: readonly { s: string }[];
}

/** A negative number is Unix seconds before 1970 here; there it is that long ago. */
const isNegative = (text: string): boolean => /^-[\d.]+$/.test(text);
/** The ends of Prometheus' time: there cut to what 64 bits of nanoseconds hold. */
const isEndOfTime = (text: string): boolean => /^(-292273086|292277025)-/.test(text);
/** Seconds up to the year 5138 are seconds here; there they end in 2262, so that larger numbers change their unit earlier. */
const isBeyond = (text: string): boolean => /^\d{14}\.|^\d{17}\./.test(text);

const NOW_MS = 1_795_335_122_379;
const msOf = (ns: string | number): number => Number(BigInt(ns) / 1_000n) / 1_000;
const given = existsSync(FILE)
  ? (JSON.parse(readFileSync(FILE, "utf8")) as SharedTimes)
  : undefined;

describe.skipIf(given === undefined)("VictoriaMetrics' forms", () => {
  const times = [
    ...(given?.parse_time ?? []).map(({ currentTime, resultExpected, s }) => ({
      text: s,
      nowMs: msOf(currentTime),
      expectedMs: msOf(resultExpected),
    })),
    ...(given?.unix_timestamp ?? []).map(({ s, timestampExpected }) => ({
      text: s,
      nowMs: NOW_MS,
      expectedMs: msOf(timestampExpected),
    })),
    ...(given?.http_time ?? []).map(({ s, timestampExpected }) => ({
      text: s,
      nowMs: NOW_MS,
      expectedMs: timestampExpected,
    })),
  ].filter(({ text }) => !isNegative(text) && !isEndOfTime(text) && !isBeyond(text));

  test.for(times)("time $text", ({ text, nowMs, expectedMs }) => {
    // Prometheus rounds where VictoriaMetrics cuts off.
    expect(Math.abs(parseTimeMs(text, "time", nowMs) - expectedMs)).toBeLessThanOrEqual(1);
  });

  test.for([...(given?.http_duration ?? [])])("duration $s", ({ s, dExpected }) => {
    expect(parseDurationMs(s, "step")).toBe(dExpected);
  });

  const errors = [...(given?.parse_time_errors ?? []), ...(given?.http_time_errors ?? [])];
  test.for(errors)("no time: $s", ({ s }) => {
    expect(() => parseTimeMs(s, "time", NOW_MS)).toThrow(/"time"/);
  });
});

import { describe, expect, test } from "vitest";
import {
  booleanArgument,
  dayArgument,
  durationArgument,
  enforced,
  extraFilterArguments,
  limitArgument,
  selectorArguments,
  timeArgument,
  timeoutArgument,
  unescapeLabelName,
} from "./arguments.ts";

const args = (text: string): URLSearchParams => new URLSearchParams(text);

test("absent and empty arguments take their defaults", () => {
  expect(timeArgument(args(""), "time", 7, 0)).toBe(7);
  expect(timeArgument(args("time="), "time", 7, 0)).toBe(7);
  expect(durationArgument(args("step=undefined"), "step", 60_000)).toBe(60_000);
  expect(limitArgument(args(""), "limit")).toBe(0);
  expect(booleanArgument(args("x"), "x")).toBe(false);
});

test("a bad value names its argument", () => {
  expect(() => timeArgument(args("start=soon"), "start", 0, 0)).toThrow(/"start".*"soon"/);
  expect(() => durationArgument(args("step=1x"), "step", 0)).toThrow(/"step"/);
  expect(() => limitArgument(args("limit=-1"), "limit")).toThrow(
    'invalid parameter "limit": limit must be non-negative',
  );
  expect(() => limitArgument(args("topN=1.5"), "topN")).toThrow(/"topN".*"1.5"/);
  expect(() => extraFilterArguments(args("extra_label=nope"))).toThrow(/extra_label/);
});

test("a day is one of UTC, today when it is not given", () => {
  const nowMs = Date.UTC(2026, 10, 25, 23, 59);
  const today = { startMs: Date.UTC(2026, 10, 25), endMs: Date.UTC(2026, 10, 26) - 1 };
  expect(dayArgument(args(""), "date", nowMs)).toEqual(today);
  expect(dayArgument(args("date=2026-11-25"), "date", 0)).toEqual(today);
  for (const bad of ["2026-02-30", "2026-13-01", "today", "1700000000", "2026-1-1"])
    expect(() => dayArgument(args(`date=${bad}`), "date", 0)).toThrow(/"date".*YYYY-MM-DD/);
});

test("a count may have its sign", () => {
  expect(limitArgument(args("limit=%2B7"), "limit")).toBe(7);
});

test("a timeout of nothing or less is none", () => {
  for (const none of ["", "timeout=", "timeout=0", "timeout=-1"])
    expect(timeoutArgument(args(none))).toBe(Infinity);
  expect(timeoutArgument(args("timeout=1.5"))).toBe(1500);
});

test("what the URL narrows a request by, a form does not widen", () => {
  const url = args('query=1&extra_filters[]={team="a"}');
  const both = args(
    `${url}&query=2&extra_filters={team="b"}&extra_filters[]={team="c"}&extra_label=x=y`,
  );
  expect([...enforced(url, both)]).toEqual([
    ["query", "1"],
    ["query", "2"],
    ["extra_label", "x=y"],
    ["extra_filters[]", '{team="a"}'],
  ]);
  expect([...enforced(args(""), both)]).toEqual([...both]);
});

test("match[] and match are both read, in order", () => {
  expect(selectorArguments(args("match=b&match[]=a&match[]=c"))).toEqual(["a", "c", "b"]);
});

test("extra labels keep equal signs of their values", () => {
  expect(extraFilterArguments(args('extra_label=a=b=c&extra_filters[]={x="y"}'))).toEqual({
    labels: [{ name: "a", value: "b=c" }],
    selectorTexts: ['{x="y"}'],
  });
});

describe("label names escaped with U__", () => {
  test.for([
    ["job", "job"],
    ["U__my_2e_label", "my.label"],
    ["U__a__b", "a_b"],
    ["U__snow_2603_man", "snow☃man"],
    ["U__bad_", "U__bad_"],
    ["U__x_110000_", "U__x_110000_"],
  ] as const)("%s is %s", ([escaped, name]) => {
    expect(unescapeLabelName(escaped)).toBe(name);
  });
});

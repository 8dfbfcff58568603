import { describe, expect, test } from "vitest";
import { wordsOf } from "@tideline/model";
import { parseScript } from "./script.ts";
import { parseSeriesLine } from "./series-notation.ts";

describe("values of a series", () => {
  const X = null;
  test.for([
    ["x 1 2 3", [1, 2, 3]],
    ["x 1+2x3", [1, 3, 5, 7]],
    ["x 10-2x2", [10, 8, 6]],
    ["x -1-1x2", [-1, -2, -3]],
    ["x 5x2", [5, 5, 5]],
    ["x _ 1 _x2 2", [X, 1, X, X, 2]],
    ["x .5 1e3 -Inf", [0.5, 1_000, -Infinity]],
    ["x 1e-2-1e-2x1", [0.01, 0]],
    ["x 0x3", [0, 0, 0, 0]],
    ["x", []],
    ["x {{schema:0 sum:1}}x1 4", [X, X, 4]],
    ["x {{count:1}}+{{count:1}}x2", [X, X, X]],
  ] as const)("%s", ([line, expected]) => {
    const { values, presence } = parseSeriesLine(line);
    expect(Array.from(values, (value, i) => (presence[i] === 1 ? value : null))).toEqual(expected);
  });

  test("a staleness marker keeps its bits", () => {
    const { values } = parseSeriesLine("x 1 stale");
    expect([...wordsOf(values)].slice(2)).toEqual([2, 0x7ff0_0000]);
  });

  test.for([
    ["x 1+2", "an increment without x: 1+2"],
    ["x abc", "no value of a series: abc"],
    ['x{a!="b"} 1', "a series has no matcher !="],
    ['x{a="b" 1', "the braces of a series are not closed"],
    ["x 1x99999999", "too many values in one series"],
  ] as const)("%s is refused", ([line, message]) => {
    expect(() => parseSeriesLine(line)).toThrow(message);
  });

  test("labels may be quoted, and may hold anything", () => {
    const { labels } = parseSeriesLine(`{"my.name", a="}", 'b c'=\`"\`} 1`);
    expect(labels).toEqual([
      { name: "__name__", value: "my.name" },
      { name: "a", value: "}" },
      { name: "b c", value: '"' },
    ]);
  });
});

describe("commands of a script", () => {
  test("blocks end at empty lines and comments", () => {
    const commands = parseScript(
      "load 5m\n x 1\n# comment\nclear\neval instant at 5m x\n\n eval range from 0 to 1h step 90s x",
    );
    expect(commands).toMatchObject([
      { kind: "load", gapMs: 300_000, series: [{ labels: [{ value: "x" }] }] },
      { kind: "clear" },
      { kind: "eval", line: 5, text: "x", isInstant: true, startMs: 300_000 },
      { kind: "eval", isInstant: false, startMs: 0, endMs: 3_600_000, stepMs: 90_000 },
    ]);
  });

  test.for([
    ["drop everything", "line 1: unknown command drop everything"],
    ["\neval sometimes x", "line 2: no eval"],
    ["eval instant at 0 x\n expect wonders", "unknown expectation"],
    ["load soon\n x 1", "line 1"],
  ] as const)("%s is refused", ([script, message]) => {
    expect(() => parseScript(script)).toThrow(message);
  });
});

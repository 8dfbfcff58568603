import { describe, expect, test } from "vitest";
import { scriptEngine } from "./engine-under-test.ts";
import { runScript } from "./run-script.ts";

const LOAD = `
load 1m
  x{k="a"} 1+1x10
  x{k="b"} 10 _ stale 40
  # a comment ends a block

`;

const outcomeOf = async (script: string) => {
  const [report] = await runScript(LOAD + script, scriptEngine);
  return { outcome: report?.outcome, reason: report?.reason };
};

describe("what is right passes", () => {
  test.for([
    'eval instant at 1m x\n x{k="a"} 2\n x{k="b"} 10',
    'eval instant at 2m x\n x{k="a"} 3',
    'eval range from 0 to 3m step 1m x\n x{k="a"} 1 2 3 4\n x{k="b"} 10 10 _ 40',
    'eval instant at 1m topk(2, x)\n expect ordered\n x{k="b"} 10\n x{k="a"} 2',
    "eval instant at 1m 0x10 + 1\n 0x11",
    'eval instant at 1m "a\\n"\n expect string "a\\n"',
    'eval instant at 3m x{k="a"}[2m]\n expect range vector from 2m to 3m step 1m\n x{k="a"} 3 4',
    "eval instant at 1m x +\n expect fail",
    "eval_fail instant at 1m x +",
    "eval instant at 1m x +\n expect fail msg: unexpected end of input",
    "eval instant at 1m x +\n expect fail regex: unexpected .* input",
    "eval instant at 1m nothing",
    'eval instant at 1m rate(x{k="a"}[2m])\n expect info\n {k="a"} 0.016666666666666666',
  ])("%s", async (script) => {
    expect(await outcomeOf(script)).toEqual({ outcome: "passed", reason: null });
  });
});

describe("what is wrong fails, with the reason", () => {
  test.for([
    ["eval instant at 1m x", 'unexpected series x{k="a"}'],
    ['eval instant at 1m x{k="a"}\n x{k="a"} 3', 'x{k="a"}: expected 3 at 60000 ms, got 2'],
    ['eval instant at 1m x{k="a"}\n x{k="a"} 2.00001', "expected 2.00001 at 60000 ms, got 2"],
    ['eval instant at 1m x{k="a"}\n x{k="a"} 2\n y 1', "missing series y"],
    ['eval instant at 1m topk(2, x)\n expect ordered\n x{k="a"} 2\n x{k="b"} 10', "at position 0"],
    ['eval range from 0 to 2m step 1m x{k="b"}\n x{k="b"} 10 10 10', "expected 3 points, got 2"],
    ["eval instant at 1m 1\n 2", "expected 2, got 1"],
    ["eval instant at 1m 1\n {} 1", "expected series, got a scalar"],
    ["eval instant at 1m vector(1)\n 1", "expected a scalar, got a vector"],
    ['eval instant at 1m "a"\n expect string "b"', 'expected "b", got "a"'],
    ["eval instant at 1m 1\n expect fail", "expected to fail"],
    ["eval instant at 1m x +\n expect fail msg: other", "expected the error other"],
    ["eval instant at 1m x +", "failed: 1:4: parse error"],
    ["eval instant at 1m nothing\n expect warn", "expected warn, got none"],
    [
      'eval instant at 1m rate(x{k="a"}[2m])\n expect no_info\n {k="a"} 0.016666666666666666',
      "unexpected info",
    ],
    [
      'eval instant at 1m rate(x{k="a"}[2m])\n expect info msg: other\n {k="a"} 0.0166666666',
      "no info is other",
    ],
  ] as const)("%s", async ([script, reason]) => {
    const { outcome, reason: got } = await outcomeOf(script);
    expect(outcome).toBe("failed");
    expect(got).toContain(reason);
  });
});

test("queries that touch native histograms are left out", async () => {
  const script =
    "load 1m\n h {{schema:0 count:1 buckets:[1]}}x3\n f 1x3\n\neval instant at 1m h\n\neval instant at 1m f\n f 1";
  const reports = await runScript(script, scriptEngine);
  expect(reports.map(({ outcome }) => outcome)).toEqual(["leftOut", "passed"]);
});

test("clear drops what was loaded", async () => {
  const reports = await runScript(
    `${LOAD}clear\n${LOAD.replace(" 1+1x10", " 7")}eval instant at 0 x{k="a"}\n x{k="a"} 7`,
    scriptEngine,
  );
  expect(reports.map(({ reason }) => reason)).toEqual([null]);
});

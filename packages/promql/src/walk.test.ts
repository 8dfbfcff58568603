import { describe, expect, test } from "vitest";
import { parse } from "./parser.ts";
import { print } from "./print.ts";
import { resolveDurations } from "./resolve.ts";
import { prometheusFacts } from "./testing/facts.ts";
import { depthOf, replace, selectorsOf, walk } from "./walk.ts";

const tree = parse(
  "topk(scalar(k), sum by (a) (rate(x[5m]) + y)) / avg_over_time(z[5m:1m] @ 5)",
  prometheusFacts,
);

test("walk goes from parents to children in reading order, and keeps out where it is told", () => {
  const kinds: string[] = [];
  walk(tree, (node) => {
    kinds.push(node.kind);
    return node.kind !== "call";
  });
  expect(kinds).toEqual([
    "binary",
    "aggregation",
    "call",
    "aggregation",
    "binary",
    "call",
    "vectorSelector",
    "call",
  ]);
});

test("selectorsOf finds those inside ranges, too", () => {
  expect(selectorsOf(tree).map((selector) => selector.name)).toEqual(["k", "x", "y", "z"]);
});

test("a call may have any number of arguments", () => {
  const wide = parse(`label_join(a, "b", "c"${', "d"'.repeat(150_000)})`, prometheusFacts);
  let count = 0;
  walk(wide, () => {
    count += 1;
  });
  expect(count).toBe(150_004);
  expect(replace(wide, (node) => node)).toBe(wide);
});

test("depthOf counts levels", () => {
  expect(depthOf(parse("1", prometheusFacts))).toBe(1);
  expect(depthOf(parse("rate(a[5m]) + 1", prometheusFacts))).toBe(4);
});

describe("replace", () => {
  test("leaves an untouched tree the same object", () => {
    expect(replace(tree, (node) => node)).toBe(tree);
  });

  test("rewrites from the leaves up, and copies only what changes", () => {
    const changed = replace(tree, (node) =>
      node.kind === "vectorSelector" && node.name === "x"
        ? { ...node, name: "other", matchers: [] }
        : node,
    );
    expect(changed).not.toBe(tree);
    expect(selectorsOf(changed)[0]).toBe(selectorsOf(tree)[0]);
    expect(selectorsOf(changed)[1]?.name).toBe("other");
  });

  test("what it builds is printed with the parentheses it needs", () => {
    const sum = parse("1 + 2", prometheusFacts);
    const built = replace(parse("-x ^ y * z", prometheusFacts), (node) =>
      node.kind === "vectorSelector" ? sum : node,
    );
    expect(print(built)).toBe("-(1 + 2) ^ (1 + 2) * (1 + 2)");
  });
});

describe("resolveDurations", () => {
  const grid = { startMs: 50_000, endMs: 60_000, stepMs: 5_000 };
  test.for([
    ["a[step()]", "a[5s]"],
    ["a[range() * 2]", "a[20s]"],
    ["a[1+(STep()-5)*2]", "a[1s]"],
    ["a[max_of(min_of(step()+1,1h),1ms)]", "a[6s]"],
    ["a[step() + 1ms]", "a[5s1ms]"],
    ["a[29s+1s:((((8 - 2) / 3) * 7s) % 4) + 8000ms]", "a[30s:10s]"],
    ["a offset (-step()*2)", "a offset -10s"],
    ["a offset -min_of(step(), 1s)", "a offset -1s"],
    ["a[2 ^ 2 ^ 1s:-(-5m + step())]", "a[4s:4m55s]"],
  ] as const)("%s becomes %s", ([text, expected]) => {
    const resolved = resolveDurations(parse(text, prometheusFacts), grid, text);
    expect(print(resolved)).toBe(expected);
  });

  test.for([
    ["a[step() - 5]", "duration must be greater than 0"],
    ["a[5m / (step() - 5)]", "division by zero"],
    ["a[5m % (step() - 5)]", "modulo by zero"],
    ["a[step() ^ 100]", "duration out of range"],
    ["a[(-step()) ^ 0.5]", "duration out of range"],
  ] as const)("%s: %s", ([text, message]) => {
    expect(() => resolveDurations(parse(text, prometheusFacts), grid, text)).toThrow(message);
  });

  test("a tree without such durations stays the same", () => {
    expect(resolveDurations(tree, grid, "")).toBe(tree);
  });
});

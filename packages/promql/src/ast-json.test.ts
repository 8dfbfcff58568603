import { expect, test } from "vitest";
import { astJson } from "./ast-json.ts";
import { parse } from "./parser.ts";
import { prometheusFacts } from "./testing/facts.ts";

const jsonOf = (text: string): unknown => astJson(parse(text, prometheusFacts), prometheusFacts);

const selector = (name: string) => ({
  type: "vectorSelector",
  name,
  matchers: [{ name: "__name__", type: "=", value: name }],
  offset: 0,
  timestamp: null,
  startOrEnd: null,
  anchored: false,
  smoothed: false,
});

test("selectors tell their modifiers in milliseconds; a bare name is the last matcher", () => {
  expect(jsonOf('x{a!="b"}[5m] anchored @ 1.5 offset -1m')).toStrictEqual({
    type: "matrixSelector",
    name: "x",
    matchers: [
      { name: "a", type: "!=", value: "b" },
      { name: "__name__", type: "=", value: "x" },
    ],
    range: 300_000,
    offset: -60_000,
    timestamp: 1_500,
    startOrEnd: null,
    anchored: true,
    smoothed: false,
  });
  expect(jsonOf('{"x y"} @ end()')).toMatchObject({ name: "", startOrEnd: "end", timestamp: null });
  expect(jsonOf("x[step() + 1m]")).toMatchObject({ range: 0 });
});

test("calls tell their signature, aggregations their grouping", () => {
  expect(jsonOf("topk by (a) (3, round(x))")).toStrictEqual({
    type: "aggregation",
    op: "topk",
    param: { type: "numberLiteral", val: "3" },
    grouping: ["a"],
    without: false,
    expr: {
      type: "call",
      func: {
        name: "round",
        argTypes: ["vector", "scalar"],
        returnType: "vector",
        variadic: 1,
      },
      args: [selector("x")],
    },
  });
});

test("operators tell how they match, between scalars nothing", () => {
  expect(jsonOf("x == bool on(a) group_left(b) fill_right(0) y")).toStrictEqual({
    type: "binaryExpr",
    op: "==",
    bool: true,
    matching: {
      card: "many-to-one",
      on: true,
      labels: ["a"],
      include: ["b"],
      fillValues: { lhs: null, rhs: 0 },
    },
    lhs: selector("x"),
    rhs: selector("y"),
  });
  expect(jsonOf("x and y")).toMatchObject({ matching: { card: "many-to-many" } });
  expect(jsonOf("-x * (5m)")).toStrictEqual({
    type: "binaryExpr",
    op: "*",
    bool: false,
    matching: null,
    lhs: { type: "unaryExpr", op: "-", expr: selector("x") },
    rhs: { type: "parenExpr", expr: { type: "numberLiteral", val: "300" } },
  });
});

test("a subquery without a step has step 0", () => {
  expect(jsonOf("x[1h:] offset 1m")).toStrictEqual({
    type: "subquery",
    expr: selector("x"),
    range: 3_600_000,
    step: 0,
    offset: 60_000,
    timestamp: null,
    startOrEnd: null,
  });
  expect(jsonOf("'x'")).toStrictEqual({ type: "stringLiteral", val: "x" });
});

import { describe, expect, test } from "vitest";
import type { Binary } from "./ast.ts";
import { selectsEverything, typeOf } from "./check-types.ts";
import { parse, parseSelector } from "./parser.ts";
import { prometheusFacts } from "./testing/facts.ts";

describe("every expression has a type", () => {
  test.for([
    ["1", "scalar"],
    ["-5m", "scalar"],
    ["1 + 2", "scalar"],
    ["1 == bool 2", "scalar"],
    ["(1)", "scalar"],
    ["-time()", "scalar"],
    ["1 + a", "vector"],
    ["a or b", "vector"],
    ["sum(a)", "vector"],
    ["-a", "vector"],
    ["vector(1)", "vector"],
    ["a[5m]", "matrix"],
    ["a[5m:]", "matrix"],
    ['("x")', "string"],
  ])("%s is a %s", ([text, type]) => {
    expect(typeOf(parse(text as string, prometheusFacts), prometheusFacts)).toBe(type);
  });
});

describe("wrong types are refused", () => {
  test.for([
    ["{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"],
    ['{a=""}', "vector selector must contain at least one non-empty matcher"],
    ['{a=~".*"}', "vector selector must contain at least one non-empty matcher"],
    ['{a!="b"}', "vector selector must contain at least one non-empty matcher"],
    ['{""}', "vector selector must contain at least one non-empty matcher"],
    ['foo{__name__="bar"}', 'metric name must not be set twice: "foo" or "bar"'],
    ['foo{a=~"("}', "1:5: parse error: error parsing regexp: missing closing ): `(`"],
    ["1 == 2", "1:3: parse error: comparisons between scalars must use BOOL modifier"],
    ["a + bool b", "1:3: parse error: bool modifier can only be used on comparison operators"],
    ["1 and 2", 'set operator "and" not allowed in binary scalar expression'],
    ["a or 1", 'set operator "or" not allowed in binary scalar expression'],
    ["a and on(x) group_left b", 'no grouping allowed for "and" operation'],
    ["a and fill(1) b", "filling in missing series not allowed for set operators"],
    ["a + fill(1) 1", "filling in missing series only allowed between instant vectors"],
    ["a + on(x) 1", "vector matching only allowed between instant vectors"],
    ["a + on(x, y) group_left(y) b", 'label "y" must not occur in ON and GROUP clause at once'],
    [
      "a[5m] + 1",
      "1:1: parse error: binary expression must contain only scalar and instant vector types",
    ],
    [
      '1 + "x"',
      "1:5: parse error: binary expression must contain only scalar and instant vector types",
    ],
    [
      '-"x"',
      'unary expression only allowed on expressions of type scalar or instant vector, got "string"',
    ],
    [
      "-a[5m]",
      'unary expression only allowed on expressions of type scalar or instant vector, got "range vector"',
    ],
    ["1[5m:]", "subquery is only allowed on instant vector, got scalar instead"],
    ["a[5m][5m:]", "subquery is only allowed on instant vector, got range vector instead"],
    [
      "sum(1)",
      "1:5: parse error: expected type instant vector in aggregation expression, got scalar",
    ],
    ["sum(a[5m])", "expected type instant vector in aggregation expression, got range vector"],
    ["topk(a, b)", "expected type scalar in aggregation parameter, got instant vector"],
    ["count_values(1, b)", "expected type string in aggregation parameter, got scalar"],
    [
      "rate(a)",
      '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    ],
    ["abs(1)", 'expected type instant vector in call to function "abs", got scalar'],
    ["rate()", 'expected 1 argument(s) in call to "rate", got 0'],
    ["rate(a[5m], 1)", 'expected 1 argument(s) in call to "rate", got 2'],
    ["round()", 'expected at least 1 argument(s) in call to "round", got 0'],
    ["round(a, 1, 2)", 'expected at most 2 argument(s) in call to "round", got 3'],
    ["hour(a, a)", 'expected at most 1 argument(s) in call to "hour", got 2'],
    [
      'label_join(a, "x", "y", 5)',
      'expected type string in call to function "label_join", got scalar',
    ],
    ["info(a, b)", "expected label selectors only, got vector selector instead"],
    ["info(a, sum(b))", "expected label selectors only"],
    ["info(a, 1)", 'expected type instant vector in call to function "info", got scalar'],
  ])("%s", ([text, message]) => {
    expect(() => parse(text as string, prometheusFacts)).toThrow(message);
  });
});

const matchingOf = (text: string) => (parse(text, prometheusFacts) as Binary).matching;

describe("a binary operator has a matching only between vectors", () => {
  test("scalars have none", () => {
    expect(matchingOf("1 + 2")).toBeNull();
    expect(matchingOf("a + 2")).toBeNull();
  });

  test("vectors match one to one, sets many to many", () => {
    expect(matchingOf("a + b")).toMatchObject({ cardinality: "one-to-one", on: false, labels: [] });
    expect(matchingOf("a or on(x) b")).toMatchObject({
      cardinality: "many-to-many",
      on: true,
      labels: ["x"],
    });
    expect(matchingOf("a * ignoring(x) group_right(y) fill_left(3) b")).toEqual({
      cardinality: "one-to-many",
      on: false,
      labels: ["x"],
      include: ["y"],
      fillLeft: 3,
      fillRight: null,
    });
  });
});

test("a selector that selects everything is known as such", () => {
  expect(selectsEverything([])).toBe(true);
  expect(selectsEverything(parseSelector('{a=~".*"}'))).toBe(true);
  expect(selectsEverything(parseSelector('{a=~".+"}'))).toBe(false);
});

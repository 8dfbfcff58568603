import { expect, test } from "vitest";
import { parse } from "./parser.ts";
import { prettify } from "./prettify.ts";
import { prometheusFacts } from "./testing/facts.ts";

const LONG = `{a="${"x".repeat(100)}"}`;

test.for([
  ["what fits one line stays on it", "sum by(a) (rate(x[5m]))", "sum by (a) (rate(x[5m]))"],
  ["a selector is never broken", `x${LONG}`, `x${LONG}`],
  [
    "an operator stands on a line of its own",
    `x${LONG} + on(a) group_left(b) y`,
    `  x${LONG}\n+ on (a) group_left (b)\n  y`,
  ],
  [
    "operands of operands stand further in",
    `(x${LONG} == bool 1) * -y`,
    `  (\n      x${LONG}\n    == bool\n      1\n  )\n*\n  -y`,
  ],
  [
    "arguments stand one to a line",
    `label_join(x${LONG}, "a", "b")`,
    `label_join(\n  x${LONG},\n  "a",\n  "b"\n)`,
  ],
  [
    "so do those of an aggregation",
    `topk without(a) (5, x${LONG})`,
    `topk without (a) (\n  5,\n  x${LONG}\n)`,
  ],
  [
    "a subquery is broken inside",
    `max_over_time(rate(x${LONG}[5m])[1h:1m] offset 1d)`,
    `max_over_time(\n  rate(\n    x${LONG}[5m]\n  )[1h:1m] offset 1d\n)`,
  ],
  ["a sign stands before the first line", `-sum(x${LONG})`, `-sum(\n  x${LONG}\n)`],
])("%s", ([, text = "", pretty = ""]) => {
  expect(prettify(parse(text, prometheusFacts))).toBe(pretty);
  expect(prettify(parse(pretty, prometheusFacts))).toBe(pretty);
});

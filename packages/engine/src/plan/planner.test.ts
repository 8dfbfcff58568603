import { parse } from "@tideline/promql";
import { describe, expect, test } from "vitest";
import { languageFacts } from "../functions/shelf.ts";
import type { Plan } from "./plan.ts";
import { planQuery } from "./planner.ts";

const options = {
  grid: { startMs: 1_000_000, endMs: 2_000_000, stepMs: 10_000 },
  subqueryStepMs: 60_000,
};

function planOf(text: string): Plan {
  const plan = planQuery(parse(text, languageFacts), options);
  if (plan.kind !== "value") throw new Error(`no value: ${text}`);
  return plan.plan;
}

/** The shape of a plan: leaves by their text, other nodes by their kind. */
function shapeOf(plan: Plan): string {
  switch (plan.kind) {
    case "number":
      return String(plan.value);
    case "string":
      return JSON.stringify(plan.text);
    case "leaf":
      return `<${plan.text}>`;
    case "rollup": {
      const input = plan.input.kind === "subquery" ? shapeOf(plan.input.plan) : "raw";
      return `${plan.card.name}[${[input, ...plan.parameters.map(shapeOf)].join(" ")}]`;
    }
    case "transform":
      return `${plan.card.name}(${plan.arguments.map(shapeOf).join(" ")})`;
    case "aggregate":
      return `${plan.card.name}{${shapeOf(plan.input)}}`;
    case "binary":
      return `(${shapeOf(plan.left)} ${plan.expression.operator} ${shapeOf(plan.right)})`;
    case "negation":
      return `-${shapeOf(plan.operand)}`;
    case "info":
      return `info(${shapeOf(plan.input)})`;
    case "invariant":
      return `once ${shapeOf(plan.plan)}`;
  }
}

describe("leaves are cut out as canonical text", () => {
  test.for([
    ["x", "<x>"],
    ["sum(rate(x[5m]))", "sum{<rate(x[5m])>}"],
    ["timestamp((x))", "<timestamp((x))>"],
    ["timestamp(x + 1)", "timestamp((<x> + 1))"],
    ["quantile_over_time(0.5, x[5m])", "<quantile_over_time(0.5, x[5m])>"],
    ["quantile_over_time(-(1), x[5m])", "<quantile_over_time(-(1), x[5m])>"],
    ["quantile_over_time(scalar(y), x[5m])", "quantile_over_time[raw scalar(<y>)]"],
    ["rate(x[5m:])", "rate[<x>]"],
    ["absent_over_time(x[5m])", "absent_over_time(<present_over_time(x[5m])>)"],
    ["-x", "-<x>"],
    ["-(3)", "-3"],
    ["label_replace(x, 'a', '', '', '')", 'label_replace(<x> "a" "" "" "")'],
  ])("%s", ([text = "", shape = ""]) => {
    expect(shapeOf(planOf(text))).toBe(shape);
  });
});

describe("what does not depend on the step's time is worked out once", () => {
  test.for([
    ["x @ 100", "once <x @ 100.000>"],
    ["x @ start() + y @ end()", "once (<x @ 1000.000> + <y @ 2000.000>)"],
    ["x + y @ 100", "(<x> + once <y @ 100.000>)"],
    ["sum(rate(x[5m] @ 100)) * 2", "once (sum{<rate(x[5m] @ 100.000)>} * 2)"],
    ["1 + 2", "once (1 + 2)"],
    ["time() + 1", "(time() + 1)"],
    ["predict_linear(x[5m] @ 100, 60)", "<predict_linear(x[5m] @ 100.000, 60)>"],
    ["rate((x @ 100)[5m:])", "rate[once <x @ 100.000>]"],
    ["rate(x[5m:] @ 100)", "once rate[<x>]"],
    ["hour(x @ 100)", "hour(once <x @ 100.000>)"],
  ])("%s", ([text = "", shape = ""]) => {
    expect(shapeOf(planOf(text))).toBe(shape);
  });
});

test.for([
  ["max_over_time(x[5m] smoothed)", "delta, increase, rate - not with max_over_time"],
  ["deriv(x[5m] anchored)", "changes, delta, increase, rate, resets - not with deriv"],
  ["predict_linear(x[5m] anchored, scalar(y))", "not with predict_linear"],
  ["absent_over_time(x[5m] anchored)", "not with absent_over_time"],
])("%s is refused: its function has no loop for the modifier", ([text = "", words = ""]) => {
  expect(() => planOf(text)).toThrow(words);
});

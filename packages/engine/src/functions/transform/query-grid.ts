/** Facts of the query's own grid as scalars, and the lesser and greater of two scalars. */
import type { StepGrid } from "@tideline/model";
import type { TransformCard } from "../card.ts";
import { scalarOf } from "./elementwise.ts";

/** A constant of the query, in seconds. */
function gridFact(
  name: string,
  help: string,
  milliseconds: (grid: StepGrid, isInstant: boolean) => number,
): TransformCard {
  return {
    kind: "transform",
    name,
    help,
    argumentTypes: [],
    returnType: "scalar",
    experimental: true,
    evaluate: (_values, { queryGrid, isInstant, stepCount }) => ({
      type: "scalar",
      values: new Float64Array(stepCount).fill(milliseconds(queryGrid, isInstant) / 1000),
    }),
  };
}

function ofTwo(
  name: string,
  help: string,
  choose: (left: number, right: number) => number,
): TransformCard {
  return {
    kind: "transform",
    name,
    help,
    argumentTypes: ["scalar", "scalar"],
    returnType: "scalar",
    experimental: true,
    evaluate(values) {
      const right = scalarOf(values[1]);
      const chosen = scalarOf(values[0]).map((left, step) => choose(left, right[step] as number));
      return { type: "scalar", values: chosen };
    },
  };
}

export const queryGrid: readonly TransformCard[] = [
  gridFact("start", "First instant of the query in Unix seconds", ({ startMs }) => startMs),
  gridFact("end", "Last instant of the query in Unix seconds", ({ endMs }) => endMs),
  gridFact(
    "range",
    "Seconds from start to end of the query",
    ({ startMs, endMs }) => endMs - startMs,
  ),
  gridFact(
    "step",
    "Step of the query in seconds, 0 for an instant query",
    ({ stepMs }, isInstant) => (isInstant ? 0 : stepMs),
  ),
  ofTwo("min_of", "The lesser of two scalars, NaN if one is", Math.min),
  ofTwo("max_of", "The greater of two scalars, NaN if one is", Math.max),
];

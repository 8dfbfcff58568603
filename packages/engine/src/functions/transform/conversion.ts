/** Between kinds of values: scalar, vector, time, timestamp. */
import type { StepGrid } from "@tideline/model";
import { NO_LABELS } from "../../labels/label-key.ts";
import type { TransformCard } from "../card.ts";
import { mapped, scalarOf, vectorOf } from "./elementwise.ts";

/** The time of each step in seconds. */
export function stepSeconds(grid: StepGrid, stepCount: number): Float64Array {
  const seconds = new Float64Array(stepCount);
  for (let step = 0; step < stepCount; step += 1)
    seconds[step] = (grid.startMs + step * grid.stepMs) / 1000;
  return seconds;
}

export const conversion: readonly TransformCard[] = [
  {
    kind: "transform",
    name: "time",
    help: "The step's time in Unix seconds",
    argumentTypes: [],
    returnType: "scalar",
    dependsOnTime: true,
    evaluate: (_values, { grid, stepCount }) => ({
      type: "scalar",
      values: stepSeconds(grid, stepCount),
    }),
  },
  {
    kind: "transform",
    name: "scalar",
    help: "The value of a vector that has just one sample, else NaN",
    argumentTypes: ["vector"],
    returnType: "scalar",
    evaluate(values, { stepCount }) {
      const columns = vectorOf(values[0]);
      const result = new Float64Array(stepCount).fill(NaN);
      const counts = new Uint32Array(stepCount);
      for (let row = 0; row < columns.labels.length; row += 1) {
        for (let step = 0; step < stepCount; step += 1) {
          const at = row * stepCount + step;
          if (columns.presence[at] === 0) continue;
          counts[step] = (counts[step] as number) + 1;
          result[step] = columns.values[at] as number;
        }
      }
      for (let step = 0; step < stepCount; step += 1) if (counts[step] !== 1) result[step] = NaN;
      return { type: "scalar", values: result };
    },
  },
  {
    kind: "transform",
    name: "vector",
    help: "A scalar as a vector of one sample without labels",
    argumentTypes: ["scalar"],
    returnType: "vector",
    evaluate: (values, { stepCount }) => ({
      type: "vector",
      columns: {
        stepCount,
        labels: [NO_LABELS],
        dropsName: null,
        values: scalarOf(values[0]),
        presence: new Uint8Array(stepCount).fill(1),
      },
    }),
  },
  {
    kind: "transform",
    name: "timestamp",
    help: "Time of each sample in Unix seconds: of a selector the stored time, else the step's",
    notes: "Pushed down over a selector",
    argumentTypes: ["vector"],
    returnType: "vector",
    dependsOnTime: true,
    // Over a selector it is a leaf of its own (plan/leaf-node.ts), and this is not asked.
    evaluate(values, context) {
      const seconds = stepSeconds(context.grid, context.stepCount);
      const columns = mapped(vectorOf(values[0]), context, (_value, second) => second, seconds);
      return { type: "vector", columns };
    },
  },
];

/**
 * For rollups that look at one window at a time: the loop over the steps is here, the card brings the leaf.
 * The hottest cards have loops of their own.
 */
import type { RollupLoop, Samples } from "../card.ts";

/** The value of samples [start, end), end > start; `parameter` is the first scalar argument at this step. */
type WindowFunction = (
  samples: Samples,
  start: number,
  end: number,
  parameter: number,
  evaluationMs: number,
) => number;

/** A loop that gives a value wherever the window holds at least `samplesMin` samples. */
export function perWindow(samplesMin: number, evaluate: WindowFunction): RollupLoop {
  return (samples, windows, parameters, target) => {
    const { starts, ends, stepCount, evaluationStartMs, evaluationStepMs } = windows;
    const parameter = parameters[0];
    for (let step = 0; step < stepCount; step += 1) {
      const start = starts[step] as number;
      const end = ends[step] as number;
      if (end - start < samplesMin) continue;
      const at = target.start + step;
      target.presence[at] = 1;
      target.values[at] = evaluate(
        samples,
        start,
        end,
        parameter ? (parameter[step] as number) : NaN,
        evaluationStartMs + step * evaluationStepMs,
      );
    }
  };
}

/** Types of rollups that take just a range vector. */
export const RANGE_ONLY = { argumentTypes: ["matrix"], returnType: "vector" } as const;

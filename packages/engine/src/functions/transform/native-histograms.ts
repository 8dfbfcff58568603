/**
 * Functions of native histograms. Float samples are none, and those are all that is stored yet: the answer is empty,
 * as Prometheus' is over floats.
 */
import { emptyColumns } from "../../columns/columns.ts";
import type { TransformCard } from "../card.ts";

function ofHistograms(name: string, what: string): TransformCard {
  return {
    kind: "transform",
    name,
    help: `${what} of native histograms; float samples are left out`,
    argumentTypes: ["vector"],
    returnType: "vector",
    evaluate: (_values, { stepCount }) => ({ type: "vector", columns: emptyColumns(stepCount) }),
  };
}

/** Start timestamps are not stored either. */
const startTimestamp: TransformCard = {
  kind: "transform",
  name: "start_timestamp",
  help: "Time at which a counter started, of samples that came with one; none are stored with one yet",
  argumentTypes: ["vector"],
  returnType: "vector",
  experimental: true,
  evaluate: (_values, { stepCount }) => ({ type: "vector", columns: emptyColumns(stepCount) }),
};

export const nativeHistograms: readonly TransformCard[] = [
  ofHistograms("histogram_count", "Count of observations"),
  ofHistograms("histogram_sum", "Sum of observations"),
  ofHistograms("histogram_avg", "Average observation"),
  ofHistograms("histogram_stddev", "Estimated standard deviation"),
  ofHistograms("histogram_stdvar", "Estimated variance"),
  startTimestamp,
];

/** histogram_quantile and histogram_fraction over classic histograms: rows that differ in nothing but `le`. */
import {
  blankColumns,
  sameLabelsError,
  withoutBlankRows,
  withoutNames,
  type Columns,
} from "../../columns/columns.ts";
import { RowCollector } from "../../columns/row-collector.ts";
import {
  bytesText,
  dropLabels,
  labelValue,
  metricNameOf,
  plainText,
  withLabel,
} from "../../labels/label-key.ts";
import { floatText } from "@tideline/promql";
import { parseFloatText } from "../../numeric/parse-float.ts";
import { checkQuantiles } from "../rollup/quantiles.ts";
import { argumentSpan, type TransformCard, type TransformContext, type Value } from "../card.ts";
import { BucketList, bucketFraction, bucketQuantile } from "./classic-buckets.ts";
import { scalarOf, textOf, vectorOf } from "./elementwise.ts";

const LE = new Set([bytesText("le")]);

interface Histogram {
  readonly rows: number[];
  readonly bounds: Map<number, number>;
}

/** Histograms by label key without `le`; rows ascend by bound. Rows without a bound are warned of and left out. */
function histogramsOf(columns: Columns, context: TransformContext): Map<string, Histogram> {
  const histograms = new Map<string, Histogram>();
  const vectorSpan = argumentSpan(context.call, -1);
  for (let row = 0; row < columns.labels.length; row += 1) {
    const key = columns.labels[row] as string;
    const text = plainText(labelValue(key, "le"));
    const bound = parseFloatText(text);
    if (bound === undefined) {
      const name = metricNameOf(key);
      context.annotations.warn(
        `bucket label "le" is missing or has a malformed value of ${JSON.stringify(text)}${named(name)}`,
        vectorSpan,
      );
      continue;
    }
    const group = dropLabels(key, LE);
    let histogram = histograms.get(group);
    if (!histogram) histograms.set(group, (histogram = { rows: [], bounds: new Map() }));
    histogram.rows.push(row);
    histogram.bounds.set(row, bound);
  }
  for (const { rows, bounds } of histograms.values())
    rows.sort((a, b) => (bounds.get(a) as number) - (bounds.get(b) as number));
  return histograms;
}

function named(name: string): string {
  return name === "" ? "" : ` for metric name ${JSON.stringify(name)}`;
}

/** One value per histogram and step that has a bucket. */
function overHistograms(
  columns: Columns,
  context: TransformContext,
  evaluate: (buckets: BucketList, step: number, key: string) => number,
): Columns {
  const { stepCount } = columns;
  const histograms = histogramsOf(columns, context);
  const result = blankColumns([...histograms.keys()], stepCount);
  const buckets = new BucketList();
  let at = 0;
  for (const [key, { rows, bounds }] of histograms) {
    const rowBounds = Float64Array.from(rows, (row) => bounds.get(row) as number);
    for (let step = 0; step < stepCount; step += 1, at += 1) {
      buckets.clear();
      for (let i = 0; i < rows.length; i += 1) {
        const from = (rows[i] as number) * stepCount + step;
        if (columns.presence[from] === 1)
          buckets.add(rowBounds[i] as number, columns.values[from] as number);
      }
      if (buckets.count === 0) continue;
      result.presence[at] = 1;
      result.values[at] = evaluate(buckets, step, key);
    }
  }
  return withoutNames(withoutBlankRows(result), context.removal, true);
}

function quantileOfBuckets(
  q: number,
  buckets: BucketList,
  key: string,
  context: TransformContext,
): number {
  if (Number.isNaN(q)) return NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  if (!buckets.isComplete) return NaN;
  if (buckets.repair()) {
    context.annotations.inform(
      "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)" +
        named(metricNameOf(key)),
      argumentSpan(context.call, -1),
    );
  }
  return bucketQuantile(q, buckets);
}

/** The rows of each quantile, one quantile after the other. */
function quantilesOf(values: readonly Value[], context: TransformContext): Columns {
  const vector = vectorOf(values[0]);
  const name = bytesText(textOf(values[1]));
  const { stepCount } = context;
  const rows = new RowCollector(stepCount, vector.labels.length, context.checkRows);
  values.slice(2).forEach((value, index) => {
    const phis = scalarOf(value);
    const span = argumentSpan(context.call, index + 2);
    checkQuantiles(phis, context.annotations, span);
    const columns = overHistograms(vector, context, (buckets, step, key) =>
      quantileOfBuckets(phis[step] as number, buckets, key, context),
    );
    columns.labels.forEach((key, row) => {
      if (labelValue(key, name) !== "") throw sameLabelsError();
      for (let step = 0; step < stepCount; step += 1) {
        const at = row * stepCount + step;
        if (columns.presence[at] === 0) continue;
        const labels = withLabel(key, name, quantileText(phis[step] as number));
        const start = rows.row(labels, columns.dropsName?.[row] === 1);
        rows.put(start + step, columns.values[at] as number);
      }
    });
  });
  return rows.finish();
}

/** A quantile as a label has it: never without a point, as in `1.0`. */
function quantileText(phi: number): string {
  const text = floatText(phi);
  return Number.isInteger(phi) ? `${text}.0` : text;
}

export const histograms: readonly TransformCard[] = [
  {
    kind: "transform",
    name: "histogram_quantile",
    help: "Quantile φ of classic histograms, linear inside a bucket",
    notes:
      "Counts that fall with the bound are repaired, with an info; NaN without a bucket of +Inf",
    argumentTypes: ["scalar", "vector"],
    returnType: "vector",
    evaluate(values, context) {
      const phis = scalarOf(values[0]);
      const vector = vectorOf(values[1]);
      checkQuantiles(phis, context.annotations, argumentSpan(context.call, 0));
      const columns = overHistograms(vector, context, (buckets, step, key) =>
        quantileOfBuckets(phis[step] as number, buckets, key, context),
      );
      return { type: "vector", columns };
    },
  },
  {
    kind: "transform",
    name: "histogram_quantiles",
    help: "Several quantiles of classic histograms; φ is put into the label named",
    notes: "Up to ten quantiles",
    argumentTypes: ["vector", "string", "scalar", "scalar"],
    variadic: 9,
    returnType: "vector",
    experimental: true,
    evaluate: (values, context) => ({ type: "vector", columns: quantilesOf(values, context) }),
  },
  {
    kind: "transform",
    name: "histogram_fraction",
    help: "Share of observations of classic histograms between two values, linear inside a bucket",
    notes: "NaN without a bucket of +Inf",
    argumentTypes: ["scalar", "scalar", "vector"],
    returnType: "vector",
    evaluate(values, context) {
      const lower = scalarOf(values[0]);
      const upper = scalarOf(values[1]);
      const columns = overHistograms(vectorOf(values[2]), context, (buckets, step) =>
        buckets.isComplete
          ? bucketFraction(lower[step] as number, upper[step] as number, buckets)
          : NaN,
      );
      return { type: "vector", columns };
    },
  },
];

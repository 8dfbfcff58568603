/** count_values: how many samples of the group have each value; the value becomes a label. */
import { ExecutionError } from "@tideline/model";
import { blankColumns, withoutBlankRows, type Columns } from "../../columns/columns.ts";
import { bytesText, withLabel } from "../../labels/label-key.ts";
import { floatText } from "@tideline/promql";
import type { AggregateCard, AggregateContext } from "../card.ts";
import { textOf } from "../transform/elementwise.ts";

/** How often the memory of a growing result is looked at, in label sets. */
const CHECK_EVERY = 10_000;

function countValues(columns: Columns, name: string, context: AggregateContext): Columns {
  if (name === "" || !name.isWellFormed()) {
    throw new ExecutionError(
      "TIDELINE_QUERY_LABEL_NAME",
      `invalid label name ${JSON.stringify(name)}`,
    );
  }
  const nameBytes = bytesText(name);
  const { stepCount } = columns;
  // One label set per distinct (row, value); most series repeat few values.
  const labels: string[] = [];
  const drops: number[] = [];
  const indexOf = new Map<string, number>();
  const sampleLabels = new Int32Array(columns.presence.length);
  for (let row = 0, at = 0; row < columns.labels.length; row += 1) {
    const key = columns.labels[row] as string;
    for (let step = 0; step < stepCount; step += 1, at += 1) {
      if (columns.presence[at] === 0) continue;
      const text = floatText(columns.values[at] as number);
      const tagged = withLabel(key, nameBytes, text);
      let index = indexOf.get(tagged);
      if (index === undefined) {
        index = labels.length;
        indexOf.set(tagged, index);
        labels.push(tagged);
        drops.push(columns.dropsName?.[row] ?? 0);
        if (labels.length % CHECK_EVERY === 0) context.checkRows(labels.length);
      }
      sampleLabels[at] = index;
    }
  }
  const groups = context.groupBy(labels, columns.dropsName && Uint8Array.from(drops));
  context.checkRows(groups.labels.length);
  const result = blankColumns(groups.labels, stepCount, groups.dropsName);
  for (let at = 0; at < columns.presence.length; at += 1) {
    if (columns.presence[at] === 0) continue;
    const group = groups.groupOf[sampleLabels[at] as number] as number;
    const target = group * stepCount + (at % stepCount);
    result.presence[target] = 1;
    result.values[target] = (result.values[target] as number) + 1;
  }
  return withoutBlankRows(result);
}

export const counting: readonly AggregateCard[] = [
  {
    kind: "aggregate",
    name: "count_values",
    help: "How many samples of the group have each value; the value is put into the label named",
    notes: "Values are written without an exponent",
    parameterType: "string",
    evaluate: (columns, _groups, parameter, context) =>
      countValues(columns, textOf(parameter ?? undefined), context),
  },
];

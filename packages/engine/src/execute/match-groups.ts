/** Which rows of two vectors belong together: match groups by the labels of `on` or `ignoring`. */
import { METRIC_NAME } from "@tideline/model";
import type { VectorMatching } from "@tideline/promql";
import type { Columns } from "../columns/columns.ts";
import { bytesText, dropLabels, keepLabels } from "../labels/label-key.ts";

/** Rows that share their matching labels. `labels` is those labels, as a key. */
export interface MatchGroup {
  readonly labels: string;
  readonly left: number[];
  readonly right: number[];
}

/** The matching labels of a row, as a key. */
function matchLabels(matching: VectorMatching): (key: string) => string {
  const names = new Set(matching.labels.map(bytesText));
  if (matching.on) return (key) => keepLabels(key, names);
  names.add(METRIC_NAME);
  return (key) => dropLabels(key, names);
}

/** Groups in order of their first row, left rows before right ones. */
export function matchGroups(
  left: Columns,
  right: Columns,
  matching: VectorMatching,
): readonly MatchGroup[] {
  const labelsFor = matchLabels(matching);
  const groups = new Map<string, MatchGroup>();
  const groupOf = (key: string): MatchGroup => {
    const labels = labelsFor(key);
    let group = groups.get(labels);
    if (!group) groups.set(labels, (group = { labels, left: [], right: [] }));
    return group;
  };
  left.labels.forEach((key, row) => groupOf(key).left.push(row));
  right.labels.forEach((key, row) => groupOf(key).right.push(row));
  return [...groups.values()];
}

/** One byte per step: 1 where any of the rows has a sample. */
export function presenceOfAny(columns: Columns, rows: Iterable<number>): Uint8Array {
  const { stepCount } = columns;
  const any = new Uint8Array(stepCount);
  for (const row of rows) {
    const start = row * stepCount;
    for (let step = 0; step < stepCount; step += 1)
      if (columns.presence[start + step] === 1) any[step] = 1;
  }
  return any;
}

/** Which rows an aggregation puts together. */
import { METRIC_NAME } from "@tideline/model";
import { dropLabels, keepLabel, keepLabels, bytesText, NO_LABELS } from "../../labels/label-key.ts";
import type { Groups } from "../card.ts";

/** Groups label keys `by` the labels named, or `without` them (and without the metric name). */
export function groupLabels(
  labels: readonly string[],
  dropsName: Uint8Array | null,
  names: readonly string[],
  without: boolean,
): Groups {
  const wanted = new Set(names.map(bytesText));
  if (without) wanted.add(METRIC_NAME);
  const index = new Map<string, number>();
  const groupOf = new Int32Array(labels.length);
  const groupIn = grouper(wanted, without);
  const drops: number[] = [];
  for (let row = 0; row < labels.length; row += 1) {
    const group = groupIn(labels[row] as string);
    let number = index.get(group);
    if (number === undefined) {
      number = index.size;
      index.set(group, number);
      drops.push(0);
    }
    groupOf[row] = number;
    if (dropsName?.[row] === 1) drops[number] = 1;
  }
  return {
    labels: [...index.keys()],
    dropsName: dropsName && Uint8Array.from(drops),
    groupOf,
  };
}

/** The group of a key; `wanted` are bytes. */
function grouper(wanted: ReadonlySet<string>, without: boolean): (key: string) => string {
  if (without) return (key) => dropLabels(key, wanted);
  const [first, ...others] = wanted;
  if (first === undefined) return () => NO_LABELS;
  return others.length === 0 ? (key) => keepLabel(key, first) : (key) => keepLabels(key, wanted);
}

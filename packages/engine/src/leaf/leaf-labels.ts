/**
 * Label keys of a leaf's rows. Whoever evaluated the leaf in this thread had them at hand; of columns that came from elsewhere
 * they are made of the series keys.
 */
import type { LeafColumns } from "@tideline/model";
import { labelKeyOf } from "../labels/label-key.ts";

const known = new WeakMap<LeafColumns, readonly string[]>();

/** @param labels the label key of each row */
export function rememberLabels(columns: LeafColumns, labels: readonly string[]): void {
  known.set(columns, labels);
}

export function labelsOfLeaf(columns: LeafColumns): readonly string[] {
  return known.get(columns) ?? columns.keys.map(labelKeyOf);
}

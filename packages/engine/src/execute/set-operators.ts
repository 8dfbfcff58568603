/** and, or, unless: samples of one side, by whether the other side has a match at that step. */
import type { VectorMatching } from "@tideline/promql";
import type { Columns } from "../columns/columns.ts";
import { matchGroups, presenceOfAny, type MatchGroup } from "./match-groups.ts";
import { RowCollector } from "../columns/row-collector.ts";
import type { SetOperator } from "./scalar-operators.ts";

export function combineSets(
  operator: SetOperator,
  left: Columns,
  right: Columns,
  matching: VectorMatching,
  checkRows: (rowCount: number) => void,
): Columns {
  const groups = matchGroups(left, right, matching);
  const rows = new RowCollector(
    left.stepCount,
    left.labels.length + right.labels.length,
    checkRows,
  );
  const take = (from: Columns, row: number, mask: Uint8Array | null): void => {
    rows.add(from, row, mask);
  };
  const masks = leftMasks(operator, left, right, groups);
  for (let row = 0; row < left.labels.length; row += 1) take(left, row, masks[row] ?? null);
  if (operator !== "or") return rows.finish();
  for (const group of groups) {
    const without = inverted(presenceOfAny(left, group.left));
    for (const row of group.right) take(right, row, without);
  }
  return rows.finish();
}

/** Which steps each left row keeps; null: all. */
function leftMasks(
  operator: SetOperator,
  left: Columns,
  right: Columns,
  groups: readonly MatchGroup[],
): (Uint8Array | null)[] {
  const masks = Array<Uint8Array | null>(left.labels.length).fill(null);
  if (operator === "or") return masks;
  for (const group of groups) {
    const matched = presenceOfAny(right, group.right);
    const mask = operator === "and" ? matched : inverted(matched);
    for (const row of group.left) masks[row] = mask;
  }
  return masks;
}

function inverted(mask: Uint8Array): Uint8Array {
  return mask.map((bit) => 1 - bit);
}

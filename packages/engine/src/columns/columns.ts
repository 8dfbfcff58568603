/**
 * A vector over a step grid, in columns: one row per label set, one value and one presence byte per step.
 * Columns are immutable once made: operations make new ones, so that two parts of a query may share one leaf.
 */
import { ExecutionError } from "@tideline/model";
import { knownLists } from "../labels/known-lists.ts";
import { withoutLeadingName, withoutMetadata } from "../labels/label-key.ts";

export interface Columns {
  readonly stepCount: number;
  /** Label keys, one per row. Unique, except while names wait to be dropped (`dropsName`). */
  readonly labels: readonly string[];
  /**
   * One byte per row: 1 when the metric name is to be dropped at the end of the query (delayed name removal).
   * null: no row's is.
   */
  readonly dropsName: Uint8Array | null;
  /** labels.length × stepCount, row-major; meaningless where absent. A NaN is a value. */
  readonly values: Float64Array;
  /** One byte per value: 1 where there is a sample. */
  readonly presence: Uint8Array;
}

export function emptyColumns(stepCount: number): Columns {
  return {
    stepCount,
    labels: [],
    dropsName: null,
    values: new Float64Array(0),
    presence: new Uint8Array(0),
  };
}

/** Room for rows that are yet to be filled; all absent. */
export function blankColumns(
  labels: readonly string[],
  stepCount: number,
  dropsName: Uint8Array | null = null,
): Columns {
  return {
    stepCount,
    labels,
    dropsName,
    values: new Float64Array(labels.length * stepCount),
    presence: new Uint8Array(labels.length * stepCount),
  };
}

/** Bytes that columns of this shape take, labels aside. */
export function columnsSize(rowCount: number, stepCount: number): number {
  return rowCount * stepCount * 9;
}

export function sameLabelsError(): ExecutionError {
  return new ExecutionError(
    "TIDELINE_QUERY_SAME_LABELS",
    "vector cannot contain metrics with the same labelset",
  );
}

/**
 * Gives rows new labels. Rows that come to have equal labels become one row, in the place of the first,
 * provided that no two of them have a sample at one step.
 *
 * @throws {ExecutionError} where two rows meet at one step; with `disjointMerge` false: where any two rows meet
 */
export function relabelled(
  columns: Columns,
  labels: readonly string[],
  dropsName: Uint8Array | null,
  disjointMerge: boolean,
): Columns {
  const rowOf = new Map<string, number>();
  const targets = new Int32Array(labels.length);
  for (let row = 0; row < labels.length; row += 1) {
    const key = labels[row] as string;
    const known = rowOf.get(key);
    if (known === undefined) rowOf.set(key, rowOf.size);
    else if (!disjointMerge) throw sameLabelsError();
    targets[row] = known ?? rowOf.size - 1;
  }
  if (rowOf.size === labels.length) return { ...columns, labels, dropsName };
  const { stepCount } = columns;
  const drops = dropsName && new Uint8Array(rowOf.size);
  const merged = blankColumns([...rowOf.keys()], stepCount, drops);
  for (let row = labels.length - 1; row >= 0; row -= 1) {
    const target = targets[row] as number;
    if (drops) drops[target] = dropsName?.[row] ?? 0;
    moveRow(columns, row, merged, target);
  }
  return merged;
}

/** Copies the samples of a row to a row of the same length. @throws {ExecutionError} where one is already */
function moveRow(from: Columns, fromRow: number, to: Columns, toRow: number): void {
  const { stepCount } = from;
  const source = fromRow * stepCount;
  const target = toRow * stepCount;
  for (let step = 0; step < stepCount; step += 1) {
    if (from.presence[source + step] === 0) continue;
    if (to.presence[target + step] !== 0) throw sameLabelsError();
    to.presence[target + step] = 1;
    to.values[target + step] = from.values[source + step] as number;
  }
}

/** How an operation drops the metric names of its result. */
export interface NameRemoval {
  /** True: rows are only marked, and names go at the end of the query. */
  readonly delayed: boolean;
}

/** Drops (or marks for dropping) the names of all rows. @throws {ExecutionError} as `relabelled` */
export function withoutNames(
  columns: Columns,
  removal: NameRemoval,
  disjointMerge: boolean,
): Columns {
  if (removal.delayed) {
    return { ...columns, dropsName: new Uint8Array(columns.labels.length).fill(1) };
  }
  const labels = knownLists.derived(columns.labels, "without leading name", () =>
    withoutLeadingName(columns.labels),
  );
  if (labels) return { ...columns, labels, dropsName: null };
  return relabelled(columns, columns.labels.map(withoutMetadata), null, disjointMerge);
}

/** The end of a query: drops the names that wait for it. @throws {ExecutionError} as `relabelled` */
export function settleNames(columns: Columns): Columns {
  const { dropsName } = columns;
  if (!dropsName) return columns;
  const labels = columns.labels.map((key, row) =>
    dropsName[row] === 1 ? withoutMetadata(key) : key,
  );
  return relabelled(columns, labels, null, true);
}

/** The rows listed, in that order. */
export function selectRows(columns: Columns, rows: ArrayLike<number>): Columns {
  const { stepCount } = columns;
  const labels: string[] = [];
  const drops = columns.dropsName && new Uint8Array(rows.length);
  for (let i = 0; i < rows.length; i += 1) labels.push(columns.labels[rows[i] as number] as string);
  const selected = blankColumns(labels, stepCount, drops);
  for (let i = 0; i < rows.length; i += 1) {
    const from = (rows[i] as number) * stepCount;
    if (drops) drops[i] = columns.dropsName?.[rows[i] as number] ?? 0;
    selected.values.set(columns.values.subarray(from, from + stepCount), i * stepCount);
    selected.presence.set(columns.presence.subarray(from, from + stepCount), i * stepCount);
  }
  return selected;
}

/** Whether a row has any sample. */
function rowHasSamples(columns: Columns, row: number): boolean {
  const start = row * columns.stepCount;
  return columns.presence.subarray(start, start + columns.stepCount).includes(1);
}

/** Leaves out rows without samples. */
export function withoutBlankRows(columns: Columns): Columns {
  const rows: number[] = [];
  for (let row = 0; row < columns.labels.length; row += 1)
    if (rowHasSamples(columns, row)) rows.push(row);
  return rows.length === columns.labels.length ? columns : selectRows(columns, rows);
}

/** Repeats one-step columns over a grid: what does not depend on time is worked out once. */
export function repeatedOverSteps(columns: Columns, stepCount: number): Columns {
  const repeated = blankColumns(columns.labels, stepCount, columns.dropsName);
  for (let row = 0; row < columns.labels.length; row += 1) {
    const start = row * stepCount;
    repeated.presence.fill(columns.presence[row] as number, start, start + stepCount);
    repeated.values.set(columns.values.subarray(row, row + 1), start);
    // Doubling: copies of copies, bit for bit.
    for (let filled = 1; filled < stepCount; filled *= 2) {
      const count = Math.min(filled, stepCount - filled);
      repeated.values.copyWithin(start + filled, start, start + count);
    }
  }
  return repeated;
}

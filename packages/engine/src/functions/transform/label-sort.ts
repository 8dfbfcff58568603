/** The order of sort_by_label, which is Prometheus' where that is no order at all: beside a label that is absent. */
import { bytesText, compareLabelKeys, labelValue } from "../../labels/label-key.ts";

/** Up to here Go sorts by insertion, which can be followed also where comparisons contradict each other. */
const INSERTION_MAX = 12;

/**
 * Rows by the values of labels in turn, numbers inside them by size; all labels decide between equals.
 *
 * Prometheus' natural order does not know whether an absent label comes before or after another one: whichever of the two is
 * asked about is the greater one (descending: the lesser one). What comes of it depends on the order of series before, which is
 * that of their labels, and on how Go sorts: a few rows are treated alike here. Of more than 12 an absent label is the least.
 *
 * @param labels keys of all rows @returns numbers of rows
 */
export function rowsByLabels(
  labels: readonly string[],
  names: readonly string[],
  direction: 1 | -1,
): number[] {
  const wanted = names.map(bytesText);
  const isExact = labels.length <= INSERTION_MAX;
  const compare = (a: number, b: number): number => {
    const x = labels[a] as string;
    const y = labels[b] as string;
    for (const name of wanted) {
      const left = labelValue(x, name);
      const right = labelValue(y, name);
      if (left === right) continue;
      const isFirst = precedes(left, right) || (!isExact && left === "");
      return isFirst ? -direction : direction;
    }
    return compareLabelKeys(x, y) * direction;
  };
  const rows = Array.from(labels, (_, row) => row);
  return isExact ? insertionSorted(rows, compare) : rows.toSorted(compare);
}

function insertionSorted(rows: number[], compare: (a: number, b: number) => number): number[] {
  for (let i = 1; i < rows.length; i += 1) {
    const row = rows[i] as number;
    let at = i;
    for (; at > 0 && compare(row, rows[at - 1] as number) < 0; at -= 1)
      rows[at] = rows[at - 1] as number;
    rows[at] = row;
  }
  return rows;
}

const CHUNKS = /\d+|\D+/g;
const INT64_MAX = "9223372036854775807";

/** Whether one text comes before another: runs of digits compare as numbers. False beside an empty one, either way around. */
function precedes(a: string, b: string): boolean {
  const left = a.match(CHUNKS) ?? [];
  const right = b.match(CHUNKS) ?? [];
  for (const [i, x] of left.entries()) {
    const y = right[i];
    if (y === undefined) return false;
    const order = compareChunks(x, y);
    if (order !== 0) return order < 0;
    if (i === left.length - 1) return true;
  }
  return false;
}

function compareChunks(a: string, b: string): number {
  const x = withoutZeros(a);
  const y = withoutZeros(b);
  if (!isNumber(x) || !isNumber(y)) return compareText(a, b);
  return x.length - y.length || compareText(x, y);
}

function withoutZeros(chunk: string): string {
  return chunk.replace(/^0+(?=\d)/, "");
}

/** Whether a chunk without leading zeros is a number that Go can read. */
function isNumber(chunk: string): boolean {
  if (!/^\d/.test(chunk) || chunk.length > INT64_MAX.length) return false;
  return chunk.length < INT64_MAX.length || chunk <= INT64_MAX;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

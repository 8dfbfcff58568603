/** The order of rows in a range result: by labels, as Prometheus sorts them. */
import { selectRows, type Columns } from "../columns/columns.ts";
import { compareLabelKeys } from "../labels/label-key.ts";

export function sortedByLabels(columns: Columns): Columns {
  const { labels } = columns;
  const rows = Array.from(labels, (_, row) => row);
  rows.sort((a, b) => compareLabelKeys(labels[a] as string, labels[b] as string));
  return rows.every((row, index) => row === index) ? columns : selectRows(columns, rows);
}

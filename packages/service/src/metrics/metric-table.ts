/** Metrics of things that are alike (nodes, lanes), as a table: one row per metric, one reading per thing. */
import type { Metrics } from "./metrics.ts";

interface MetricRow<Item> {
  readonly kind: "counter" | "gauge";
  readonly name: string;
  readonly help: string;
  readonly value: (item: Item) => number;
}

interface MetricTable<Item> {
  readonly rows: readonly MetricRow<Item>[];
  /** Asked once per metric and scrape. */
  readonly items: () => readonly Item[];
  /** The same names for each item. */
  readonly labels: readonly string[];
  readonly labelsOf: (item: Item) => Readonly<Record<string, string>>;
}

export function addMetricTable<Item>(
  metrics: Metrics,
  { rows, items, labels, labelsOf }: MetricTable<Item>,
): void {
  for (const { kind, name, help, value } of rows) {
    metrics[`${kind}From`]({ name, help, labels }, () =>
      items().map((item) => ({ labels: labelsOf(item), value: value(item) })),
    );
  }
}

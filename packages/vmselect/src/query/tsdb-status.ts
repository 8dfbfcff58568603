/**
 * Cardinality: which names, labels and values have most series, counted from the keys of series alone. The answer of
 * /api/v1/status/tsdb in VictoriaMetrics' shape (reference 1.2.6).
 */
import { keyLabels, METRIC_NAME } from "@tideline/model";

/** The greatest first. */
type TopList = readonly { readonly name: string; readonly value: number }[];

interface TsdbStatus {
  readonly totalSeries: number;
  /** Labels of all series together. */
  readonly totalLabelValuePairs: number;
  readonly seriesCountByMetricName: TopList;
  readonly seriesCountByLabelName: TopList;
  /** By the values of one label; empty when none was asked for. */
  readonly seriesCountByFocusLabelValue: TopList;
  /** By `name=value`. */
  readonly seriesCountByLabelValuePair: TopList;
  /** Distinct values of a label. */
  readonly labelValueCountByLabelName: TopList;
}

/** @param keys canonical, each series once */
export function tsdbStatus(
  keys: readonly Uint8Array[],
  { topCount, focusLabel }: { topCount: number; focusLabel: string },
): TsdbStatus {
  /** Name of a label → its values → series. */
  const counts = new Map<string, Map<string, number>>();
  let pairCount = 0;
  for (const key of keys) {
    for (const { name, value } of keyLabels(key)) {
      pairCount += 1;
      let values = counts.get(name);
      if (!values) counts.set(name, (values = new Map<string, number>()));
      values.set(value, (values.get(value) ?? 0) + 1);
    }
  }
  const top = (entries: Iterable<readonly [string, number]>): TopList => topOf(entries, topCount);
  return {
    totalSeries: keys.length,
    totalLabelValuePairs: pairCount,
    seriesCountByMetricName: top(counts.get(METRIC_NAME) ?? []),
    seriesCountByLabelName: top(
      [...counts].map(([name, values]) => {
        const seriesCount = [...values.values()].reduce((sum, count) => sum + count, 0);
        return [name, seriesCount] as const;
      }),
    ),
    seriesCountByFocusLabelValue: top(focusLabel === "" ? [] : (counts.get(focusLabel) ?? [])),
    seriesCountByLabelValuePair: top(pairsOf(counts)),
    labelValueCountByLabelName: top([...counts].map(([name, { size }]) => [name, size] as const)),
  };
}

function* pairsOf(
  counts: ReadonlyMap<string, ReadonlyMap<string, number>>,
): Generator<readonly [string, number]> {
  for (const [name, values] of counts)
    for (const [value, count] of values) yield [`${name}=${value}`, count];
}

/** Of equal ones the first by name. Holds a few times `count` at a time, however many there are. */
function topOf(entries: Iterable<readonly [string, number]>, count: number): TopList {
  let top: { name: string; value: number }[] = [];
  const trim = (): void => {
    top.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1));
    top = top.slice(0, count);
  };
  for (const [name, value] of entries) {
    top.push({ name, value });
    if (top.length >= 4 * count + 1024) trim();
  }
  trim();
  return top;
}

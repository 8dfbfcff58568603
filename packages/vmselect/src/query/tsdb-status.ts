/**
 * Cardinality: which names, labels and values have most series, of what lanes have counted. The answer of
 * /api/v1/status/tsdb in VictoriaMetrics' shape (reference 1.2.6).
 */
import { METRIC_NAME, type LabelCount } from "@tideline/model";
import { TopList, type TopItem } from "./top-list.ts";

interface TsdbStatus {
  readonly totalSeries: number;
  /** Labels of all series together. */
  readonly totalLabelValuePairs: number;
  readonly seriesCountByMetricName: readonly TopItem[];
  readonly seriesCountByLabelName: readonly TopItem[];
  /** By the values of one label; empty when none was asked for. */
  readonly seriesCountByFocusLabelValue: readonly TopItem[];
  /** By `name=value`. */
  readonly seriesCountByLabelValuePair: readonly TopItem[];
  /** Distinct values of a label. */
  readonly labelValueCountByLabelName: readonly TopItem[];
}

/**
 * Holds what the lists can hold, however many labels there are.
 *
 * @param batches in the order of SeriesSource.labelCounts: labels of one name follow each other
 */
export async function tsdbStatus(
  batches: AsyncIterable<readonly LabelCount[]>,
  { topCount, focusLabel }: { topCount: number; focusLabel: string },
): Promise<TsdbStatus> {
  let totalSeries = 0;
  let totalLabelValuePairs = 0;
  const metricNames = new TopList(topCount);
  const labelNames = new TopList(topCount);
  const focusValues = new TopList(topCount);
  const pairs = new TopList(topCount);
  const valueCounts = new TopList(topCount);
  let open = { name: "", seriesCount: 0, valueCount: 0 };
  const close = (): void => {
    if (open.name === "") return;
    totalLabelValuePairs += open.seriesCount;
    labelNames.add(open.name, open.seriesCount);
    valueCounts.add(open.name, open.valueCount);
  };
  for await (const batch of batches) {
    for (const { name, value, seriesCount } of batch) {
      if (name === "") {
        totalSeries = seriesCount;
        continue;
      }
      if (name !== open.name) {
        close();
        open = { name, seriesCount: 0, valueCount: 0 };
      }
      open.seriesCount += seriesCount;
      open.valueCount += 1;
      if (name === METRIC_NAME) metricNames.add(value, seriesCount);
      if (name === focusLabel) focusValues.add(value, seriesCount);
      if (pairs.wants(seriesCount)) pairs.add(`${name}=${value}`, seriesCount);
    }
  }
  close();
  return {
    totalSeries,
    totalLabelValuePairs,
    seriesCountByMetricName: metricNames.items(),
    seriesCountByLabelName: labelNames.items(),
    seriesCountByFocusLabelValue: focusValues.items(),
    seriesCountByLabelValuePair: pairs.items(),
    labelValueCountByLabelName: valueCounts.items(),
  };
}

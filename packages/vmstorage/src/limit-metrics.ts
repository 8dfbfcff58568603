/** Metrics of -storage.maxHourlySeries and -storage.maxDailySeries, as VictoriaMetrics names them; none where a limit is off. */
import type { Metrics } from "@tideline/service";
import type { LaneStats, Storage } from "@tideline/storage";

export interface SeriesMaxima {
  readonly hourlyMax: number;
  readonly dailyMax: number;
}

export function addLimitMetrics(
  metrics: Metrics,
  storage: Pick<Storage, "stats">,
  { hourlyMax, dailyMax }: SeriesMaxima,
): void {
  const sum = async (value: (lane: LaneStats) => number): Promise<number> =>
    (await storage.stats()).reduce((total, lane) => total + value(lane), 0);
  for (const { period, max, current } of [
    { period: "hourly", max: hourlyMax, current: (lane: LaneStats) => lane.hourlySeries },
    { period: "daily", max: dailyMax, current: (lane: LaneStats) => lane.dailySeries },
  ]) {
    if (max === 0) continue;
    const name = `vm_${period}_series_limit`;
    const flag = `-storage.max${period === "hourly" ? "Hourly" : "Daily"}Series`;
    metrics.gaugeFrom(
      { name: `${name}_max_series`, help: `What ${flag} allows; -1 = all` },
      () => max,
    );
    metrics.gaugeFrom(
      { name: `${name}_current_series`, help: `Series that ${flag} has counted so far` },
      () => sum(current),
    );
    metrics.counterFrom(
      { name: `${name}_rows_dropped_total`, help: `Rows dropped for ${flag}` },
      () => sum((lane) => lane.rowsIgnored[`${period}_series_limit`] ?? 0),
    );
  }
}

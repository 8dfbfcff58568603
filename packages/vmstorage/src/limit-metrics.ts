/** Metrics of a storage's limits on disk space and series, as VictoriaMetrics names them; of series none where a limit is off. */
import type { Metrics } from "@tideline/service";
import type { LaneStats, Storage } from "@tideline/storage";

export interface StorageLimits {
  /** Bytes. */
  readonly minFreeDiskSpaceSize: number;
  readonly hourlyMax: number;
  readonly dailyMax: number;
}

export function addLimitMetrics(
  metrics: Metrics,
  storage: Pick<Storage, "stats">,
  { minFreeDiskSpaceSize, hourlyMax, dailyMax }: StorageLimits,
): void {
  metrics.gaugeFrom(
    {
      name: "vm_free_disk_space_limit_bytes",
      help: "Free bytes below which writes are refused (-storage.minFreeDiskSpaceBytes)",
    },
    () => minFreeDiskSpaceSize,
  );
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

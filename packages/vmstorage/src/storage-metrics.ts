/** What a storage counts: VictoriaMetrics' names where they mean the same here (reference 2.15), ours for the rest. */
import type { Metrics } from "@tideline/service";
import type { LaneStats, Storage } from "@tideline/storage";

/** Several metrics of one scrape read the same figures: lanes are asked once. */
const FRESH_MS = 500;

export function addStorageMetrics(metrics: Metrics, storage: Storage): void {
  let askedMs = -Infinity;
  let asked: Promise<readonly LaneStats[]> = Promise.resolve([]);
  const lanes = (): Promise<readonly LaneStats[]> => {
    const nowMs = performance.now();
    if (nowMs - askedMs > FRESH_MS) {
      askedMs = nowMs;
      asked = storage.stats();
    }
    return asked;
  };
  const total = (value: (lane: LaneStats) => number) => async () =>
    (await lanes()).reduce((sum, lane) => sum + value(lane), 0);
  const perLane = (value: (lane: LaneStats) => number) => async () =>
    (await lanes()).map((lane) => ({ labels: { lane: String(lane.lane) }, value: value(lane) }));
  const byKey =
    (label: string, values: (lane: LaneStats) => Readonly<Record<string, number>>) => async () =>
      sumByKey((await lanes()).map(values)).map(([key, value]) => ({
        labels: { [label]: key },
        value,
      }));
  const { counterFrom, gaugeFrom } = bound(metrics);

  counterFrom(
    "vm_rows_added_to_storage_total",
    "Rows kept",
    total((lane) => lane.rowsAdded),
  );
  counterFrom(
    "tideline_lane_rows_ignored_total",
    "Rows dropped for good, by reason",
    byKey("reason", (lane) => lane.rowsIgnored),
    ["reason"],
  );
  counterFrom(
    "vm_new_timeseries_created_total",
    "Series registered in a head",
    total((lane) => lane.seriesCreated),
  );
  counterFrom(
    "vm_slow_row_inserts_total",
    "Rows whose series their head did not know: it was registered with them",
    total((lane) => lane.seriesCreated),
  );
  gaugeFrom(
    "vm_rows",
    "Rows in storage",
    async () => [
      { labels: { type: "storage/inmemory" }, value: await total((lane) => lane.headSamples)() },
      { labels: { type: "storage/part" }, value: await total((lane) => lane.partSamples)() },
    ],
    ["type"],
  );
  gaugeFrom(
    "vm_data_size_bytes",
    "Bytes on disk",
    async () => [
      { labels: { type: "storage/wal" }, value: await total((lane) => lane.walSize)() },
      { labels: { type: "storage/part" }, value: await total((lane) => lane.partSize)() },
    ],
    ["type"],
  );
  gaugeFrom(
    "vm_parts",
    "Parts on disk",
    async () => [
      { labels: { type: "storage/part" }, value: await total((lane) => lane.partCount)() },
    ],
    ["type"],
  );
  gaugeFrom(
    "vm_last_partition_parts",
    "Parts with samples of the newest month",
    async () => [
      { labels: { type: "storage/part" }, value: await total((lane) => lane.lastMonthPartCount)() },
    ],
    ["type"],
  );
  const ofMerges = (value: (lane: LaneStats) => number) => async () => [
    { labels: { type: "storage/part" }, value: await total(value)() },
  ];
  gaugeFrom(
    "vm_active_merges",
    "Merges of parts that run",
    ofMerges((lane) => lane.mergesActive),
    ["type"],
  );
  counterFrom(
    "vm_merges_total",
    "Merges of parts",
    ofMerges((lane) => lane.merges),
    ["type"],
  );
  counterFrom(
    "vm_rows_merged_total",
    "Rows that merges read",
    ofMerges((lane) => lane.mergeReadSamples),
    ["type"],
  );
  counterFrom(
    "vm_rows_deleted_total",
    "Rows that merges left out: deleted, or older than the retention",
    ofMerges((lane) => lane.mergeDeletedSamples),
    ["type"],
  );
  counterFrom(
    "vm_deduplicated_samples_total",
    "Rows that merges left out for another one at their time, or in their interval of -dedup.minScrapeInterval",
    async () => [
      { labels: { type: "merge" }, value: await total((lane) => lane.mergeDedupedSamples)() },
    ],
    ["type"],
  );
  gaugeFrom("vm_active_force_merges", "Forced merges that are not done", async () =>
    Math.max(0, ...(await lanes()).map((lane) => lane.forcedMerges)),
  );
  counterFrom(
    "tideline_part_bytes_written_total",
    "Bytes of the parts that were written, by what wrote them",
    async () => [
      { labels: { by: "flush" }, value: await total((lane) => lane.flushedSize)() },
      { labels: { by: "merge" }, value: await total((lane) => lane.mergeWrittenSize)() },
    ],
    ["by"],
  );
  gaugeFrom(
    "tideline_write_amplification",
    "Bytes of all parts that were written since the start, by bytes of those that were flushed",
    async () => {
      const flushed = await total((lane) => lane.flushedSize)();
      const merged = await total((lane) => lane.mergeWrittenSize)();
      return flushed === 0 ? 1 : (flushed + merged) / flushed;
    },
  );
  counterFrom(
    "tideline_merge_errors_total",
    "Merges that failed",
    perLane((lane) => lane.mergeErrors),
    ["lane"],
  );
  gaugeFrom(
    "tideline_retention_suspended",
    "1 while the clock is not trusted: nothing is dropped",
    async () => ((await lanes()).some((lane) => lane.retentionSuspended) ? 1 : 0),
  );
  gaugeFrom(
    "vm_cache_entries",
    "Series in the heads, under the name that dashboards read active series from",
    async () => [
      {
        labels: { type: "storage/hour_metric_ids" },
        value: await total((lane) => lane.headSeries)(),
      },
    ],
    ["type"],
  );
  gaugeFrom("vm_free_disk_space_bytes", "Free bytes where the data lies", async () =>
    Math.min(...(await lanes()).map((lane) => lane.freeDiskSize)),
  );
  gaugeFrom("vm_storage_is_read_only", "1 while writes are refused", async () =>
    (await lanes()).some((lane) => lane.readOnly) ? 1 : 0,
  );

  gaugeFrom(
    "tideline_newest_delete",
    "Number of the newest delete in the log of deletes",
    () => storage.newestDelete,
  );
  gaugeFrom("vm_snapshots", "Snapshots on disk", () => storage.snapshots.list().length);

  gaugeFrom(
    "tideline_head_series",
    "Series in the head of a lane",
    perLane((lane) => lane.headSeries),
    ["lane"],
  );
  gaugeFrom(
    "tideline_head_samples",
    "Samples in the head of a lane",
    perLane((lane) => lane.headSamples),
    ["lane"],
  );
  gaugeFrom(
    "tideline_head_memory_bytes",
    "Memory of a lane's head",
    perLane((lane) => lane.headMemorySize),
    ["lane"],
  );
  gaugeFrom(
    "tideline_head_generation",
    "Generation of a lane's head",
    perLane((lane) => lane.generation),
    ["lane"],
  );
  gaugeFrom(
    "tideline_wal_size_bytes",
    "Write-ahead log that is not in a part yet",
    perLane((lane) => lane.walSize),
    ["lane"],
  );
  counterFrom(
    "tideline_wal_commits_total",
    "Writes to the write-ahead log; each holds all blocks that waited",
    perLane((lane) => lane.walCommits),
    ["lane"],
  );
  counterFrom(
    "tideline_wal_syncs_total",
    "Syncs of the write-ahead log",
    perLane((lane) => lane.walSyncs),
    ["lane"],
  );
  counterFrom(
    "tideline_wal_errors_total",
    "Writes and syncs of the write-ahead log that failed",
    perLane((lane) => lane.walErrors),
    ["lane"],
  );
  counterFrom(
    "tideline_flushes_total",
    "Head generations written to parts",
    perLane((lane) => lane.flushes),
    ["lane"],
  );
  counterFrom(
    "tideline_flush_errors_total",
    "Flushes that failed",
    perLane((lane) => lane.flushErrors),
    ["lane"],
  );
  counterFrom(
    "tideline_parts_dropped_total",
    "Parts deleted by retention",
    perLane((lane) => lane.partsDropped),
    ["lane"],
  );
  gaugeFrom(
    "tideline_parts_damaged",
    "Parts that were set aside under quarantine",
    perLane((lane) => lane.partsDamaged),
    ["lane"],
  );
  counterFrom(
    "tideline_searches_total",
    "Searches answered by a lane",
    perLane((lane) => lane.searches),
    ["lane"],
  );
  counterFrom(
    "tideline_search_errors_total",
    "Searches of a lane that failed",
    perLane((lane) => lane.searchErrors),
    ["lane"],
  );
  counterFrom(
    "tideline_row_blocks_total",
    "Row blocks answered, by status",
    byKey("status", (lane) => lane.blocks),
    ["status"],
  );
  gaugeFrom(
    "tideline_lane_heap_bytes",
    "JavaScript heap of a lane's thread",
    perLane((lane) => lane.heapSize),
    ["lane"],
  );
}

type Read = Parameters<Metrics["gaugeFrom"]>[1];

/** Positional, since the table above is read down its columns. */
function bound(metrics: Metrics) {
  return {
    counterFrom: (name: string, help: string, read: Read, labels: readonly string[] = []): void => {
      metrics.counterFrom({ name, help, labels }, read);
    },
    gaugeFrom: (name: string, help: string, read: Read, labels: readonly string[] = []): void => {
      metrics.gaugeFrom({ name, help, labels }, read);
    },
  };
}

function sumByKey(records: readonly Readonly<Record<string, number>>[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const record of records) {
    for (const [key, value] of Object.entries(record)) sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return [...sums];
}

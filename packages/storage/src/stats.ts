/** What a lane counts, for /metrics. Counters only grow; gauges say what is now. */
export interface LaneStats {
  readonly lane: number;
  /** Rows kept. */
  readonly rowsAdded: number;
  /** Rows refused for good, by reason. */
  readonly rowsIgnored: Readonly<Record<string, number>>;
  /** Row blocks answered, by status. */
  readonly blocks: Readonly<Record<string, number>>;
  /** Group commits: writes to the log. */
  readonly walCommits: number;
  readonly walSyncs: number;
  readonly walErrors: number;
  /** Series registered in a head since the start. */
  readonly seriesCreated: number;
  readonly flushes: number;
  readonly flushErrors: number;
  /** Parts deleted because all of their samples were too old. */
  readonly partsDropped: number;
  /** Bytes of the parts that were flushed. */
  readonly flushedSize: number;
  readonly merges: number;
  readonly mergeErrors: number;
  readonly mergesActive: number;
  readonly forcedMerges: number;
  /** Samples that merges read and wrote, and left out: for another one at their time or in their interval, and since they are deleted. */
  readonly mergeReadSamples: number;
  readonly mergeWrittenSamples: number;
  readonly mergeDedupedSamples: number;
  readonly mergeDeletedSamples: number;
  readonly mergeWrittenSize: number;
  readonly searches: number;
  readonly searchErrors: number;

  readonly streamCount: number;
  readonly generation: number;
  readonly headSeries: number;
  readonly headSamples: number;
  readonly headMemorySize: number;
  readonly headMinMs: number | null;
  readonly headMaxMs: number | null;
  /** Log of generations that are not in a part yet. */
  readonly walSize: number;
  readonly partCount: number;
  readonly partSize: number;
  readonly partSeries: number;
  readonly partSamples: number;
  readonly partsDamaged: number;
  /** Series let in by the limits of series, in the windows that go on; 0 where nothing is counted. */
  readonly hourlySeries: number;
  readonly dailySeries: number;
  /** Of the month that holds the newest sample. */
  readonly lastMonthPartCount: number;
  /** The clock jumped: nothing is dropped. */
  readonly retentionSuspended: boolean;
  readonly freeDiskSize: number;
  readonly readOnly: boolean;
  /** Heap and external memory of the lane's thread. */
  readonly heapSize: number;
  readonly externalSize: number;
}

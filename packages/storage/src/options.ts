/**
 * Options of a storage: plain, finished values. Flags belong to the programs.
 */
import { availableParallelism } from "node:os";

/** The structural logger of the house. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface StorageOptions {
  readonly dataPath: string;
  /** Worker threads, each the one writer of its share of the series. */
  readonly laneCount: number;
  /** Samples older than this are refused, and dropped in time. */
  readonly retentionMs: number;
  /** Samples further in the future than this are refused. */
  readonly futureRetentionMs: number;
  /** Memory for all lanes together: heads, page caches, rings and heaps. */
  readonly memoryBudgetSize: number;
  /** `always`: each write is on the disk before it is answered; `interval`: within walSyncIntervalMs. */
  readonly walSync: "interval" | "always";
  readonly walSyncIntervalMs: number;
  /** A head generation with more log than this is flushed to a part. Over all lanes. */
  readonly flushWalSize: number;
  /** A head generation older than this is flushed to a part. */
  readonly flushIntervalMs: number;
  /** With less free space than this on the disk, writes are refused (and tried again by their senders). */
  readonly minFreeDiskSpaceSize: number;
  /** Series that may be written to in an hour and in a day; 0 = no limit, -1 = none, but they are counted. */
  readonly hourlySeriesMax: number;
  readonly dailySeriesMax: number;
  /** Of each interval of so many milliseconds merges keep the newest sample of a series; 0 = all. */
  readonly dedupIntervalMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MIB = 2 ** 20;

/** What is not given; flags of vmstorage have the same defaults where VictoriaMetrics has the flag. */
export function defaultStorageOptions(dataPath: string): StorageOptions {
  return {
    dataPath,
    laneCount: availableParallelism(),
    retentionMs: 31 * DAY_MS,
    futureRetentionMs: 2 * DAY_MS,
    memoryBudgetSize: 2048 * MIB,
    walSync: "interval",
    walSyncIntervalMs: 1_000,
    flushWalSize: 1024 * MIB,
    flushIntervalMs: HOUR_MS,
    minFreeDiskSpaceSize: 100 * MIB,
    hourlySeriesMax: 0,
    dailySeriesMax: 0,
    dedupIntervalMs: 0,
  };
}

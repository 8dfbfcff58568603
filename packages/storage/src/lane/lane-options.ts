/** What a lane is made of and told: finished values, and its ports to the world. */
import type { Clock, Disk } from "@tideline/common";
import type { LeavesOnBlocks } from "@tideline/model";
import type { Merger } from "../compaction/merge-thread.ts";
import type { Log } from "../options.ts";
import type { SeriesLimitOptions } from "./series-limits.ts";

export interface LaneOptions {
  readonly dataPath: string;
  /** Number of this lane, and how many there are. */
  readonly lane: number;
  readonly laneCount: number;
  /** Lane folders that may hold parts with series of this lane. */
  readonly folders: readonly number[];
  readonly retentionMs: number;
  readonly futureRetentionMs: number;
  readonly walSync: "interval" | "always";
  readonly walSyncIntervalMs: number;
  /** Bytes of log after which this lane's head is flushed. */
  readonly flushWalSize: number;
  readonly flushIntervalMs: number;
  /** Memory of this lane's heads together; the one that takes writes is flushed at two fifths of it. */
  readonly headMemorySize: number;
  readonly pageCacheSize: number;
  /** Memory for one answer of names, values or keys. */
  readonly answerSizeMax: number;
  readonly minFreeDiskSpaceSize: number;
  /** Null where series are neither limited nor counted. */
  readonly seriesLimits: SeriesLimitOptions | null;
  /** Merges keep one sample per interval; 0 = all. */
  readonly dedupIntervalMs: number;
  /** Memory of a merge for pages of its inputs. */
  readonly mergeCacheSize: number;
  /** Memory of a merge for value blocks that it remembers; as much again for timestamp blocks. */
  readonly mergeKnownBlocksSize: number;
}

export interface LanePorts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  /** Merges parts; without one they stay as they were flushed. */
  readonly merger: Merger | null;
  /** Works out leaves of searches that ask for one; without it they get blocks. */
  readonly leaves?: LeavesOnBlocks | null;
  /** Told of a fault of ours in work that nobody waits for: the lane cannot go on. */
  readonly onFault: (error: unknown) => void;
}

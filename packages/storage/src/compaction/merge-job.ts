/** What a merge is told and what it tells: plain data, since it travels to a thread and back. */
import type { LaneRange } from "../lane-range.ts";
import type { TimeWindow } from "./plan.ts";

export interface MergeOutput {
  /** File name, never used before. */
  readonly name: string;
  readonly window: TimeWindow;
  readonly laneRange: LaneRange;
}

export interface MergeJob {
  /** Holds the delete log. */
  readonly dataPath: string;
  /** The folder of all parts. */
  readonly folder: string;
  /** Names of the parts that go. */
  readonly inputs: readonly string[];
  /** Names of the parts that the new ones stand for: the inputs, and what was replaced before and is still there. */
  readonly replaces: readonly string[];
  /** What comes instead. Windows of one lane range do not overlap, and with all of them every sample of the inputs has its place. */
  readonly outputs: readonly MergeOutput[];
  /** Newest generation of the inputs. */
  readonly generation: number;
  /** Deletes up to this number are applied to all inputs; none of those is of a newer one. 0 = there are none. */
  readonly deletesDone: number;
  /** Samples that are older are left out. */
  readonly retainedFromMs: number;
  /** One sample per interval is kept; 0 = all. */
  readonly dedupIntervalMs: number;
  /** Value blocks are compressed in groups where that pays. */
  readonly grouped: boolean;
  /** Blocks of at least so many samples that nothing meets are taken over as they are. */
  readonly copyCountMin: number;
  /** Memory for pages of the inputs. */
  readonly cacheSize: number;
  /** Memory for value blocks that are remembered, to store equal ones once; as much again for timestamp blocks. */
  readonly knownBlocksSize: number;
}

export interface MergeCounts {
  /** Samples of the inputs. */
  readonly readCount: number;
  readonly writtenCount: number;
  /** Samples left out: for another one at their time or in their interval, and since they are deleted. */
  readonly dedupedCount: number;
  readonly deletedCount: number;
  /** Bytes of the new parts. */
  readonly writtenSize: number;
}

export type MergeResult =
  | {
      readonly status: "done";
      /** Names of the new parts, in place; the last one replaces the inputs. None when nothing was left. */
      readonly names: readonly string[];
      readonly counts: MergeCounts;
    }
  | { readonly status: "damaged"; readonly name: string; readonly reason: string };

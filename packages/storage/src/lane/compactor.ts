/**
 * Keeps the parts of a lane few: decides when parts are merged, has it done elsewhere, and puts the results in the place of what they were
 * made from. One merge at a time, in the lane's own folder and in those whose owner it is.
 */
import { basename } from "node:path";
import { isKnownError } from "@tideline/wire";
import type { MergeCounts, MergeJob, MergeResult } from "../compaction/merge-job.ts";
import type { Merger } from "../compaction/merge-thread.ts";
import { meetsPartition } from "../compaction/partition-prefix.ts";
import {
  DAY_MS,
  planForcedMerge,
  planLaneSplit,
  planMerge,
  type PlannedMerge,
  type PlanPart,
} from "../compaction/plan.ts";
import { rangeCovers, rangesMeet, type LaneRange } from "../lane-range.ts";
import { mergePartName, parsePartName } from "../part/part-name.ts";
import type { PartReader } from "../part/part-reader.ts";
import type { LanePorts } from "./lane-options.ts";
import type { LaneParts, OwnedFolder } from "./lane-parts.ts";

interface DeletesState {
  /** Deletes up to this number are in the log, or failed: those that are there can be applied. */
  readonly newestNumber: number;
  /** One of them cannot be read, and so not be applied. */
  readonly isDamaged: boolean;
}

export interface CompactorOptions {
  readonly parts: LaneParts;
  readonly merger: Merger;
  readonly laneRange: LaneRange;
  readonly dataPath: string;
  /** What merges may do about deletes now. */
  readonly deletes: () => DeletesState;
  readonly dedupIntervalMs: number;
  readonly cacheSize: number;
  readonly knownBlocksSize: number;
  /** Samples that are older are left out; -Infinity while nothing is dropped. */
  readonly retainedFromMs: () => number;
  /** Bytes that merges may fill the disk with now. */
  readonly roomSize: () => number;
}

/** After a merge that failed, the next one waits this long; twice as long after each that follows, up to an hour. */
const RETRY_MS = 60_000;
const RETRY_MAX_MS = 60 * 60_000;
/** What is flushed of a day is there this long after its end. */
const DAY_GRACE_MS = 30 * 60_000;
/** Blocks of half the full size and more are not written anew just to fill them. */
const COPY_COUNT_MIN = 4096;
const COPY_COUNT_MIN_FORCED = 8192;
/** Parts of windows of so many days are rarely written again: their blocks are worth zstd. */
const GROUPED_DAYS = 16;

/** A merge that is asked for by hand. */
interface Forced {
  readonly prefix: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Task {
  readonly folder: OwnedFolder;
  readonly plan: PlannedMerge;
  readonly laneRanges: readonly LaneRange[];
  readonly isForced: boolean;
}

interface Begun {
  readonly task: Task;
  /** Names of the files it writes. */
  readonly outputs: readonly string[];
  readonly result: Promise<MergeResult>;
}

export class Compactor {
  readonly #options: CompactorOptions;
  readonly #ports: Pick<LanePorts, "clock" | "log" | "onFault">;
  /** Settles, always well, when the merge that runs has ended. */
  #running: Promise<void> | null = null;
  #isClosed = false;
  #nextTryMs = -Infinity;
  #failedInRow = 0;
  #forced: Forced[] = [];
  /** UTC day, by number, whose predecessor was put together. */
  #doneDay = -Infinity;
  mergeCount = 0;
  errorCount = 0;
  readonly #sums = { read: 0, written: 0, deduped: 0, deleted: 0, size: 0 };

  constructor(options: CompactorOptions, ports: Pick<LanePorts, "clock" | "log" | "onFault">) {
    this.#options = options;
    this.#ports = ports;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  get forcedCount(): number {
    return this.#forced.length;
  }

  /** Of all merges since the start. */
  get counts(): MergeCounts {
    const { read, written, deduped, deleted, size } = this.#sums;
    return {
      readCount: read,
      writtenCount: written,
      dedupedCount: deduped,
      deletedCount: deleted,
      writtenSize: size,
    };
  }

  /**
   * Merges towards one part per window of 32 days; settles when that is done.
   *
   * @param prefix of the months that are meant, e.g. `2026_11`; empty: all
   * @throws {OverloadError} the disk is full or failed
   */
  force(prefix: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#forced.push({ prefix, resolve, reject });
      this.#nextTryMs = -Infinity;
      this.startIfDue();
    });
  }

  /** Begins a merge if one is due, none runs, and none has failed just now; those that are due then follow it. */
  startIfDue(): void {
    if (this.#running) return;
    const first = this.#begin();
    if (first) this.#running = this.#runFrom(first);
  }

  #begin(): Begun | null {
    if (this.#isClosed || this.#ports.clock.monotonicMs() < this.#nextTryMs) return null;
    const task = this.#nextTask();
    if (!task || !this.#hasRoom(task)) return null;
    const job = this.#job(task);
    const result = this.#options.merger.start(job);
    return result && { task, outputs: job.outputs.map(({ name }) => name), result };
  }

  async #runFrom(first: Begun): Promise<void> {
    for (let begun: Begun | null = first; begun; begun = this.#begin()) {
      try {
        await this.#finish(begun);
        this.#failedInRow = 0;
      } catch (error) {
        this.#failed(begun, error);
      }
    }
    this.#running = null;
  }

  /** Ends the merge that runs; its inputs stay. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#options.merger.close();
    await this.#running;
    const forced = this.#forced;
    this.#forced = [];
    for (const { resolve } of forced) resolve();
  }

  #nextTask(): Task | null {
    for (const forced of this.#forced.slice()) {
      const task = this.#forcedTask(forced.prefix);
      if (task) return task;
      this.#forced = this.#forced.filter((one) => one !== forced);
      forced.resolve();
    }
    return this.#dueTask();
  }

  #forcedTask(prefix: string): Task | null {
    const isMeant = (window: Parameters<typeof meetsPartition>[0]): boolean =>
      meetsPartition(window, prefix);
    return this.#firstTask(true, (parts) => planForcedMerge(parts, isMeant));
  }

  #dueTask(): Task | null {
    const nowMs = this.#ports.clock.nowMs();
    const day = Math.floor((nowMs - DAY_GRACE_MS) / DAY_MS);
    const isDayDue = day > this.#doneDay;
    const task = this.#firstTask(false, (parts) => planMerge(parts, { nowMs, isDayDue }));
    if (!task) this.#doneDay = Math.max(this.#doneDay, day);
    return task;
  }

  /** The first merge of any folder and lane range that `plan` finds. */
  #firstTask(
    isForced: boolean,
    plan: (parts: readonly PlanPart[]) => PlannedMerge | null,
  ): Task | null {
    const { parts, laneRange, deletes } = this.#options;
    if (deletes().isDamaged) return null;
    for (const folder of parts.owned) {
      const split = this.#splitTask(folder);
      if (split) return split;
      for (let index = 0; index < laneRange.count; index += 1) {
        const range = { index, count: laneRange.count };
        const members = this.#ready(folder).filter(({ facts }) =>
          rangeCovers(range, facts.laneRange),
        );
        const planned =
          members.length > 0 ? plan(members.map((part) => this.#factsOf(part))) : null;
        if (planned) return { folder, plan: planned, laneRanges: [range], isForced };
      }
    }
    return null;
  }

  /** A part of another lane that has heard of a later delete would be taken from by it, if it became one with older ones. */
  #ready(folder: OwnedFolder): PartReader[] {
    const { newestNumber } = this.#options.deletes();
    return folder.parts.filter(({ facts }) => facts.deletesDone <= newestNumber);
  }

  /** Parts of another number of lanes become parts of one lane each. */
  #splitTask(folder: OwnedFolder): Task | null {
    const { count } = this.#options.laneRange;
    const ranges = Array.from({ length: count }, (_, index) => ({ index, count }));
    const mixed = this.#ready(folder).filter(
      ({ facts }) => !ranges.some((range) => rangeCovers(range, facts.laneRange)),
    );
    const plan = planLaneSplit(mixed.map((part) => this.#factsOf(part)));
    if (!plan) return null;
    const met = ranges.filter((range) =>
      mixed.some(({ facts }) => rangesMeet(range, facts.laneRange)),
    );
    return { folder, plan, laneRanges: met, isForced: false };
  }

  #factsOf(part: PartReader): PlanPart {
    const { dedupIntervalMs, retainedFromMs, deletes } = this.#options;
    const { facts, traits, size } = part;
    const name = basename(part.path);
    return {
      name,
      size,
      minMs: facts.minMs,
      maxMs: facts.maxMs,
      isFlushed: parsePartName(name)?.mergeNumber === null,
      isFinal:
        traits.grouped &&
        traits.dedupIntervalMs === dedupIntervalMs &&
        facts.deletesDone >= deletes().newestNumber &&
        facts.minMs >= retainedFromMs(),
    };
  }

  /** New parts and old ones lie side by side for a moment. */
  #hasRoom({ plan }: Task): boolean {
    const size = plan.inputs.reduce((sum, input) => sum + input.size, 0);
    const roomSize = this.#options.roomSize();
    if (size <= roomSize) return true;
    this.#ports.log.warn({ size, roomSize }, "cannot merge parts: the disk has no room for both");
    this.#nextTryMs = this.#ports.clock.monotonicMs() + RETRY_MS;
    return false;
  }

  #job({ folder, plan, laneRanges, isForced }: Task): MergeJob {
    const { dataPath, deletes, dedupIntervalMs, retainedFromMs } = this.#options;
    const { cacheSize, knownBlocksSize } = this.#options;
    const inputs = plan.inputs.map(({ name }) => name);
    const members = folder.parts.filter(({ path }) => inputs.includes(basename(path)));
    const generation = Math.max(...members.map(({ facts }) => facts.generation));
    return {
      dataPath,
      folder: folder.path,
      inputs,
      replaces: [...inputs, ...folder.lingering],
      outputs: plan.windows.flatMap((window) =>
        laneRanges.map((laneRange) => ({
          name: mergePartName(generation, folder.nextMergeNumber()),
          window,
          laneRange,
        })),
      ),
      generation,
      deletesDone: deletes().newestNumber,
      retainedFromMs: retainedFromMs(),
      dedupIntervalMs,
      grouped: plan.days >= GROUPED_DAYS,
      copyCountMin: isForced ? COPY_COUNT_MIN_FORCED : COPY_COUNT_MIN,
      cacheSize,
      knownBlocksSize,
    };
  }

  async #finish({ task: { folder, plan }, outputs, result: promised }: Begun): Promise<void> {
    const { clock, log } = this.#ports;
    const startMs = clock.monotonicMs();
    const inputs = plan.inputs.map(({ name }) => name);
    const result = await promised;
    if (this.#isClosed) return;
    if (result.status === "damaged") {
      this.errorCount += 1;
      folder.removeUnfinished(outputs);
      const damaged = folder.parts.find(({ path }) => basename(path) === result.name);
      if (damaged) folder.setAside(damaged, new Error(result.reason));
      return;
    }
    const { names, counts } = result;
    folder.replace(inputs, names);
    this.mergeCount += 1;
    this.#sums.read += counts.readCount;
    this.#sums.written += counts.writtenCount;
    this.#sums.deduped += counts.dedupedCount;
    this.#sums.deleted += counts.deletedCount;
    this.#sums.size += counts.writtenSize;
    const durationMs = Math.round(clock.monotonicMs() - startMs);
    log.info({ folder: folder.path, inputs, names, ...counts, durationMs }, "merged parts");
  }

  #failed({ task, outputs }: Begun, error: unknown): void {
    if (this.#isClosed && isKnownError(error)) {
      // A merge that was ended on purpose failed for nobody.
      this.#cleanUp(task, outputs);
      return;
    }
    this.errorCount += 1;
    const waitMs = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** Math.min(this.#failedInRow, 10));
    this.#failedInRow += 1;
    this.#nextTryMs = this.#ports.clock.monotonicMs() + waitMs;
    if (isKnownError(error)) {
      this.#ports.log.error({ err: error }, "cannot merge parts");
      this.#cleanUp(task, outputs);
    } else {
      this.#ports.onFault(error);
    }
    const forced = this.#forced;
    this.#forced = [];
    for (const { reject } of forced) reject(error);
  }
  /** A thread that died, of memory say, could not do so itself. */
  #cleanUp({ folder }: Task, outputs: readonly string[]): void {
    try {
      folder.removeUnfinished(outputs);
    } catch (error) {
      this.#ports.onFault(error);
    }
  }
}

/**
 * The front of a storage: lanes in worker threads behind rings, one data directory. It moves bytes and
 * parses no samples.
 */
import { randomBytes } from "node:crypto";
import { compareBytes, makeFolders, must, NodeDisk, systemClock } from "@tideline/common";
import {
  identityRange,
  type Coverage,
  type DeleteSink,
  type IndexAnswer,
  type RowBatch,
  type RowSink,
  type SearchQuery,
  type SeriesDelete,
  type WriteOutcome,
  tooManySeries,
} from "@tideline/model";
import {
  mergeCountFrames,
  RowRouter,
  type FrameQuery,
  type FrameSearch,
  type FrameSource,
  type RowBlockAnswer,
} from "@tideline/wire";
import { mergeBudget, splitBudget } from "./front/budget.ts";
import { ensureNodeId, FOLDER_FILES } from "./front/data-folder.ts";
import { Deleter } from "./front/deleter.ts";
import { LaneClient } from "./front/lane-client.ts";
import { MergedSearch } from "./front/merge-frames.ts";
import { lockDataFolder } from "./front/process-lock.ts";
import { Snapshots } from "./front/snapshots.ts";
import { settleLayout, startLanes, type LanePlace } from "./front/start-lanes.ts";
import { LANE_COUNT_MAX } from "./lane-range.ts";
import { sharedSeriesCounts, type SeriesLimitOptions } from "./lane/series-limits.ts";
import type { Log, StorageOptions } from "./options.ts";
import { sortTexts } from "./search/sort-texts.ts";
import type { LaneStats } from "./stats.ts";

export interface StorageEnvironment {
  readonly log: Log;
  /** A lane died: nothing can be trusted any more, the process ends. */
  readonly onFatal: (error: Error) => void;
  /** Entry of the lanes' threads, which calls `runLane`. Default: one whose searches get blocks. */
  readonly laneEntry?: URL;
}

interface LaneEnvironment extends StorageEnvironment {
  readonly seriesLimits: SeriesLimitOptions | null;
  /** Shared by all lanes: one merge runs at a time. */
  readonly mergeSlot: SharedArrayBuffer;
}

export class Storage implements RowSink, FrameSource, DeleteSink {
  /** Random, made once per data directory (32 hex digits). */
  readonly nodeId: string;
  /** Random, made at each start (32 hex digits). */
  readonly bootId = randomBytes(16).toString("hex");
  readonly #lanes: readonly LaneClient[];
  readonly #deleter: Deleter;
  readonly snapshots: Snapshots;
  readonly #unlock: () => void;
  readonly #router: RowRouter;
  #nextStream = 1;

  private constructor(
    lanes: readonly LaneClient[],
    deleter: Deleter,
    snapshots: Snapshots,
    nodeId: string,
    unlock: () => void,
  ) {
    this.#lanes = lanes;
    this.#deleter = deleter;
    this.snapshots = snapshots;
    this.nodeId = nodeId;
    this.#unlock = unlock;
    const stream = this.openStream();
    this.#router = new RowRouter({
      targets: lanes.map((lane, i) => ({
        name: `lane ${i}`,
        send: (block) => lane.append(stream, block),
      })),
      chooseTarget: (identities, offset) => identityRange(identities, lanes.length, offset),
    });
  }

  /**
   * Opens a data directory, which is made when missing; with another lane count than it was written with, its heads are
   * flushed to parts first.
   *
   * @throws {InputError} the directory is in use or of an unknown version, or the budget is too small
   * @throws {OverloadError} the disk is full or failed; {CorruptionError} a log cannot be read
   */
  static async open(options: StorageOptions, environment: StorageEnvironment): Promise<Storage> {
    splitBudget(options.memoryBudgetSize, options.laneCount);
    must(
      options.laneCount >= 1 && options.laneCount <= LANE_COUNT_MAX ? true : null,
      "a storage has 1 to 65,536 lanes",
    );
    const disk = new NodeDisk();
    makeFolders(disk, options.dataPath);
    const unlock = lockDataFolder(disk, options.dataPath);
    try {
      const { dataPath, laneCount } = options;
      const { hourlySeriesMax: hourlyMax, dailySeriesMax: dailyMax } = options;
      const isLimited = hourlyMax !== 0 || dailyMax !== 0;
      const counts = sharedSeriesCounts();
      const seriesLimits = isLimited ? { hourlyMax, dailyMax, counts } : null;
      const mergeSlot = new SharedArrayBuffer(4);
      const laneEnvironment = { ...environment, seriesLimits, mergeSlot };
      const start = {
        disk,
        dataPath,
        laneCount,
        log: environment.log,
        startLane: (place: LanePlace) => startLane(options, laneEnvironment, place),
      };
      const mixed = await settleLayout(start);
      const nodeId = ensureNodeId(disk, dataPath);
      const lanes = await startLanes(start, mixed);
      const deleter = new Deleter({ disk, dataPath, lanes, clock: systemClock });
      const snapshots = new Snapshots({
        disk,
        dataPath,
        fileNames: FOLDER_FILES,
        lanes,
        clock: systemClock,
        alone: (work) => deleter.alone(work),
      });
      return new Storage(lanes, deleter, snapshots, nodeId, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  get laneCount(): number {
    return this.#lanes.length;
  }

  /** A stream of row blocks, of one sender: its number on all lanes. */
  openStream(): number {
    const stream = this.#nextStream;
    this.#nextStream = (this.#nextStream % 0xffff_ffff) + 1;
    return stream;
  }

  /** Forgets what the lanes know of the stream's refs. */
  closeStream(stream: number): void {
    for (const lane of this.#lanes) lane.closeStream(stream);
  }

  /**
   * Gives a row block to a lane; settles with the lane's answer. Blocks of a stream arrive in the order of the calls;
   * waits while the lane's ring is full.
   *
   * @param block borrowed until it settles
   * @throws {InputError} the block is too large; {OverloadError} the storage is closing
   */
  async appendBlock(lane: number, stream: number, block: Uint8Array): Promise<RowBlockAnswer> {
    return must(this.#lanes[lane], "a block goes to a lane that is there").append(stream, block);
  }

  /** For vmsingle: splits a batch over the lanes. */
  write(batch: RowBatch): Promise<WriteOutcome> {
    return this.#router.write(batch);
  }

  searchFrames(query: FrameQuery, signal: AbortSignal): FrameSearch {
    const searches = this.#lanes.map(({ source }) => source.searchFrames(query, signal));
    return new MergedSearch(searches, query.seriesCountMax);
  }

  async labelNames(
    query: SearchQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<IndexAnswer<string>> {
    const ask = ({ source }: LaneClient): Promise<IndexAnswer<string>> =>
      source.labelNames(query, limit, signal);
    return mergeTexts(await Promise.all(this.#lanes.map(ask)), limit);
  }

  async labelValues(
    name: string,
    query: SearchQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<IndexAnswer<string>> {
    const ask = ({ source }: LaneClient): Promise<IndexAnswer<string>> =>
      source.labelValues(name, query, limit, signal);
    return mergeTexts(await Promise.all(this.#lanes.map(ask)), limit);
  }

  /** Each series is in one lane, so no key comes twice. */
  async seriesKeys(
    query: SearchQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<IndexAnswer<Uint8Array>> {
    const ask = ({ source }: LaneClient): Promise<IndexAnswer<Uint8Array>> =>
      source.seriesKeys(query, limit, signal);
    const answers = await Promise.all(this.#lanes.map(ask));
    const items = answers.flatMap((answer) => answer.items).toSorted(compareBytes);
    const { seriesCountMax } = query;
    if (seriesCountMax > 0 && items.length > seriesCountMax) throw tooManySeries(seriesCountMax);
    return { items: limited(items, limit), coverage: mergeCoverage(answers) };
  }

  labelCounts(query: SearchQuery, signal: AbortSignal): FrameSearch {
    const lanes = this.#lanes.map(({ source }) => source.labelCounts(query, signal));
    const frames = mergeCountFrames(lanes);
    return {
      [Symbol.asyncIterator]: () => frames,
      coverage: () => ({ missing: lanes.flatMap((lane) => lane.coverage().missing) }),
    };
  }

  /** Number of the newest delete, also of one that failed; 0 = none yet. */
  get newestDelete(): number {
    return this.#deleter.newestNumber;
  }

  /** See DeleteSink. @throws {InputError} a selector that is none */
  deleteSeries(request: SeriesDelete): Promise<void> {
    return this.#deleter.deleteSeries(request);
  }

  /** Flushes the heads of all lanes to parts. @throws {OverloadError} the disk is full or failed */
  async forceFlush(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.flush()));
  }

  /**
   * Flushes all heads, then merges parts towards one per lane and window of 32 days, beside writes and queries; settles when that is
   * done.
   *
   * @param prefix of the months that are meant, e.g. `2026_11`; empty: all
   * @throws {OverloadError} the disk is full or failed, or the storage closes
   */
  async forceMerge(prefix = ""): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.forceMerge(prefix)));
  }

  stats(): Promise<LaneStats[]> {
    return Promise.all(this.#lanes.map((lane) => lane.stats()));
  }

  /** Syncs the logs and ends the lanes. Heads need no flush: they are replayed at the next start. */
  async close(): Promise<void> {
    try {
      await Promise.all(this.#lanes.map((lane) => lane.close()));
    } finally {
      this.#unlock();
    }
  }
}

function startLane(
  options: StorageOptions,
  environment: LaneEnvironment,
  { lane, laneCount, folders, isRetiring }: LanePlace,
): Promise<LaneClient> {
  const merges = mergeBudget(options.memoryBudgetSize);
  const { heapSizeMax, pageCacheSize, headMemorySize } = splitBudget(
    options.memoryBudgetSize,
    options.laneCount,
  );
  const { log, onFatal, laneEntry: entry } = environment;
  return LaneClient.start({
    lane: {
      dataPath: options.dataPath,
      lane,
      laneCount,
      folders,
      retentionMs: options.retentionMs,
      futureRetentionMs: options.futureRetentionMs,
      walSync: options.walSync,
      walSyncIntervalMs: options.walSyncIntervalMs,
      flushWalSize: options.flushWalSize / laneCount,
      flushIntervalMs: options.flushIntervalMs,
      headMemorySize,
      pageCacheSize,
      // Its items live on the heap, beside those of other questions.
      answerSizeMax: Math.floor(heapSizeMax / 4),
      minFreeDiskSpaceSize: options.minFreeDiskSpaceSize,
      seriesLimits: isRetiring ? null : environment.seriesLimits,
      dedupIntervalMs: options.dedupIntervalMs,
      mergeCacheSize: merges.cacheSize,
      mergeKnownBlocksSize: merges.knownBlocksSize,
    },
    heapSizeMax,
    merging: isRetiring ? null : { heapSizeMax: merges.heapSizeMax, slot: environment.mergeSlot },
    log,
    onFatal,
    entry,
  });
}

function mergeTexts(answers: readonly IndexAnswer<string>[], limit: number): IndexAnswer<string> {
  const items = sortTexts(new Set(answers.flatMap((answer) => answer.items)));
  return { items: limited(items, limit), coverage: mergeCoverage(answers) };
}

function mergeCoverage(answers: readonly { readonly coverage: Coverage }[]): Coverage {
  return { missing: answers.flatMap((answer) => answer.coverage.missing) };
}

function limited<T>(items: T[], limit: number): T[] {
  return limit > 0 ? items.slice(0, limit) : items;
}

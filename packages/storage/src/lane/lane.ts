/**
 * A lane: the one writer of its share of the series. Takes row blocks, groups them into one write to the log,
 * flushes its head to parts, and answers searches. Runs on any thread; `lane-server.ts` feeds it.
 *
 * Blocks are first taken (`append`), then committed together (`commit`): only then they are answered.
 */
import { join } from "node:path";
import { errorCode, makeFolders, type Disk } from "@tideline/common";
import { OverloadError, type IndexAnswer, type SearchQuery } from "@tideline/model";
import {
  isKnownError,
  rowBlockAnswer,
  type FrameQuery,
  type FrameSearch,
  type FrameSource,
  type RowBlockAnswer,
} from "@tideline/wire";
import type { Merger } from "../compaction/merge-thread.ts";
import { DeleteSet } from "../deletes/delete-set.ts";
import { Memtable } from "../head/memtable.ts";
import type { LaneRange } from "../lane-range.ts";
import type { Log } from "../options.ts";
import {
  queryLabelNames,
  queryLabelValues,
  querySeriesKeys,
  type IndexQuery,
} from "../search/index-query.ts";
import { LaneCounts } from "../search/lane-counts.ts";
import { EncoderPool } from "../search/encoder-pool.ts";
import { LaneSearch } from "../search/lane-search.ts";
import type { SourceSet } from "../search/source-set.ts";
import type { LaneStats } from "../stats.ts";
import { ClockGuard } from "./clock-guard.ts";
import { Compactor, type CompactorOptions } from "./compactor.ts";
import { Flusher } from "./flusher.ts";
import { Heads } from "./heads.ts";
import { Intake } from "./intake.ts";
import { LaneCounters } from "./lane-counters.ts";
import { LaneDeletes } from "./lane-deletes.ts";
import type { LaneOptions, LanePorts } from "./lane-options.ts";
import { laneFolder, LaneParts } from "./lane-parts.ts";
import { linkParts } from "./link-parts.ts";
import { newestGenerationUsed } from "./part-generations.ts";
import { replayHeads } from "./replay.ts";
import { acceptedBounds, dropBeforeMs } from "./retention.ts";
import { RowGroup } from "./row-group.ts";
import { SeriesLimits } from "./series-limits.ts";
import { openSources, type LaneSources } from "./search-sources.ts";

/** Called once with the answer to a block. */
export type AnswerBlock = (answer: RowBlockAnswer) => void;

const RETENTION_INTERVAL_MS = 60_000;
/** Share of a lane's head memory at which the memtable is flushed: while that goes on, another one fills. */
const MEMTABLE_SHARE = 0.4;

interface TakenBlock {
  readonly kept: RowBlockAnswer;
  readonly answer: AnswerBlock;
}

export class Lane implements FrameSource {
  readonly #options: LaneOptions;
  readonly #disk: Disk;
  readonly #ports: LanePorts;
  readonly #log: Log;
  readonly #parts: LaneParts;
  readonly #heads: Heads;
  readonly #deletes: DeleteSet;
  readonly #limits: SeriesLimits | null;
  readonly #intake: Intake;
  readonly #flusher: Flusher;
  readonly #laneDeletes: LaneDeletes;
  readonly #compactor: Compactor | null;
  readonly #clockGuard: ClockGuard;
  readonly #group = new RowGroup();
  #taken: TakenBlock[] = [];
  readonly #counters = new LaneCounters();
  readonly #encoders: EncoderPool;
  #lastRetentionMs = -Infinity;
  #freeDiskSize = Infinity;
  /** Merges leave out samples that are older; as of the last look at retention. */
  #retainedFromMs = -Infinity;

  private constructor(options: LaneOptions, ports: LanePorts, sources: LaneSources) {
    const { heads, parts, deletes } = sources;
    this.#options = options;
    this.#ports = ports;
    this.#disk = ports.disk;
    this.#log = ports.log;
    this.#encoders = new EncoderPool(ports.leaves ?? null);
    const laneRange = { index: options.lane, count: options.laneCount };
    this.#parts = parts;
    this.#heads = heads;
    this.#deletes = deletes;
    this.#limits =
      options.seriesLimits && new SeriesLimits(options.seriesLimits, ports.clock.monotonicMs());
    this.#intake = new Intake(heads, laneRange, options.headMemorySize / 4, this.#limits);
    this.#flusher = new Flusher(
      {
        heads,
        parts,
        disk: ports.disk,
        folder: join(laneFolder(options.dataPath, options.lane), "parts"),
        laneRange,
        flushWalSize: options.flushWalSize,
        flushIntervalMs: options.flushIntervalMs,
        memtableSizeMax: options.headMemorySize * MEMTABLE_SHARE,
        newestDelete: () => deletes.newestNumber,
      },
      ports,
    );
    const { disk, clock, log, merger } = ports;
    this.#laneDeletes = new LaneDeletes({
      disk,
      dataPath: options.dataPath,
      heads,
      flusher: this.#flusher,
      deletes,
      commit: () => {
        this.commit();
      },
      log,
    });
    const path = join(laneFolder(options.dataPath, options.lane), "clock");
    this.#clockGuard = new ClockGuard({ disk, path, clock, log });
    this.#compactor = merger && new Compactor(this.#compactorOptions(merger, laneRange), ports);
  }

  #compactorOptions(merger: Merger, laneRange: LaneRange): CompactorOptions {
    const { dataPath, dedupIntervalMs, minFreeDiskSpaceSize } = this.#options;
    return {
      parts: this.#parts,
      merger,
      laneRange,
      dataPath,
      deletes: () => ({
        newestNumber: this.newestDelete,
        isDamaged: this.#deletes.damaged.length > 0,
      }),
      dedupIntervalMs,
      cacheSize: this.#options.mergeCacheSize,
      knownBlocksSize: this.#options.mergeKnownBlocksSize,
      // The clock may have been set since: back, then samples were taken that are older than what was retained then; or forth again.
      retainedFromMs: () =>
        this.#clockGuard.agrees(this.#newestMs)
          ? Math.min(this.#retainedFromMs, this.#ports.clock.nowMs() - this.#options.retentionMs)
          : -Infinity,
      roomSize: () => this.#freeDiskSize - minFreeDiskSpaceSize,
    };
  }

  /**
   * Replays the lane's logs and opens its parts.
   *
   * @throws {CorruptionError} logs of another lane range or a newer version
   * @throws {OverloadError} the disk is full or failed
   */
  static async open(options: LaneOptions, ports: LanePorts): Promise<Lane> {
    const { disk, log } = ports;
    const folder = laneFolder(options.dataPath, options.lane);
    const walFolder = join(folder, "wal");
    const partsFolder = join(folder, "parts");
    const laneRange = { index: options.lane, count: options.laneCount };
    makeFolders(disk, walFolder);
    makeFolders(disk, partsFolder);
    const deletes = DeleteSet.read(disk, options.dataPath);
    const replayed = await replayHeads({
      disk,
      walFolder,
      partsFolder,
      quarantineFolder: join(folder, "quarantine"),
      laneRange,
      newestDelete: deletes.newestNumber,
      log,
    });
    const parts = new LaneParts({
      disk,
      dataPath: options.dataPath,
      laneRange,
      folders: options.folders,
      cacheSize: options.pageCacheSize,
      log,
    });
    const start = replayed ?? {
      generation: Math.max(newestGenerationUsed(disk, folder), parts.newestGeneration) + 1,
      memtable: new Memtable(),
      walSize: 0,
      deletesDone: Math.max(deletes.newestNumber, parts.newestDelete),
      frozen: null,
    };
    const heads = new Heads({ disk, walFolder, laneRange, log }, start);
    const lane = new Lane(options, ports, { heads, parts, deletes });
    lane.#checkDisk();
    lane.#dropOldParts();
    // A delete may have been on its way when the lane stopped: what is written from now on comes after it.
    lane.#flusher.startIfDue();
    return lane;
  }

  /**
   * Takes a row block into the group; `answer` is called now if nothing of it is taken, else by `commit`.
   *
   * @param block borrowed for the call
   */
  append(stream: number, block: Uint8Array, answer: AnswerBlock): void {
    const taken = this.#take(stream, block);
    if (taken.status === "kept") {
      this.#taken.push({ kept: taken, answer });
      return;
    }
    this.#counters.answered(taken);
    answer(taken);
  }

  /** Rows that wait for `commit`. */
  get pendingRowCount(): number {
    return this.#group.rowCount;
  }

  /** Writes what was taken to the log, then to the head, then answers. */
  commit(): void {
    if (this.#taken.length === 0) return;
    const taken = this.#taken;
    this.#taken = [];
    const group = this.#group;
    const rowCount = group.rowCount;
    group.rowCount = 0;
    const refusal = this.#write(rowCount);
    if (!refusal) {
      this.#heads.memtable.append(group.slots, group.timestampsMs, group.words, rowCount);
      this.#counters.rowsAdded += rowCount;
    }
    for (const { kept, answer } of taken) {
      this.#counters.answered(refusal ?? kept);
      answer(refusal ?? kept);
    }
    this.#flusher.startIfDue();
  }

  closeStream(stream: number): void {
    this.#intake.closeStream(stream);
  }

  /** What must be done now and then; every walSyncIntervalMs. */
  async tick(): Promise<void> {
    this.#limits?.turn(this.#ports.clock.monotonicMs());
    this.#checkDisk();
    this.#heads.reopen();
    this.#flusher.startIfDue();
    const nowMs = this.#ports.clock.monotonicMs();
    if (nowMs - this.#lastRetentionMs >= RETENTION_INTERVAL_MS) this.#dropOldParts();
    this.#compactor?.startIfDue();
    await this.#heads.sync();
    this.#flusher.startIfDue();
  }

  searchFrames(query: FrameQuery, signal: AbortSignal): FrameSearch {
    this.#counters.searches += 1;
    return new LaneSearch(query, () => this.#sources(query), this.#encoders, signal);
  }

  labelNames(query: SearchQuery, limit: number, signal: AbortSignal): Promise<IndexAnswer<string>> {
    this.#counters.searches += 1;
    return queryLabelNames(this.#sources(query), this.#indexQuery(query, limit, signal));
  }

  labelValues(
    name: string,
    query: SearchQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<IndexAnswer<string>> {
    this.#counters.searches += 1;
    return queryLabelValues(this.#sources(query), name, this.#indexQuery(query, limit, signal));
  }

  seriesKeys(
    query: SearchQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<IndexAnswer<Uint8Array>> {
    this.#counters.searches += 1;
    return querySeriesKeys(this.#sources(query), this.#indexQuery(query, limit, signal));
  }

  labelCounts(query: SearchQuery, signal: AbortSignal): FrameSearch {
    this.#counters.searches += 1;
    return new LaneCounts(query, () => this.#sources(query), signal);
  }

  /** The newest delete that a generation or part of this lane comes after; each is in the log, or failed. Later ones have higher numbers. */
  get newestDelete(): number {
    return Math.max(this.#deletes.newestNumber, this.#heads.deletesDone, this.#parts.newestDelete);
  }

  /** See LaneDeletes.apply. */
  applyDelete(number: number): Promise<void> {
    return this.#laneDeletes.apply(number);
  }

  /** See LaneDeletes.skip. */
  skipDelete(number: number): Promise<void> {
    return this.#laneDeletes.skip(number);
  }

  /**
   * Flushes all that is in the heads now.
   *
   * @throws {OverloadError} the disk is full or failed
   */
  flush(): Promise<void> {
    this.commit();
    return this.#flusher.flushAll();
  }

  /**
   * Flushes, and links its parts into another data folder: all that was acknowledged before the call.
   *
   * @param target the folder, which exists
   * @throws {OverloadError} the disk is full or failed
   */
  async snapshot(target: string): Promise<void> {
    await this.flush();
    const { dataPath } = this.#options;
    linkParts({ disk: this.#disk, dataPath, target, folders: this.#parts.ownedFolders });
  }

  /**
   * Flushes, then merges towards one part per window of 32 days.
   *
   * @param prefix of the months that are meant, e.g. `2026_11`; empty: all
   * @throws {OverloadError} the disk is full or failed
   */
  async forceMerge(prefix: string): Promise<void> {
    await this.flush();
    await this.#compactor?.force(prefix);
  }

  stats(): LaneStats {
    return this.#counters.stats({
      lane: this.#options.lane,
      heads: this.#heads,
      parts: this.#parts,
      intake: this.#intake,
      flusher: this.#flusher,
      limits: this.#limits,
      compactor: this.#compactor,
      retentionSuspended: this.#clockGuard.isSuspended,
      freeDiskSize: this.#freeDiskSize,
      readOnly: this.#refusal() !== null,
    });
  }

  /** Syncs and closes the log and the parts. @param retire flushes first, and leaves no log behind */
  async close(retire = false): Promise<void> {
    this.commit();
    await this.#compactor?.close();
    await this.#flusher.ended();
    if (retire) await this.flush();
    await this.#heads.close(retire);
    this.#parts.close();
  }

  #take(stream: number, block: Uint8Array): RowBlockAnswer {
    const refusal = this.#refusal();
    if (refusal) return refusal;
    try {
      const bounds = acceptedBounds(this.#ports.clock.nowMs(), this.#options);
      return this.#intake.take(stream, block, this.#group, bounds);
    } catch (error) {
      if (!isKnownError(error)) throw error;
      this.#log.warn({ err: error, stream }, "cannot take a row block");
      return rowBlockAnswer("failed", { message: error.message });
    }
  }

  /** Why nothing is taken now; null when all is well. */
  #refusal(): RowBlockAnswer | null {
    if (this.#freeDiskSize < this.#options.minFreeDiskSpaceSize) {
      const message = `Cannot write: less than ${this.#options.minFreeDiskSpaceSize} bytes free on the disk`;
      return rowBlockAnswer("readOnly", { message, retryAfterMs: 10_000 });
    }
    if (!this.#heads.writable) {
      const message = "Cannot write: the write-ahead log failed";
      return rowBlockAnswer("readOnly", { message, retryAfterMs: 5_000 });
    }
    if (this.#heads.deletesDone < this.#deletes.newestNumber) {
      const message = "Cannot write: a delete waits for a flush";
      return rowBlockAnswer("overloaded", { message, retryAfterMs: 2_000 });
    }
    if (this.#heads.memorySize + this.#intake.memorySize > this.#options.headMemorySize) {
      const message = "Cannot write: the memory for samples is used up until a flush ends";
      return rowBlockAnswer("overloaded", { message, retryAfterMs: 2_000 });
    }
    return null;
  }

  /** @returns null when the group is in the log, else what to answer */
  #write(rowCount: number): RowBlockAnswer | null {
    const { slots, timestampsMs, values } = this.#group;
    try {
      this.#heads.log(rowCount, slots, timestampsMs, values);
      this.#heads.commit(this.#options.walSync === "always");
      return null;
    } catch (error) {
      if (!(error instanceof OverloadError)) throw error;
      this.#log.error({ err: error, rowCount }, "cannot write to the write-ahead log");
      return rowBlockAnswer("overloaded", {
        message: error.message,
        retryAfterMs: error.retryAfterMs,
      });
    }
  }

  #indexQuery(query: SearchQuery, limit: number, signal: AbortSignal): IndexQuery {
    return { query, limit, signal, answerSizeMax: this.#options.answerSizeMax };
  }

  #sources(query: SearchQuery): SourceSet {
    const sources = { heads: this.#heads, parts: this.#parts, deletes: this.#deletes };
    return openSources(query, sources, (part, cause) => {
      this.#counters.searchErrors += 1;
      this.#parts.setAside(part, cause);
    });
  }

  /** A disk that does not tell its free space takes no writes. */
  #checkDisk(): void {
    try {
      this.#freeDiskSize = this.#disk.freeSize(this.#options.dataPath);
    } catch (error) {
      if (errorCode(error) === null) throw error;
      this.#log.error({ err: error }, "cannot tell the free space of the disk");
      this.#freeDiskSize = -1;
    }
  }

  /** Time of the newest sample; -Infinity when there is none. */
  get #newestMs(): number {
    return Math.max(
      this.#heads.memtable.maxMs,
      this.#heads.frozen?.memtable.maxMs ?? -Infinity,
      this.#parts.maxMs,
    );
  }

  #dropOldParts(): void {
    this.#lastRetentionMs = this.#ports.clock.monotonicMs();
    const newestMs = this.#newestMs;
    this.#parts.refresh();
    const isTrusted = this.#clockGuard.check(newestMs);
    this.#retainedFromMs = isTrusted
      ? dropBeforeMs(this.#ports.clock.nowMs(), newestMs, this.#options)
      : -Infinity;
    if (!isTrusted) return;
    const beforeMs = this.#retainedFromMs;
    const names = this.#parts.dropBefore(beforeMs);
    if (names.length > 0) this.#log.info({ names }, "dropped parts older than the retention");
  }
}

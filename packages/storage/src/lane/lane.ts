/**
 * A lane: the one writer of its share of the series. Takes row blocks, groups them into one write to the log,
 * flushes its head to parts, and answers searches. Runs on any thread; `lane-server.ts` feeds it.
 *
 * Blocks are first taken (`append`), then committed together (`commit`): only then they are answered.
 */
import { join } from "node:path";
import { assert, errorCode, makeFolders, type Disk } from "@tideline/common";
import { OverloadError, type IndexAnswer, type SearchQuery } from "@tideline/model";
import {
  isKnownError,
  rowBlockAnswer,
  type FrameSearch,
  type FrameSource,
  type RowBlockAnswer,
} from "@tideline/wire";
import type { LaneRange } from "../lane-range.ts";
import type { Log } from "../options.ts";
import { flushPartName } from "../part/part-name.ts";
import {
  queryLabelNames,
  queryLabelValues,
  querySeriesKeys,
  type IndexQuery,
} from "../search/index-query.ts";
import { LaneSearch } from "../search/lane-search.ts";
import type { SourceSet } from "../search/source-set.ts";
import type { LaneStats } from "../stats.ts";
import { flushMemtable } from "./flush.ts";
import { Heads } from "./heads.ts";
import { Intake } from "./intake.ts";
import { LaneCounters } from "./lane-counters.ts";
import type { LaneOptions, LanePorts } from "./lane-options.ts";
import { laneFolder, LaneParts } from "./lane-parts.ts";
import { newestGenerationUsed } from "./part-generations.ts";
import { replayHeads } from "./replay.ts";
import { acceptedBounds, dropBeforeMs } from "./retention.ts";
import { RowGroup } from "./row-group.ts";
import { openSources } from "./search-sources.ts";

/** Called once with the answer to a block. */
export type AnswerBlock = (answer: RowBlockAnswer) => void;

const RETENTION_INTERVAL_MS = 60_000;
/** After a flush that failed, the next one waits this long. */
const FLUSH_RETRY_MS = 10_000;

interface TakenBlock {
  readonly kept: RowBlockAnswer;
  readonly answer: AnswerBlock;
}

export class Lane implements FrameSource {
  readonly #options: LaneOptions;
  readonly #disk: Disk;
  readonly #ports: LanePorts;
  readonly #log: Log;
  readonly #laneRange: LaneRange;
  readonly #parts: LaneParts;
  readonly #heads: Heads;
  readonly #intake: Intake;
  readonly #group = new RowGroup();
  #taken: TakenBlock[] = [];
  readonly #counters = new LaneCounters();
  #flushing: Promise<void> | null = null;
  #generationStartMs: number;
  #lastRetentionMs = -Infinity;
  #nextFlushMs = 0;
  #freeDiskSize = Infinity;

  private constructor(options: LaneOptions, ports: LanePorts, parts: LaneParts, heads: Heads) {
    this.#options = options;
    this.#ports = ports;
    this.#disk = ports.disk;
    this.#log = ports.log;
    this.#laneRange = { index: options.lane, count: options.laneCount };
    this.#parts = parts;
    this.#heads = heads;
    this.#intake = new Intake(heads, this.#laneRange);
    this.#generationStartMs = ports.clock.monotonicMs();
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
    const replayed = await replayHeads({ disk, walFolder, partsFolder, laneRange, log });
    const parts = new LaneParts({
      disk,
      dataPath: options.dataPath,
      laneRange,
      folders: options.folders,
      cacheSize: options.pageCacheSize,
      log,
    });
    const generation =
      replayed?.generation ??
      Math.max(newestGenerationUsed(disk, folder), parts.newestGeneration) + 1;
    const heads = new Heads({ disk, walFolder, laneRange, log }, generation, replayed ?? undefined);
    const lane = new Lane(options, ports, parts, heads);
    lane.#checkDisk();
    lane.#dropOldParts();
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
    if (this.#isFlushDue) this.#startFlush();
  }

  closeStream(stream: number): void {
    this.#intake.closeStream(stream);
  }

  /** What must be done now and then; every walSyncIntervalMs. */
  async tick(): Promise<void> {
    this.#checkDisk();
    this.#heads.reopen();
    if (this.#isFlushDue) this.#startFlush();
    const nowMs = this.#ports.clock.monotonicMs();
    if (nowMs - this.#lastRetentionMs >= RETENTION_INTERVAL_MS) this.#dropOldParts();
    await this.#heads.sync();
    if (this.#isFlushDue) this.#startFlush();
  }

  searchFrames(query: SearchQuery, signal: AbortSignal): FrameSearch {
    this.#counters.searches += 1;
    return new LaneSearch(query, () => this.#sources(query), signal);
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

  /**
   * Flushes all that is in the heads now.
   *
   * @throws {OverloadError} the disk is full or failed
   */
  async flush(): Promise<void> {
    this.commit();
    const until = this.#heads.generation;
    for (;;) {
      while (this.#flushing) await this.#flushing;
      if (!this.#heads.frozen) {
        if (this.#heads.generation > until || this.#heads.memtable.sampleCount === 0) return;
        this.#freeze();
      }
      await this.#flushFrozen();
    }
  }

  stats(): LaneStats {
    return this.#counters.stats({
      lane: this.#options.lane,
      heads: this.#heads,
      parts: this.#parts,
      intake: this.#intake,
      freeDiskSize: this.#freeDiskSize,
      readOnly: this.#refusal() !== null,
    });
  }

  /** Syncs and closes the log and the parts. @param retire flushes first, and leaves no log behind */
  async close(retire = false): Promise<void> {
    this.commit();
    await this.#flushing;
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

  get #isFlushDue(): boolean {
    const heads = this.#heads;
    if (heads.frozen || heads.failed) return true;
    if (heads.memtable.sampleCount === 0) return false;
    const ageMs = this.#ports.clock.monotonicMs() - this.#generationStartMs;
    return (
      heads.walSize >= this.#options.flushWalSize ||
      ageMs >= this.#options.flushIntervalMs ||
      heads.memtable.memorySize > this.#options.headMemorySize * 0.4
    );
  }

  /** Begins a flush, unless one runs or has failed just now. */
  #startFlush(): void {
    if (this.#flushing || this.#ports.clock.monotonicMs() < this.#nextFlushMs) return;
    if (!this.#heads.frozen) this.#freeze();
    void this.#flushFrozen().catch((error: unknown) => {
      if (!isKnownError(error)) this.#ports.onFault(error);
      else this.#log.error({ err: error }, "cannot flush the head to a part");
    });
  }

  #freeze(): void {
    assert(this.#taken.length === 0, "no block waits for its commit when the head is frozen");
    this.#heads.freeze();
    this.#generationStartMs = this.#ports.clock.monotonicMs();
  }

  /** Writes the frozen generation to its part; only then its log goes. @throws {OverloadError} */
  async #flushFrozen(): Promise<void> {
    const run = this.#writePart();
    this.#flushing = run.then(
      () => undefined,
      () => undefined,
    );
    try {
      await run;
      this.#counters.flushes += 1;
    } catch (error) {
      this.#counters.flushErrors += 1;
      this.#nextFlushMs = this.#ports.clock.monotonicMs() + FLUSH_RETRY_MS;
      throw error;
    } finally {
      this.#flushing = null;
    }
  }

  async #writePart(): Promise<void> {
    const frozen = this.#heads.frozen;
    assert(frozen, "what is flushed is frozen");
    const startMs = this.#ports.clock.monotonicMs();
    const summary = await flushMemtable(frozen.memtable, {
      disk: this.#disk,
      folder: join(laneFolder(this.#options.dataPath, this.#options.lane), "parts"),
      laneRange: this.#laneRange,
      generation: frozen.generation,
    });
    // No wait between these two: a search sees the memtable or the part, never both or neither.
    if (summary) this.#parts.add(flushPartName(frozen.generation));
    this.#heads.release();
    if (!summary) return;
    const { path, size, seriesCount, sampleCount } = summary;
    const durationMs = Math.round(this.#ports.clock.monotonicMs() - startMs);
    this.#log.info({ path, size, seriesCount, sampleCount, durationMs }, "flushed head to a part");
  }

  #indexQuery(query: SearchQuery, limit: number, signal: AbortSignal): IndexQuery {
    return { query, limit, signal, answerSizeMax: this.#options.answerSizeMax };
  }

  #sources(query: SearchQuery): SourceSet {
    return openSources(query, this.#heads, this.#parts, (part, cause) => {
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

  #dropOldParts(): void {
    this.#lastRetentionMs = this.#ports.clock.monotonicMs();
    const newestMs = Math.max(
      this.#heads.memtable.maxMs,
      this.#heads.frozen?.memtable.maxMs ?? -Infinity,
      this.#parts.maxMs,
    );
    const beforeMs = dropBeforeMs(this.#ports.clock.nowMs(), newestMs, this.#options);
    const names = this.#parts.dropBefore(beforeMs);
    if (names.length > 0) this.#log.info({ names }, "dropped parts older than the retention");
  }
}

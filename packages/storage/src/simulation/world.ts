/**
 * A simulated machine: disk and clock, the storage that runs on it, the model of what that must hold, and the story of what
 * happened. Steps act on it.
 */
import {
  DiskCrash,
  FakeClock,
  FakeDisk,
  seededRandom,
  type Random,
} from "@tideline/common/testing";
import { errorCode } from "@tideline/common";
import { OverloadError } from "@tideline/model";
import type { RowRouter } from "@tideline/wire";
import { FakeSeriesTable } from "@tideline/wire/testing";
import { DAY_MS, type Samples } from "../lane/lane-fixtures.ts";
import { dropBeforeMs } from "../lane/retention.ts";
import type { MergeJob } from "../compaction/merge-job.ts";
import { sharedSeriesCounts } from "../lane/series-limits.ts";
import { Model } from "./model.ts";
import { ProcessDisk, type Lie } from "./process-disk.ts";
import type { Settings } from "./settings.ts";
import { StorageProcess } from "./storage-process.ts";
import { setCurrentTurns, Turns } from "./turns.ts";

/** What was asked for is not what is there. */
export class Finding extends Error {
  override readonly name = "Finding";
}

/** How something that was tried ended. `refused`: the disk failed or is full, and the storage said so. */
export type Attempt = "done" | "refused" | "died";

/** Damage to files that may cost samples. */
export type Damage = "none" | "holes of a power cut" | "flipped bits";

/** A storage that runs, and the senders before it. */
interface Running {
  readonly process: StorageProcess;
  readonly disk: ProcessDisk;
  routers: RowRouter[];
  table: FakeSeriesTable;
}

export class World {
  readonly settings: Settings;
  readonly turns: Turns;
  readonly clock = new FakeClock();
  readonly model: Model;
  readonly story: string[] = [];
  readonly #lie: Lie | null;
  disk: FakeDisk;
  random: Random;
  laneCount: number;
  damage: Damage = "none";
  newestSampleMs = -Infinity;
  /** Whether the clock was set, by more than a day, and no sample since then is of its time. */
  hasClockJumped = false;
  /** What is older may have been dropped by a storage that has never seen another time. */
  expiredBeforeMs = -Infinity;
  /** What snapshots hold, by their names. */
  readonly snapshots = new Map<string, Samples>();
  /** Whether there are no others. */
  areSnapshotsCertain = true;
  /** Whether folders were always synced when they had to be: then what was deleted once stays so. */
  areFoldersSynced = true;
  /** Whether an operation of the disk was to fail, ever. */
  hasFailed = false;
  #mayHaveCopies = false;
  /** Series that were sent since the storage was started. */
  sentSeries = new Set<string>();
  #running: Running | null = null;
  #fault: unknown = null;
  /** Faults of the disk whose traces a flush has made good. */
  #settledCount = 0;
  /** Faults that the storage has got over. */
  #recoveredCount = 0;

  constructor(seed: number, settings: Settings, lie: Lie | null) {
    this.settings = settings;
    this.model = new Model(settings.dedupIntervalMs);
    this.#lie = lie;
    this.random = seededRandom(seed);
    this.laneCount = settings.laneCount;
    this.turns = new Turns(this.random, settings.breathChance);
    this.disk = new FakeDisk({ pause: () => this.turns.wait() });
    setCurrentTurns(this.turns);
  }

  /** From here on, what happens follows from this seed. */
  reseed(seed: number): void {
    this.random = seededRandom(seed);
    this.turns.random = seededRandom(seed + 1);
  }

  tell(line: string): void {
    this.story.push(line);
  }

  get running(): Running {
    if (!this.#running) throw new Error("a step acts on a storage that runs");
    return this.#running;
  }

  get isDead(): boolean {
    return this.disk.isCrashed;
  }

  /** Whether a process still runs that something was asked of: another one may run on its disk by now. */
  isRunning(process: StorageProcess): boolean {
    return this.#running?.process === process && !this.isDead;
  }

  /** Whether the disk has failed since all that was acknowledged was last known to be on it. */
  get isUnsettled(): boolean {
    return this.disk.struckCount > this.#settledCount;
  }

  /** All that was acknowledged when so many faults had struck is on the disk. */
  settled(struckCount: number): void {
    this.#settledCount = struckCount;
  }

  /** Starts the storage. */
  async open(): Promise<Attempt> {
    const disk = new ProcessDisk(this.disk, this.#lie);
    this.expire();
    const { struckCount } = this.disk;
    const opening = this.#start(disk);
    const attempt = await this.attempt(opening);
    if (attempt !== "done") {
      disk.kill();
      this.turns.drop();
      return attempt;
    }
    const process = await opening;
    const routers = [process.connect(), process.connect()];
    this.#running = { process, disk, routers, table: new FakeSeriesTable() };
    this.#recoveredCount = struckCount;
    this.sentSeries = new Set();
    return "done";
  }

  /** Starts a storage beside this one, on a disk that is well. */
  async openOn(disk: FakeDisk): Promise<StorageProcess> {
    this.expire();
    const opening = this.#start(new ProcessDisk(disk, null));
    await this.finish(opening);
    return await opening;
  }

  #start(disk: ProcessDisk): Promise<StorageProcess> {
    const { walSync, flushWalSize, flushIntervalMs, pageCacheSize } = this.settings;
    const { retentionMs, futureRetentionMs, dedupIntervalMs } = this.settings;
    const { hourlySeriesMax: hourlyMax, dailySeriesMax: dailyMax } = this.settings;
    const isLimited = hourlyMax !== 0 || dailyMax !== 0;
    const options = {
      walSync,
      flushWalSize,
      flushIntervalMs,
      pageCacheSize,
      retentionMs,
      futureRetentionMs,
      dedupIntervalMs,
      seriesLimits: isLimited ? { hourlyMax, dailyMax, counts: sharedSeriesCounts() } : null,
    };
    const { clock, turns } = this;
    const onFault = (error: unknown): void => {
      this.fail(error);
    };
    const onMerge = ({ outputs }: MergeJob): void => {
      this.#mayHaveCopies ||= outputs.length > 1;
    };
    return StorageProcess.open(this.laneCount, options, { disk, clock, turns, onFault, onMerge });
  }

  /** The process dies. What it wrote is there. */
  kill(): void {
    this.#stop();
    this.disk.restart();
  }

  /** The power goes: what was not synced is there, or not. */
  cutPower(): void {
    this.#stop();
    this.disk = this.disk.afterPowerCut(this.random);
    this.#recoveredCount = 0;
    this.settled(0);
    this.model.cutPower();
    if (this.damage === "none") this.damage = "holes of a power cut";
  }

  #stop(): void {
    this.#running?.disk.kill();
    this.#running = null;
    this.turns.drop();
  }

  /** Waits for something, while others go on. @throws {Finding} it failed as it must not, or waits for ever */
  async attempt(promise: Promise<unknown>): Promise<Attempt> {
    const { disk } = this;
    const { struckCount } = disk;
    const waited = await this.turns.until(promise, () => this.isDead);
    this.throwFault();
    if (waited === "dead") return "died";
    if (waited === "stuck") throw new Finding("nothing goes on any more");
    try {
      await promise;
      return "done";
    } catch (error) {
      const isOfDisk = error instanceof OverloadError || errorCode(error) !== null;
      if (!isOfDisk || !this.hasTrouble(struckCount)) throw error;
      this.tell(`refused: ${error instanceof Error ? error.message : String(error)}`);
      return "refused";
    }
  }

  /** Waits for something that no trouble of this machine concerns. */
  async finish(promise: Promise<unknown>): Promise<void> {
    const waited = await this.turns.until(promise, () => false);
    if (waited === "stuck") throw new Finding("nothing goes on any more");
    await promise;
  }

  /** Whether the disk is to blame for what failed. @param struckCount faults before it began */
  hasTrouble(struckCount: number): boolean {
    const { disk } = this;
    return (
      disk.struckCount > Math.min(struckCount, this.#recoveredCount) || disk.capacitySize < Infinity
    );
  }

  /** Whatever was wrong with the disk, the storage must have got over it. */
  recovered(): void {
    this.#recoveredCount = this.disk.struckCount;
    this.settled(this.disk.struckCount);
  }

  /** Something that nobody waits for has failed. */
  fail(error: unknown): void {
    if (!(error instanceof DiskCrash)) this.#fault ??= error;
  }

  throwFault(): void {
    if (this.#fault !== null) throw this.#fault;
  }

  /**
   * Whether samples may lie in two parts: a merge of several results may have ended after the first of them, or a disk has not let
   * go of what it should.
   */
  get mayHaveCopies(): boolean {
    return this.#mayHaveCopies || this.hasFailed;
  }

  /** Samples that retention may take, by now: none while nobody knows what time it is. */
  expire(): void {
    const nowMs = this.clock.nowMs();
    const beforeMs = dropBeforeMs(nowMs, this.newestSampleMs, this.settings);
    this.expiredBeforeMs = Math.max(this.expiredBeforeMs, beforeMs);
    // The newest sample of some lane may be one of these.
    if (this.hasClockJumped && this.model.hasSampleWithin(nowMs - DAY_MS, nowMs + DAY_MS))
      this.hasClockJumped = false;
    if (this.hasClockJumped) return;
    if (beforeMs > this.model.oldestMs) this.model.expire(beforeMs);
  }
}

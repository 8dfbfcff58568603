/**
 * The head generations of a lane: one that takes writes, perhaps one frozen that is being flushed, and the
 * series of the one before, from which a stream's refs are carried over.
 *
 * Each generation stands alone: its log defines every series before its first sample. A series is in the
 * memtable before it is in the log; `definedCount` tells up to where the log knows them, so a commit that
 * failed needs no undoing: the next one defines again.
 */
import { assert, errorCode, type Disk } from "@tideline/common";
import { OverloadError, type SeriesDelete } from "@tideline/model";
import { HeadDelete } from "../deletes/head-delete.ts";
import { Memtable, NO_SLOT, type BadSeries, type SeriesDictionary } from "../head/memtable.ts";
import type { LaneRange } from "../lane-range.ts";
import type { Log } from "../options.ts";
import { deleteGeneration, generationFolder, listGenerations } from "../wal/generations.ts";
import { WalWriter } from "../wal/wal-writer.ts";

export interface HeadsOptions {
  readonly disk: Disk;
  readonly walFolder: string;
  readonly laneRange: LaneRange;
  readonly log: Log;
}

/** A generation that takes no more writes. */
export interface FrozenHead {
  readonly generation: number;
  readonly memtable: Memtable;
  readonly walSize: number;
  /** Deletes up to this number took from it what they had to take. */
  readonly deletesDone: number;
}

/** What a lane goes on with after its start. */
export interface HeadsStart extends FrozenHead {
  readonly frozen: FrozenHead | null;
}

export class Heads {
  readonly #options: HeadsOptions;
  #generation: number;
  #memtable: Memtable;
  /** Null while no log can be opened: nothing is taken then. */
  #wal: WalWriter | null = null;
  /** Slots below it are defined in the log. */
  #definedCount: number;
  /** Slots below it are defined there or in the group that waits. */
  #groupDefinedCount: number;
  #frozen: FrozenHead | null = null;
  /** The series of generation - 1. */
  #previous: SeriesDictionary | null = null;
  #deletesDone: number;
  /** Bytes in the log of the generation from before the start. */
  #replayedSize: number;
  #dirty = false;
  /** Settles, always well, when the last sync of the frozen generation's log has ended. */
  #frozenSync: Promise<void> = Promise.resolve();
  seriesCreated = 0;
  walCommits = 0;
  walSyncs = 0;
  walErrors = 0;

  /**
   * @param start the generation that takes writes: what its log gave, or an empty one; and the one before, where that
   * has no part yet
   */
  constructor(options: HeadsOptions, { frozen, ...start }: HeadsStart) {
    this.#options = options;
    this.#generation = start.generation;
    this.#memtable = start.memtable;
    this.#deletesDone = start.deletesDone;
    this.#definedCount = start.memtable.seriesCount;
    this.#groupDefinedCount = this.#definedCount;
    this.#replayedSize = start.walSize;
    this.#frozen = frozen;
    this.#previous = frozen?.memtable ?? null;
    this.#wal = this.#openWal();
  }

  get generation(): number {
    return this.#generation;
  }

  /** Deletes up to this number took from the generation that takes writes what they had to take: rows that follow come after them. */
  get deletesDone(): number {
    return this.#deletesDone;
  }

  get memtable(): Memtable {
    return this.#memtable;
  }

  get frozen(): FrozenHead | null {
    return this.#frozen;
  }

  get previous(): SeriesDictionary | null {
    return this.#previous;
  }

  /** Bytes in the log of the generation that takes writes. */
  get walSize(): number {
    return this.#replayedSize + (this.#wal?.size ?? 0);
  }

  get memorySize(): number {
    const previous = this.#previous === this.#frozen?.memtable ? 0 : this.#previous?.memorySize;
    return this.#memtable.memorySize + (this.#frozen?.memtable.memorySize ?? 0) + (previous ?? 0);
  }

  /** Whether the log takes writes. */
  get writable(): boolean {
    return this.#wal !== null && this.#wal.failure === null;
  }

  /** Whether the log failed for good: what is in the head must be flushed, and a new generation begun. */
  get failed(): boolean {
    return this.#wal?.failure !== undefined && this.#wal.failure !== null;
  }

  /** The slot of an identity, carried over from the generation before where it must be; or NO_SLOT. */
  slotOf(identities: Uint8Array, offset: number): number {
    const slot = this.#memtable.find(identities, offset);
    if (slot !== NO_SLOT || !this.#previous) return slot;
    const old = this.#previous.find(identities, offset);
    return old === NO_SLOT ? NO_SLOT : this.carryOver(old);
  }

  /** The slot of a series that the generation before knew under slot `old`. */
  carryOver(old: number): number {
    const previous = this.#previous;
    assert(previous && old < previous.seriesCount, "a series is carried over from where it was");
    const slot = this.register(previous.identityOf(old), 0, previous.keyOf(old));
    assert(typeof slot === "number", "a series that was taken once is taken again");
    return slot;
  }

  /** See Memtable.register. */
  register(identities: Uint8Array, offset: number, key: Uint8Array): number | BadSeries {
    const known = this.#memtable.seriesCount;
    const slot = this.#memtable.register(identities, offset, key);
    if (slot === known) this.seriesCreated += 1;
    return slot;
  }

  /**
   * Adds rows to the group that `commit` will write, and the definitions that they need.
   *
   * @throws {OverloadError} there is no log to write to
   */
  log(
    rowCount: number,
    slots: Uint32Array,
    timestampsMs: Float64Array,
    values: Float64Array,
  ): void {
    const wal = this.#writableWal();
    wal.appendSeries(this.#groupDefinedCount, this.#memtable.seriesCount, this.#memtable);
    this.#groupDefinedCount = this.#memtable.seriesCount;
    if (rowCount > 0) wal.appendRows(rowCount, slots, timestampsMs, values);
  }

  /**
   * Writes the group. After it the rows may be appended to the memtable and acknowledged.
   *
   * @throws {OverloadError} nothing of the group was written
   */
  commit(syncNow: boolean): void {
    const wal = this.#writableWal();
    try {
      wal.commit();
      if (syncNow) {
        wal.syncNow();
        this.walSyncs += 1;
      }
    } catch (error) {
      this.#groupDefinedCount = this.#definedCount;
      this.walErrors += 1;
      throw error;
    }
    this.#definedCount = this.#groupDefinedCount;
    this.walCommits += 1;
    if (!syncNow) this.#dirty = true;
  }

  /**
   * Takes a delete from the generation that takes writes, and writes that to its log: what follows comes after it.
   *
   * @returns false, and nothing is done, where that would rewrite more than `rewrittenMax` samples
   * @throws {OverloadError} nothing is done, since the log cannot be written
   */
  remove(number: number, request: SeriesDelete, rewrittenMax: number): boolean {
    const wal = this.#writableWal();
    const taken = new HeadDelete(this.#memtable, request);
    if (taken.rewrittenCount > rewrittenMax) return false;
    wal.appendDelete(number, request);
    this.commit(false);
    taken.apply();
    this.#deletesDone = Math.max(this.#deletesDone, number);
    return true;
  }

  /**
   * Puts the log on the disk, also when nothing but its header is new.
   *
   * @throws {OverloadError} the disk failed, or there is no log
   */
  async syncLog(): Promise<void> {
    const wal = this.#writableWal();
    try {
      await wal.sync();
      this.walSyncs += 1;
    } catch (error) {
      this.walErrors += 1;
      throw error;
    }
  }

  /** Puts on the disk what was committed before, also to the generation that was frozen since. Never rejects. */
  async sync(): Promise<void> {
    const frozenSync = this.#frozenSync;
    await this.#syncNewest();
    await frozenSync;
  }

  async #syncNewest(): Promise<void> {
    const wal = this.#wal;
    if (!wal || !this.#dirty) return;
    this.#dirty = false;
    try {
      await wal.sync();
      this.walSyncs += 1;
    } catch (error) {
      this.walErrors += 1;
      this.#options.log.error(
        { err: error, folder: this.#folder },
        "cannot sync the write-ahead log",
      );
    }
  }

  /**
   * Ends the generation and begins the next one. What is frozen must have left before.
   *
   * @param deletesDone of the next generation: the number of a delete that what is frozen comes before
   * @returns the generation to flush. When no new log can be opened, nothing is taken until `reopen`.
   */
  freeze(deletesDone = this.#deletesDone): FrozenHead {
    assert(!this.#frozen, "one generation is flushed at a time");
    const wal = this.#wal;
    this.#frozen = {
      generation: this.#generation,
      memtable: this.#memtable,
      walSize: this.walSize,
      deletesDone: this.#deletesDone,
    };
    this.#deletesDone = deletesDone;
    this.#previous = this.#memtable;
    if (wal) this.#frozenSync = closeSynced(wal, this.#dirty);
    this.#generation += 1;
    this.#memtable = new Memtable();
    this.#definedCount = 0;
    this.#groupDefinedCount = 0;
    this.#replayedSize = 0;
    this.#dirty = false;
    this.#wal = this.#openWal();
    return this.#frozen;
  }

  /** Tries again to open a log, when there is none. */
  reopen(): void {
    this.#wal ??= this.#openWal();
  }

  /** The frozen generation is in a part that lasts: its log goes, of its memtable only the series stay. */
  release(): void {
    const frozen = this.#frozen;
    assert(frozen, "a frozen generation is released");
    try {
      deleteGeneration(this.#options.disk, this.#options.walFolder, frozen.generation);
    } catch (error) {
      if (errorCode(error) === null && !(error instanceof OverloadError)) throw error;
      // The next start replays it and writes the same part again.
      this.#options.log.error({ err: error }, "cannot delete a flushed write-ahead log");
    }
    this.#frozen = null;
    if (this.#previous === frozen.memtable) this.#previous = frozen.memtable.dictionary();
  }

  /**
   * Syncs and closes the log.
   *
   * @param retire also deletes the log, which must have nothing in it
   * @throws {OverloadError} a log of an earlier generation is still there, which no other lane could read
   */
  async close(retire: boolean): Promise<void> {
    await this.sync();
    this.#wal?.close();
    this.#wal = null;
    if (!retire) return;
    assert(this.#memtable.sampleCount === 0 && !this.#frozen, "only an empty head is retired");
    const { disk, walFolder } = this.#options;
    deleteGeneration(disk, walFolder, this.#generation);
    const [left] = listGenerations(disk, walFolder);
    if (left === undefined) return;
    const folder = generationFolder(walFolder, left);
    throw new OverloadError("TIDELINE_WAL_LEFT", `Cannot retire: the disk let ${folder} not go`);
  }

  get #folder(): string {
    return generationFolder(this.#options.walFolder, this.#generation);
  }

  #writableWal(): WalWriter {
    if (this.#wal && !this.#wal.failure) return this.#wal;
    throw new OverloadError("TIDELINE_WAL", "Cannot write to the log of this lane", {
      retryAfterMs: 5_000,
    });
  }

  #openWal(): WalWriter | null {
    const { disk, laneRange, log } = this.#options;
    try {
      return WalWriter.open({
        disk,
        folder: this.#folder,
        generation: this.#generation,
        laneRange,
        deletesDone: this.#deletesDone,
      });
    } catch (error) {
      this.walErrors += 1;
      log.error({ err: error, folder: this.#folder }, "cannot open a write-ahead log");
      return null;
    }
  }
}

/** The generation is flushed anyway; until then its log should last, too. */
async function closeSynced(wal: WalWriter, dirty: boolean): Promise<void> {
  try {
    if (dirty && !wal.failure) await wal.sync();
  } catch {
    // Its part is being written from memory.
  } finally {
    wal.close();
  }
}

/**
 * Decides when a lane's head is flushed, and does it: one generation at a time, beside the writes.
 */
import { assert, type Disk } from "@tideline/common";
import { isKnownError } from "@tideline/wire";
import type { LaneRange } from "../lane-range.ts";
import { flushPartName } from "../part/part-name.ts";
import { flushMemtable } from "./flush.ts";
import type { Heads } from "./heads.ts";
import type { LanePorts } from "./lane-options.ts";
import type { LaneParts } from "./lane-parts.ts";

export interface FlusherOptions {
  readonly heads: Heads;
  readonly parts: LaneParts;
  readonly disk: Disk;
  /** The lane's own `parts` folder. */
  readonly folder: string;
  readonly laneRange: LaneRange;
  readonly flushWalSize: number;
  readonly flushIntervalMs: number;
  /** Memory of the memtable that takes writes. */
  readonly memtableSizeMax: number;
  /** Number of the newest delete: a generation that is older takes no writes until it is frozen. */
  readonly newestDelete: () => number;
}

/** After a flush that failed, the next one waits this long. */
const RETRY_MS = 10_000;

export class Flusher {
  readonly #options: FlusherOptions;
  readonly #ports: Pick<LanePorts, "clock" | "log" | "onFault">;
  #generationStartMs: number;
  #nextTryMs = -Infinity;
  /** Settles, always well, when the flush that runs has ended. */
  #running: Promise<void> | null = null;
  flushCount = 0;
  /** Bytes of the parts written. */
  writtenSize = 0;
  errorCount = 0;

  constructor(options: FlusherOptions, ports: Pick<LanePorts, "clock" | "log" | "onFault">) {
    this.#options = options;
    this.#ports = ports;
    this.#generationStartMs = ports.clock.monotonicMs();
  }

  /** Begins a flush if one is due, none runs, and none has failed just now. No block waits for its commit. */
  startIfDue(): void {
    if (!this.#isDue || this.#running) return;
    if (this.#ports.clock.monotonicMs() < this.#nextTryMs) return;
    if (!this.#options.heads.frozen) this.#freeze();
    void this.#flushFrozen().catch((error: unknown) => {
      if (!isKnownError(error)) this.#ports.onFault(error);
      else this.#ports.log.error({ err: error }, "cannot flush the head to a part");
    });
  }

  /**
   * Flushes all that is in the heads now. No block waits for its commit.
   *
   * @throws {OverloadError} the disk is full or failed
   */
  async flushAll(): Promise<void> {
    const { heads } = this.#options;
    const until = heads.generation;
    for (;;) {
      // Asked anew after each wait, and here: several may wait, and the first of them begins the next flush.
      while (this.#running) await this.#running;
      if (!heads.frozen) {
        if (heads.generation > until || heads.memtable.sampleCount === 0) return;
        this.#freeze();
      }
      await this.#flushFrozen();
    }
  }

  /**
   * Freezes the generation for a delete that would take long to take from it. Writes go on meanwhile; when it settles, those
   * that follow are in a generation that comes after the delete.
   *
   * @throws {OverloadError} the generation before cannot be flushed
   */
  async freezeFor(deleteNumber: number): Promise<void> {
    for (;;) {
      while (this.#running) await this.#running;
      if (!this.#options.heads.frozen) break;
      await this.#flushFrozen();
    }
    this.#freeze(deleteNumber);
  }

  /** Waits for the flush that runs, however it ends. */
  async ended(): Promise<void> {
    while (this.#running) await this.#running;
  }

  get #isDue(): boolean {
    const { heads, flushWalSize, flushIntervalMs, memtableSizeMax, newestDelete } = this.#options;
    if (heads.frozen || heads.failed || heads.deletesDone < newestDelete()) return true;
    // Series whose samples are all refused fill memory and log as well: such a generation ends without a part.
    if (heads.walSize >= flushWalSize || heads.memtable.memorySize > memtableSizeMax) return true;
    const ageMs = this.#ports.clock.monotonicMs() - this.#generationStartMs;
    return heads.memtable.sampleCount > 0 && ageMs >= flushIntervalMs;
  }

  #freeze(deletesDone = this.#options.newestDelete()): void {
    const { heads } = this.#options;
    heads.freeze(Math.max(deletesDone, heads.deletesDone));
    this.#generationStartMs = this.#ports.clock.monotonicMs();
  }

  /** Writes the frozen generation to its part; only then its log goes. @throws {OverloadError} */
  async #flushFrozen(): Promise<void> {
    const run = this.#writePart();
    this.#running = run.then(
      () => undefined,
      () => undefined,
    );
    try {
      await run;
      this.flushCount += 1;
    } catch (error) {
      this.errorCount += 1;
      this.#nextTryMs = this.#ports.clock.monotonicMs() + RETRY_MS;
      throw error;
    } finally {
      this.#running = null;
    }
  }

  async #writePart(): Promise<void> {
    const { heads, parts, disk, folder, laneRange } = this.#options;
    const { clock, log } = this.#ports;
    const frozen = heads.frozen;
    assert(frozen, "what is flushed is frozen");
    const { generation, memtable, deletesDone } = frozen;
    const startMs = clock.monotonicMs();
    const summary = await flushMemtable(memtable, {
      disk,
      folder,
      laneRange,
      generation,
      deletesDone,
    });
    // No wait between these two: a search sees the memtable or the part, never both or neither.
    if (summary) parts.add(flushPartName(generation));
    heads.release();
    if (!summary) return;
    this.writtenSize += summary.size;
    const { path, size, seriesCount, sampleCount } = summary;
    const durationMs = Math.round(clock.monotonicMs() - startMs);
    log.info({ path, size, seriesCount, sampleCount, durationMs }, "flushed head to a part");
  }
}

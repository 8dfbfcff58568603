/**
 * Deletes over all lanes of a data folder, one at a time: the delete is written to the log (from there on it holds), every lane takes
 * it from its head and writes it to the log of that. Scheme: docs/formats/delete-log.md.
 *
 * Where the log cannot be written, nothing is deleted and the number is never used again.
 */
import { randomBytes } from "node:crypto";
import type { Clock, Disk } from "@tideline/common";
import type { DeleteSink, SeriesDelete } from "@tideline/model";
import { encodeDeleteRequest } from "@tideline/wire";
import { removeUnfinishedDeletes, writeDelete } from "../deletes/delete-log.ts";
import { compileFilters } from "../index/select.ts";

/** A lane, as a delete sees it. */
interface DeletingLane {
  /** The newest delete that one of its generations or parts, or its log, knows of. */
  readonly newestDelete: number;
  applyDelete(number: number): Promise<void>;
  skipDelete(number: number): Promise<void>;
}

interface DeleterOptions {
  readonly disk: Disk;
  readonly dataPath: string;
  readonly lanes: readonly DeletingLane[];
  readonly clock: Pick<Clock, "nowMs">;
}

export class Deleter implements DeleteSink {
  readonly #options: DeleterOptions;
  #newestNumber: number;
  /** Settles, always well, when the work asked for so far has ended. */
  #queue: Promise<void> = Promise.resolve();

  /** Removes what an earlier run has left unfinished. */
  constructor(options: DeleterOptions) {
    this.#options = options;
    removeUnfinishedDeletes(options.disk, options.dataPath);
    this.#newestNumber = Math.max(0, ...options.lanes.map(({ newestDelete }) => newestDelete));
  }

  /** Number of the newest delete, also of one that failed. */
  get newestNumber(): number {
    return this.#newestNumber;
  }

  /** @throws {InputError} a selector that is none; {OverloadError} the disk is full or failed */
  async deleteSeries(request: SeriesDelete): Promise<void> {
    compileFilters(request.filters);
    encodeDeleteRequest(request);
    await this.alone(() => this.#delete(request));
  }

  /** Runs work with no delete beside it: a snapshot has all of one, or nothing. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(work);
    this.#queue = run.then(ignore, ignore);
    return run;
  }

  async #delete(request: SeriesDelete): Promise<void> {
    const { disk, dataPath, lanes, clock } = this.#options;
    this.#newestNumber += 1;
    const number = this.#newestNumber;
    const record = { number, id: randomBytes(16), createdMs: clock.nowMs(), request };
    try {
      await writeDelete(disk, dataPath, record);
    } catch (error) {
      // A disk that failed may have kept the file: then the next start finds it.
      await all(lanes.map((lane) => lane.skipDelete(number)));
      throw error;
    }
    await all(lanes.map((lane) => lane.applyDelete(number)));
  }
}

/** Waits for all of them, also where one fails. @throws what the first one failed with */
async function all(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

function ignore(): void {}

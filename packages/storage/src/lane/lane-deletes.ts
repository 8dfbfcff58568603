/** How a lane takes deletes: from its head at once, in order with the rows of its log; from parts when they are read and merged. */
import type { Disk } from "@tideline/common";
import { CorruptionError, OverloadError, type SeriesDelete } from "@tideline/model";
import { readDelete } from "../deletes/delete-log.ts";
import type { DeleteRecord } from "../deletes/delete-record.ts";
import type { DeleteSet } from "../deletes/delete-set.ts";
import type { Log } from "../options.ts";
import type { Flusher } from "./flusher.ts";
import type { Heads } from "./heads.ts";

/** A delete that rewrites more samples of the head freezes it instead: what takes longer than that holds up writes. */
const REWRITTEN_COUNT_MAX = 200_000;

export interface LaneDeletesOptions {
  readonly disk: Disk;
  readonly dataPath: string;
  readonly heads: Heads;
  readonly flusher: Flusher;
  readonly deletes: DeleteSet;
  /** Writes what waits for a commit, so that it comes before the delete. */
  readonly commit: () => void;
  readonly log: Log;
}

export class LaneDeletes {
  readonly #options: LaneDeletesOptions;

  constructor(options: LaneDeletesOptions) {
    this.#options = options;
  }

  /**
   * A delete is in the log of the data folder: when this settles, what it deletes is in no answer, and rows that follow come after it.
   * A lane that cannot write that down takes no rows until it can.
   */
  async apply(number: number): Promise<void> {
    const record = this.#read(number);
    const request = record instanceof CorruptionError ? null : record.request;
    await this.#comeAfter(number, request);
    this.#options.deletes.add(number, record);
    await this.#end(number);
  }

  /** A delete failed, but its file may be there at the next start: then it takes nothing from rows that follow. */
  async skip(number: number): Promise<void> {
    await this.#comeAfter(number, null);
    this.#options.deletes.skip(number);
    await this.#end(number);
  }

  /** Takes a delete from the head, or begins a new one. @param request null: only the latter will do */
  async #comeAfter(number: number, request: SeriesDelete | null): Promise<void> {
    const { commit, heads, flusher, log } = this.#options;
    commit();
    try {
      if (request && heads.remove(number, request, REWRITTEN_COUNT_MAX)) return;
      // The log of the head says for good that it comes before the delete; rows go on being taken meanwhile.
      await heads.syncLog();
      await flusher.freezeFor(number);
    } catch (error) {
      // From now on rows are refused until the flusher has frozen the head.
      if (!(error instanceof OverloadError)) throw error;
      log.error({ err: error, number }, "cannot take a delete from the head: rows wait");
    }
  }

  /** What has come after the delete says so for good. */
  async #end(number: number): Promise<void> {
    const { heads, flusher, log } = this.#options;
    try {
      await heads.syncLog();
    } catch (error) {
      // Its log has failed: the head is flushed.
      if (!(error instanceof OverloadError)) throw error;
      log.error({ err: error, number }, "cannot sync the log of a delete");
    }
    flusher.startIfDue();
  }

  #read(number: number): DeleteRecord | CorruptionError {
    const { disk, dataPath } = this.#options;
    try {
      return readDelete(disk, dataPath, number);
    } catch (error) {
      if (error instanceof CorruptionError) return error;
      throw error;
    }
  }
}

/**
 * Writes the write-ahead log of one head generation: one write per group commit, checked to the byte.
 * Format: docs/formats/wal.md.
 *
 * After a short write or an error the file is cut back to what was good before, and nothing of the group
 * counts as written. Where even that fails, or a sync fails, the writer is `failed` for good: a failed
 * fsync is never tried again, since the kernel may have dropped the pages. What was written is still in
 * the head, so the lane rewrites it from memory: it freezes the head generation, writes its part, and goes
 * on with a new generation (or read-only, when that fails too).
 */
import type { Disk } from "@tideline/common";
import type { LaneRange } from "../lane-range.ts";

export interface WalOptions {
  readonly disk: Disk;
  /** Folder of the generation, from `generationFolder`; made when missing. */
  readonly folder: string;
  readonly generation: number;
  readonly laneRange: LaneRange;
  /** A file past this size is followed by a new one at the next group. Default 128 MiB. */
  readonly fileSizeMax?: number;
}

export class WalWriter {
  /**
   * Starts a new file in the folder, numbered after those that are there: a file of an earlier run, which
   * may have a torn tail, is never appended to.
   */
  static open(_options: WalOptions): WalWriter {
    throw new Error("not built yet");
  }

  /** Bytes committed in this run, over all files, headers included. */
  get size(): number {
    throw new Error("not built yet");
  }

  /** Bytes of the group that waits for `commit`. The caller bounds it. */
  get pendingSize(): number {
    throw new Error("not built yet");
  }

  /** Why nothing can be written any more; null while all is well. */
  get failure(): Error | null {
    throw new Error("not built yet");
  }

  /**
   * Adds a series definition to the group. A series is defined before its first row. After a failed commit a
   * slot may be defined again: the later definition holds from there on.
   *
   * @param identity 16 bytes; borrowed, as is `key`
   */
  appendDefinition(_slot: number, _identity: Uint8Array, _key: Uint8Array): void {
    throw new Error("not built yet");
  }

  /**
   * Adds rows to the group: 12 bytes each when all share a timestamp, 16 otherwise (20 when they are over
   * 49 days apart).
   *
   * @param rowCount rows in use; the columns may be longer; borrowed
   */
  appendRows(
    _rowCount: number,
    _slots: Uint32Array,
    _timestampsMs: Float64Array,
    _values: Float64Array,
  ): void {
    throw new Error("not built yet");
  }

  /**
   * Writes the group with one write. When it returns, the rows survive the death of the process.
   *
   * @throws {OverloadError} nothing of the group is written; trying again helps unless `failure` is set
   */
  commit(): void {
    throw new Error("not built yet");
  }

  /**
   * Puts on the disk all that was committed before the call. Calls may overlap; each settles for its own state.
   *
   * @throws {OverloadError} when the disk failed; `failure` is set
   */
  sync(): Promise<void> {
    throw new Error("not built yet");
  }

  /** `sync`, waited for: for -storage.walSync=always. */
  syncNow(): void {
    throw new Error("not built yet");
  }

  /** Syncs nothing: call `sync` before for what must last. */
  close(): void {
    throw new Error("not built yet");
  }
}

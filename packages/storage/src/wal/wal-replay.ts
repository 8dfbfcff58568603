/**
 * Reads the write-ahead log of one generation back. Damage costs the records it touches and no more: replay
 * goes on at the next frame and reports what it left out. Format: docs/formats/wal.md.
 */
import type { Disk } from "@tideline/common";
import type { LaneRange } from "../lane-range.ts";

/** Called in the order of the log. All arguments are borrowed for the call. */
export interface WalHandlers {
  definition(slot: number, identity: Uint8Array, key: Uint8Array): void;
  /** The columns hold exactly `rowCount` rows. Slots that damage left undefined may occur: count and skip them. */
  rows(
    rowCount: number,
    slots: Uint32Array,
    timestampsMs: Float64Array,
    values: Float64Array,
  ): void;
}

export interface WalDamage {
  readonly file: string;
  readonly offset: number;
  readonly reason: string;
}

export interface WalReport {
  readonly fileCount: number;
  /** Records handed out, and records of kinds this version does not know, which are left out. */
  readonly recordCount: number;
  readonly unknownRecordCount: number;
  readonly definitionCount: number;
  readonly rowCount: number;
  /** Range of the lane that wrote the generation; null when no header could be read. */
  readonly laneRange: LaneRange | null;
  readonly damage: readonly WalDamage[];
  /** Bytes at the ends of files that no whole record was written to: a crash in the middle of a write. */
  readonly tornTailSize: number;
}

/**
 * Replays the files of a generation's folder in order.
 *
 * @throws {CorruptionError} only when a file was written by a newer version of the format
 */
export function replayWal(_disk: Disk, _folder: string, _handlers: WalHandlers): WalReport {
  throw new Error("not built yet");
}

/**
 * Writes one part: series in part order, each cut into blocks, streamed to a file under a temporary
 * name, which gets its own name once all of it is on the disk. Format: docs/formats/part.md.
 *
 * Memory: buffers of fixed size, and per series 16 bytes of identity and about a byte per label (postings).
 */
import type { Disk } from "@tideline/common";
import type { LaneRange } from "../lane-range.ts";

export interface PartOptions {
  readonly disk: Disk;
  /** The lane's `parts` folder; must exist. */
  readonly folder: string;
  /** File name inside the folder, see `flushPartName`. A part of that name is replaced. */
  readonly name: string;
  readonly laneRange: LaneRange;
  /** Head generation whose samples it holds (the newest one, for merged parts). */
  readonly generation: number;
  /** Names of parts in the folder that this one stands for: dropped once it is there. */
  readonly replaces?: readonly string[];
}

/** One series with all its samples. Borrowed for the call. */
export interface PartSeries {
  readonly key: Uint8Array;
  /** 16 bytes. */
  readonly identity: Uint8Array;
  /** Strictly ascending integers; length ≥ 1. */
  readonly timestampsMs: Float64Array;
  /** As many as timestamps; sample bits. */
  readonly values: Float64Array;
}

export interface PartSummary {
  readonly path: string;
  readonly size: number;
  readonly seriesCount: number;
  readonly sampleCount: number;
  readonly blockCount: number;
  readonly timestampBlockCount: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export class PartWriter {
  static create(_options: PartOptions): PartWriter {
    throw new Error("not built yet");
  }

  /**
   * Adds a series. Series come in part order (`partOrderKey`), each once.
   *
   * @throws {OverloadError} the disk is full or failed: call `abort`
   */
  addSeries(_series: PartSeries): void {
    throw new Error("not built yet");
  }

  /**
   * Writes index and footer, syncs, renames, syncs the folder. When it settles the part survives a power cut and
   * what it was made from may be deleted. At least one series was added.
   *
   * @throws {OverloadError} the disk is full or failed; the temporary file is gone
   */
  finish(): Promise<PartSummary> {
    throw new Error("not built yet");
  }

  /** Gives up and removes the temporary file. */
  abort(): void {
    throw new Error("not built yet");
  }
}

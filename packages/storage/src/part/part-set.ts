/**
 * The parts of one lane's folder: what is there at start, what is added by flushes, what leaves by
 * retention, replacement or damage.
 */
import type { Disk } from "@tideline/common";
import type { PageCache } from "./page-cache.ts";
import type { PartReader } from "./part-reader.ts";

/** The structural logger of the house. */
export interface PartLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface PartSetOptions {
  readonly disk: Disk;
  /** A lane's `parts` folder. */
  readonly folder: string;
  /** Where damaged parts are moved, e.g. `<lane>/quarantine`; made when needed. */
  readonly quarantineFolder: string;
  readonly cache: PageCache;
  readonly log: PartLog;
  /**
   * Whether this lane is the one writer of the folder (law 4). Others, which read it after the lane count changed, change
   * nothing in it: they leave out what is damaged or replaced.
   */
  readonly isOwner: boolean;
}

export interface DamagedPart {
  readonly name: string;
  readonly reason: string;
  /** Where it was moved; null when it was left in place. */
  readonly movedTo: string | null;
}

/** Parts that stay open, whatever leaves the set, until `release`. */
export interface PartLease {
  /** Ascending by minMs. */
  readonly parts: readonly PartReader[];
  release(): void;
}

export class PartSet {
  /** Scans the folder (made when missing): temporary files and replaced parts go, damaged ones are set aside. */
  static open(_options: PartSetOptions): PartSet {
    throw new Error("not built yet");
  }

  /** Open parts, ascending by minMs; for work that does not wait. Work that does takes a lease. */
  get parts(): readonly PartReader[] {
    throw new Error("not built yet");
  }

  /** Parts set aside since the start: what queries must report as missing. */
  get damaged(): readonly DamagedPart[] {
    throw new Error("not built yet");
  }

  lease(): PartLease {
    throw new Error("not built yet");
  }

  /** Takes in a part that PartWriter finished in the folder, and drops those it replaces. */
  add(_name: string): PartReader {
    throw new Error("not built yet");
  }

  /** Deletes parts whose newest sample is older than `ms`. @returns their names */
  dropBefore(_ms: number): string[] {
    throw new Error("not built yet");
  }

  /** Moves a part that proved damaged out of the way and reports it. A part that left already is fine. */
  setAside(_part: PartReader, _cause: unknown): void {
    throw new Error("not built yet");
  }

  close(): void {
    throw new Error("not built yet");
  }
}

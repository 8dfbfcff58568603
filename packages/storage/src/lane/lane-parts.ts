/**
 * The parts that a lane reads: those of its own folder, and, once the lane count has changed, of the folders
 * of other lanes as far as they hold series of its range.
 */
import { join } from "node:path";
import { must, type Disk } from "@tideline/common";
import { CutMarks } from "@tideline/kernels";
import type { Ordinals } from "../index/label-index.ts";
import { diskError } from "../disk-error.ts";
import { rangesMeet, type LaneRange } from "../lane-range.ts";
import type { Log } from "../options.ts";
import { PageCache } from "../part/page-cache.ts";
import type { PartReader } from "../part/part-reader.ts";
import { TEMPORARY_SUFFIX } from "../part/part-name.ts";
import { PartSet, type DamagedPart } from "../part/part-set.ts";
import { newestMergeUsed } from "./part-generations.ts";

export interface LanePartsOptions {
  readonly disk: Disk;
  readonly dataPath: string;
  readonly laneRange: LaneRange;
  /** Numbers of all lane folders to read: the lane's own, or more after a change of the lane count. */
  readonly folders: readonly number[];
  readonly cacheSize: number;
  readonly log: Log;
}

/** Of the memory for caches: room for 16,384 blocks at most. */
const MARKS_SIZE_MAX = 2 * 1024 * 1024;
const MARKS_SIZE_MIN = 1024;

/** Folder of a lane by its number. */
export function laneFolder(dataPath: string, lane: number): string {
  return join(dataPath, `lane-${String(lane).padStart(2, "0")}`);
}

/** A lane folder that this lane writes to. */
export interface OwnedFolder {
  /** Of the parts. */
  readonly path: string;
  readonly parts: readonly PartReader[];
  /** See PartSet. */
  readonly lingering: readonly string[];
  /** A number that no file of a merge in the folder has had. */
  nextMergeNumber(): number;
  /** Puts the results of a merge in the place of its inputs. */
  replace(inputs: readonly string[], names: readonly string[]): void;
  setAside(part: PartReader, cause: unknown): void;
  /** Removes what a merge that failed has left of its outputs, in the order in which it makes them. */
  removeUnfinished(names: readonly string[]): void;
}

/**
 * Finished or not: the inputs have all of it. The last one first, and for good: where it alone were left it would replace the inputs at
 * the next start. What the disk keeps is taken in then.
 */
function removeOutputs(disk: Disk, folder: string, names: readonly string[]): void {
  try {
    for (const name of names.toReversed()) {
      for (const path of [join(folder, name), join(folder, name + TEMPORARY_SUFFIX)]) {
        if (disk.kindOf(path) === null) continue;
        disk.unlink(path);
        disk.syncFolder(folder);
      }
    }
  } catch (cause) {
    diskError("TIDELINE_PART_DISK", `Cannot remove what a merge has left in ${folder}`, cause);
  }
}

/** A part, and which of its series are this lane's: null = all. */
export interface LanePart {
  readonly part: PartReader;
  readonly ordinals: () => Ordinals | null;
}

export interface LanePartsLease {
  readonly parts: readonly LanePart[];
  release(): void;
}

export class LaneParts {
  readonly #options: LanePartsOptions;
  /** By folder; the lane's own first. */
  readonly #sets = new Map<number, PartSet>();
  readonly #cache: PageCache;
  /** Where cuts of the parts' blocks began. */
  readonly marks: CutMarks;
  /** Asked once per part. */
  readonly #ordinals = new WeakMap<PartReader, Ordinals | null>();
  /** By folder: the newest number given to a file of a merge. */
  readonly #mergeNumbers = new Map<number, number>();
  droppedCount = 0;

  constructor(options: LanePartsOptions) {
    this.#options = options;
    const marksSize = Math.min(MARKS_SIZE_MAX, Math.max(MARKS_SIZE_MIN, options.cacheSize / 16));
    this.marks = new CutMarks(marksSize);
    this.#cache = new PageCache(Math.max(0, options.cacheSize - marksSize));
    const own = options.laneRange.index;
    for (const folder of new Set([own, ...options.folders])) {
      this.#sets.set(folder, this.#open(folder));
    }
  }

  /** Parts that this lane reads. */
  get parts(): readonly PartReader[] {
    return this.#all.flatMap((set) => set.parts.filter((part) => this.#isMet(part)));
  }

  /** Parts set aside since the start: their data is missing from every answer. */
  get damaged(): readonly DamagedPart[] {
    return this.#all.flatMap((set) => set.damaged);
  }

  /** The newest generation that a part of the lane's own folder is of; -1 when there is none. */
  get newestGeneration(): number {
    return this.#own.parts.reduce((newest, part) => Math.max(newest, part.facts.generation), -1);
  }

  /** The newest delete that a part comes after; 0 = none. */
  get newestDelete(): number {
    return this.parts.reduce((newest, part) => Math.max(newest, part.facts.deletesDone), 0);
  }

  /** Time of the newest sample in any part; -Infinity when there is none. */
  get maxMs(): number {
    return this.parts.reduce((newest, part) => Math.max(newest, part.facts.maxMs), -Infinity);
  }

  /** The folders that this lane is the one writer of. */
  get owned(): OwnedFolder[] {
    const owned: OwnedFolder[] = [];
    for (const [folder, set] of this.#sets) {
      if (!this.#isOwner(folder)) continue;
      const path = laneFolder(this.#options.dataPath, folder);
      owned.push({
        path: join(path, "parts"),
        parts: set.parts,
        lingering: set.lingering,
        nextMergeNumber: () => this.#nextMergeNumber(folder, path),
        replace: (inputs, names) => {
          set.replace(inputs, names);
        },
        setAside: (part, cause) => {
          set.setAside(part, cause);
        },
        removeUnfinished: (names) => {
          removeOutputs(this.#options.disk, join(path, "parts"), names);
        },
      });
    }
    return owned;
  }

  #nextMergeNumber(folder: number, path: string): number {
    const newest = this.#mergeNumbers.get(folder) ?? newestMergeUsed(this.#options.disk, path);
    this.#mergeNumbers.set(folder, newest + 1);
    return newest + 1;
  }

  /** The parts that meet a time range, ascending by minMs; they stay open until `release`. */
  lease(startMs: number, endMs: number): LanePartsLease {
    const leases = this.#all.map((set) => set.lease());
    const parts = leases
      .flatMap((lease) => lease.parts)
      .filter(({ facts }) => facts.minMs <= endMs && facts.maxMs >= startMs)
      .filter((part) => this.#isMet(part))
      .toSorted((a, b) => a.facts.minMs - b.facts.minMs)
      .map((part) => ({ part, ordinals: () => this.#ordinalsOf(part) }));
    return {
      parts,
      release: () => {
        for (const lease of leases) lease.release();
      },
    };
  }

  /** Numbers of the folders that this lane alone writes to. */
  get ownedFolders(): number[] {
    return [...this.#sets.keys()].filter((folder) => this.#isOwner(folder));
  }

  /** Takes in a part that was written to the lane's own folder. */
  add(name: string): void {
    this.#own.add(name);
  }

  /**
   * Drops the parts whose newest sample is older than `ms`, in the folders that this lane owns.
   *
   * @returns the names of the parts that are gone
   */
  dropBefore(ms: number): string[] {
    const names: string[] = [];
    for (const [folder, set] of this.#sets) {
      if (this.#isOwner(folder)) {
        names.push(...set.dropBefore(ms));
      }
    }
    this.droppedCount += names.length;
    return names;
  }

  /** Looks anew into the folders of other lanes, whose owners merge and drop what is there. */
  refresh(): void {
    for (const [folder, set] of this.#sets) {
      if (this.#isOwner(folder) || !set.isStale()) continue;
      this.#sets.set(folder, this.#open(folder));
      set.close();
    }
  }

  /** Moves a part that proved damaged out of the way. */
  setAside(part: PartReader, cause: unknown): void {
    this.#all.find((set) => set.parts.includes(part))?.setAside(part, cause);
  }

  close(): void {
    for (const set of this.#all) set.close();
  }

  get #own(): PartSet {
    return must(this.#sets.get(this.#options.laneRange.index), "a lane has a folder of its own");
  }

  get #all(): PartSet[] {
    return [...this.#sets.values()];
  }

  /** A folder of more lanes than there are now belongs to one of those that are. */
  #isOwner(folder: number): boolean {
    const { index, count } = this.#options.laneRange;
    return folder % count === index;
  }

  #open(folder: number): PartSet {
    const { disk, dataPath, log } = this.#options;
    const path = laneFolder(dataPath, folder);
    return PartSet.open({
      disk,
      folder: join(path, "parts"),
      quarantineFolder: join(path, "quarantine"),
      cache: this.#cache,
      log,
      isOwner: this.#isOwner(folder),
    });
  }

  #isMet(part: PartReader): boolean {
    return rangesMeet(part.facts.laneRange, this.#options.laneRange);
  }

  #ordinalsOf(part: PartReader): Ordinals | null {
    let ordinals = this.#ordinals.get(part);
    if (ordinals === undefined) {
      ordinals = part.ordinalsIn(this.#options.laneRange);
      this.#ordinals.set(part, ordinals);
    }
    return ordinals;
  }
}

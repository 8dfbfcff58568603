/**
 * The parts of one lane's folder: what is there at start, what is added by flushes, what leaves by
 * retention, replacement or damage. A part that left stays open until the last lease on it ends: its file has no
 * name any more, which readers do not notice.
 */
import { join } from "node:path";
import { errorCode, makeFolders, type Disk } from "@tideline/common";
import { CorruptionError } from "@tideline/model";
import { listAside, moveAside } from "../quarantine.ts";
import type { PageCache } from "./page-cache.ts";
import { PART_SUFFIX, TEMPORARY_SUFFIX } from "./part-name.ts";
import { PartReader } from "./part-reader.ts";

/** The structural logger of the house. */
interface PartLog {
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

interface Member {
  readonly name: string;
  readonly reader: PartReader;
  leaseCount: number;
  hasLeft: boolean;
}

export class PartSet {
  readonly #options: PartSetOptions;
  #members: Member[] = [];
  readonly #damaged: DamagedPart[] = [];
  /** Names of replaced parts that the disk did not delete. */
  #lingering: string[] = [];

  private constructor(options: PartSetOptions) {
    this.#options = options;
  }

  /**
   * Scans the folder (made when missing by its owner): temporary files and replaced parts go, damaged ones are set aside.
   * What was set aside earlier is still missing.
   *
   * @throws the Disk's error when the folder or a sound part cannot be opened (too many open files, no rights)
   */
  static open(options: PartSetOptions): PartSet {
    const { disk, folder, isOwner } = options;
    const set = new PartSet(options);
    if (isOwner) {
      makeFolders(disk, folder);
      set.#reportAside();
    }
    if (disk.kindOf(folder) === null) return set;
    try {
      for (const name of disk.list(folder)) set.#scan(name);
    } catch (error) {
      set.close();
      throw error;
    }
    set.#sort();
    set.#dropReplaced(set.#members);
    return set;
  }

  /** Open parts, ascending by minMs; for work that does not wait. Work that does takes a lease. */
  get parts(): readonly PartReader[] {
    return this.#members.map(({ reader }) => reader);
  }

  /** What was set aside, now or in an earlier run, and is still there: queries must report it as missing. */
  get damaged(): readonly DamagedPart[] {
    return this.#damaged;
  }

  /**
   * Parts whose files are there although others stand for them: what replaces those must name them, too, or the next start would take
   * them in again.
   */
  get lingering(): readonly string[] {
    return this.#lingering;
  }

  lease(): PartLease {
    const members = this.#members.slice();
    for (const member of members) member.leaseCount += 1;
    let isHeld = true;
    return {
      parts: members.map(({ reader }) => reader),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        for (const member of members) {
          member.leaseCount -= 1;
          closeIfUnused(member);
        }
      },
    };
  }

  /**
   * Takes in a part that PartWriter finished in the folder, and drops those it replaces.
   *
   * @throws {CorruptionError} what was just written is not what is read
   */
  add(name: string): PartReader {
    const { disk, folder, cache } = this.#options;
    const reader = PartReader.open(disk, join(folder, name), cache);
    // A part of that name that was flushed before has lost its name to this one.
    this.#leave(this.#members.filter((member) => member.name === name));
    const member = { name, reader, leaseCount: 0, hasLeft: false };
    this.#members.push(member);
    this.#sort();
    this.#dropReplaced([member]);
    return reader;
  }

  /**
   * Takes in what a merge made of parts of the folder, the one that replaces them last. Whoever looks in between two calls sees
   * all old parts or all new ones. Only for the owner.
   *
   * @param names finished by PartWriter; none when nothing was left
   */
  replace(inputs: readonly string[], names: readonly string[]): void {
    for (const name of names) this.add(name);
    const left = this.#members.filter(({ name }) => inputs.includes(name));
    this.#leave(this.#delete(left, "dropped a part of which nothing was left"));
  }

  /** Deletes parts whose newest sample is older than `ms`. Only for the owner. @returns their names */
  dropBefore(ms: number): string[] {
    this.#lingering = this.#lingering.filter((name) => !this.#unlink(name));
    const old = this.#members.filter(({ reader }) => reader.facts.maxMs < ms);
    const gone = this.#delete(old, "dropped a part outside retention");
    this.#leave(gone);
    return gone.map(({ name }) => name);
  }

  /** Moves a part that proved damaged out of the way and reports it. A part that left already is fine. */
  setAside(part: PartReader, cause: unknown): void {
    const member = this.#members.find(({ reader }) => reader === part);
    if (!member) return;
    this.#leave([member]);
    this.#quarantine(member.name, cause);
  }

  /** Whether the folder has other parts now than those that are open, replaced or damaged ones apart. */
  isStale(): boolean {
    const { disk, folder } = this.#options;
    if (disk.kindOf(folder) === null) return this.#members.length > 0;
    const names = disk.list(folder).filter((name) => name.endsWith(PART_SUFFIX));
    const known = new Set([...this.#members, ...this.#damaged].map(({ name }) => name));
    return (
      names.some((name) => !known.has(name)) ||
      this.#members.some(({ name }) => !names.includes(name))
    );
  }

  close(): void {
    this.#leave(this.#members);
  }

  #scan(name: string): void {
    const { disk, folder, cache, isOwner, log } = this.#options;
    const path = join(folder, name);
    if (name.endsWith(TEMPORARY_SUFFIX) && isOwner) {
      disk.unlink(path);
      log.info({ path }, "removed an unfinished part");
    }
    if (!name.endsWith(PART_SUFFIX)) return;
    try {
      const reader = PartReader.open(disk, path, cache);
      this.#members.push({ name, reader, leaseCount: 0, hasLeft: false });
    } catch (error) {
      // Its owner may take a part away while others look.
      if (!isOwner && errorCode(error) === "ENOENT") return;
      if (!(error instanceof CorruptionError) && errorCode(error) !== "EIO") throw error;
      this.#quarantine(name, error);
    }
  }

  #quarantine(name: string, cause: unknown): void {
    const { folder, isOwner, log } = this.#options;
    const path = join(folder, name);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const movedTo = isOwner ? this.#moveAside(path) : null;
    this.#damaged.push({ name, reason, movedTo });
    log.error({ path, movedTo, reason }, "a part is damaged and was set aside");
  }

  /** Null when the disk that damaged it does not let it be moved either: it is left out where it lies. */
  #moveAside(path: string): string | null {
    const { disk, quarantineFolder, log } = this.#options;
    try {
      return moveAside(disk, path, quarantineFolder);
    } catch (error) {
      if (errorCode(error) === null) throw error;
      log.error({ err: error, path }, "cannot move a damaged part");
      return null;
    }
  }

  #reportAside(): void {
    const { disk, quarantineFolder, log } = this.#options;
    for (const name of listAside(disk, quarantineFolder)) {
      const movedTo = join(quarantineFolder, name);
      this.#damaged.push({
        name,
        reason: `it was damaged and lies in ${quarantineFolder}`,
        movedTo,
      });
      log.warn({ path: movedTo }, "data was set aside in an earlier run: answers are without it");
    }
  }

  /** Drops the parts that `by` stand for. */
  #dropReplaced(by: readonly Member[]): void {
    const names = new Set(by.flatMap(({ reader }) => reader.facts.replaces));
    const replaced = this.#members.filter(({ name }) => names.has(name));
    if (this.#options.isOwner) {
      const gone = this.#delete(replaced, "dropped a part that was replaced");
      const left = replaced.filter((member) => !gone.includes(member));
      this.#lingering.push(...left.map(({ name }) => name));
    }
    this.#leave(replaced);
  }

  /** Deletes their files. @returns those that are gone; what the disk does not delete now stays for the next time */
  #delete(members: readonly Member[], message: string): Member[] {
    if (members.length === 0) return [];
    const { disk, folder, log } = this.#options;
    const gone = members.filter(({ name, reader }) => {
      const { minMs, maxMs, sampleCount } = reader.facts;
      const isGone = this.#unlink(name);
      if (isGone) log.info({ path: reader.path, minMs, maxMs, sampleCount }, message);
      return isGone;
    });
    this.#trying("sync the folder of parts", () => {
      disk.syncFolder(folder);
    });
    return gone;
  }

  #unlink(name: string): boolean {
    const { disk, folder } = this.#options;
    return this.#trying("delete a part", () => {
      disk.unlink(join(folder, name));
    });
  }

  /** @returns false when the disk fails, which is logged; a file that is not there is as good as deleted */
  #trying(what: string, action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      if (code === "ENOENT") return true;
      this.#options.log.error({ err: error, folder: this.#options.folder }, `cannot ${what}`);
      return false;
    }
  }

  #leave(members: readonly Member[]): void {
    const leaving = new Set(members);
    this.#members = this.#members.filter((member) => !leaving.has(member));
    for (const member of leaving) {
      member.hasLeft = true;
      closeIfUnused(member);
    }
  }

  #sort(): void {
    this.#members.sort(
      (a, b) => a.reader.facts.minMs - b.reader.facts.minMs || (a.name < b.name ? -1 : 1),
    );
  }
}

function closeIfUnused(member: Member): void {
  if (member.hasLeft && member.leaseCount === 0) member.reader.close();
}

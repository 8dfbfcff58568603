/**
 * Snapshots of a data folder: `snapshots/<name>/`, each a whole data folder of hard links to closed files. What every lane
 * has acknowledged is flushed to parts first, so a snapshot has no log. Page: docs/formats/data-folder.md.
 *
 * A snapshot gets its name at the end, and loses it first when it is deleted: what a crash leaves of one has another name
 * and is removed at the next start.
 */
import { join } from "node:path";
import { errorCode, makeFolders, removeTree, type Clock, type Disk } from "@tideline/common";
import { InputError, OverloadError } from "@tideline/model";
import { deletesFolder } from "../deletes/delete-log.ts";
import { diskError } from "../disk-error.ts";
import { linkTree } from "../lane/link-parts.ts";

const CODE = "TIDELINE_SNAPSHOT";
const UNFINISHED_SUFFIX = ".tmp";
const NAME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)-[0-9A-F]{16}$/;

interface SnapshotLane {
  /** Flushes, then links its parts into `target`, a data folder. */
  snapshot(target: string): Promise<void>;
}

interface SnapshotsOptions {
  readonly disk: Disk;
  readonly dataPath: string;
  /** Files of the data folder itself that belong to it, by their names; never changed in place. */
  readonly fileNames: readonly string[];
  readonly lanes: readonly SnapshotLane[];
  readonly clock: Pick<Clock, "nowMs">;
  /** Runs work that no delete may change under. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
}

export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #folder: string;
  /** Part of the next name: later snapshots sort behind earlier ones. */
  #next: bigint;

  /** Removes what an earlier run has left unfinished. */
  constructor(options: SnapshotsOptions) {
    this.#options = options;
    this.#folder = join(options.dataPath, "snapshots");
    this.#next = BigInt(Math.floor(options.clock.nowMs())) * 1_000_000n;
    this.#removeUnfinished();
  }

  /**
   * Makes a snapshot of all that was acknowledged before the call.
   *
   * @returns its name
   * @throws {OverloadError} the disk is full or failed; nothing is left of it
   */
  create(): Promise<string> {
    return this.#options.alone(() => this.#create());
  }

  /** Names, in the order in which they were made. */
  list(): string[] {
    const { disk } = this.#options;
    if (disk.kindOf(this.#folder) === null) return [];
    return disk.list(this.#folder).filter((name) => NAME.test(name));
  }

  /** @throws {InputError} there is none of that name; {OverloadError} the disk failed */
  delete(name: string): void {
    if (!this.list().includes(name)) {
      throw new InputError(CODE, `cannot find snapshot ${JSON.stringify(name)}`, { status: 404 });
    }
    this.#remove(name);
  }

  deleteAll(): void {
    for (const name of this.list()) this.#remove(name);
  }

  /** @returns the names of those that were made before `ms` and are deleted now */
  deleteBefore(ms: number): string[] {
    const old = this.list().filter((name) => createdMs(name) < ms);
    for (const name of old) this.#remove(name);
    return old;
  }

  async #create(): Promise<string> {
    const { disk, dataPath, fileNames, lanes, clock } = this.#options;
    this.#next += 1n;
    const name = snapshotName(clock.nowMs(), this.#next);
    const path = join(this.#folder, name);
    const unfinished = path + UNFINISHED_SUFFIX;
    try {
      makeFolders(disk, unfinished);
      const results = await Promise.allSettled(lanes.map((lane) => lane.snapshot(unfinished)));
      for (const result of results) if (result.status === "rejected") throw result.reason;
      linkTree(disk, deletesFolder(dataPath), deletesFolder(unfinished), (file) =>
        /^\d+$/.test(file),
      );
      for (const file of fileNames) disk.link(join(dataPath, file), join(unfinished, file));
      disk.syncFolder(unfinished);
      disk.rename(unfinished, path);
      disk.syncFolder(this.#folder);
      return name;
    } catch (cause) {
      this.#removeQuietly(unfinished);
      throw diskError(CODE, `Cannot make snapshot ${path}`, cause);
    }
  }

  #remove(name: string): void {
    const { disk } = this.#options;
    const path = join(this.#folder, name);
    try {
      disk.rename(path, path + UNFINISHED_SUFFIX);
      disk.syncFolder(this.#folder);
      removeTree(disk, path + UNFINISHED_SUFFIX);
    } catch (cause) {
      throw diskError(CODE, `Cannot delete snapshot ${path}`, cause);
    }
  }

  #removeUnfinished(): void {
    const { disk } = this.#options;
    if (disk.kindOf(this.#folder) === null) return;
    for (const name of disk.list(this.#folder)) {
      if (name.endsWith(UNFINISHED_SUFFIX)) this.#removeQuietly(join(this.#folder, name));
    }
  }

  /** What the disk keeps is removed at a later start. */
  #removeQuietly(path: string): void {
    try {
      removeTree(this.#options.disk, path);
    } catch (error) {
      if (errorCode(error) === null && !(error instanceof OverloadError)) throw error;
    }
  }
}

/** As VictoriaMetrics names them: UTC, then 16 hex digits. */
function snapshotName(nowMs: number, index: bigint): string {
  const time = new Date(nowMs).toISOString().replaceAll(/\D/g, "").slice(0, 14);
  return `${time}-${index.toString(16).toUpperCase().padStart(16, "0")}`;
}

function createdMs(name: string): number {
  const [, year, month, day, hour, minute, second] = NAME.exec(name) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

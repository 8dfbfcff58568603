/**
 * The disk as one process has it: when the process dies, whatever it still tries fails. It also knows where the last
 * writes to a file began, and it can lie, so that tests see the simulation find out.
 */
import type { Disk, DiskFile, OpenMode } from "@tideline/common";
import { DiskCrash, type FakeDisk } from "@tideline/common/testing";

/** What a lying disk says it did: synced a file, synced a folder, written all of the bytes. */
export type Lie = "sync" | "syncFolder" | "append";

export class ProcessDisk implements Disk {
  readonly #disk: FakeDisk;
  readonly #lie: Lie | null;
  #isAlive = true;
  readonly #forks: ProcessDisk[] = [];
  /** By path: where each of its writes began. */
  readonly #appends = new Map<string, number[]>();

  constructor(disk: FakeDisk, lie: Lie | null) {
    this.#disk = disk;
    this.#lie = lie;
  }

  kill(): void {
    this.#isAlive = false;
    for (const fork of this.#forks) fork.kill();
  }

  /** The disk as a thread of the process has it, which may be ended before the process. */
  fork(): ProcessDisk {
    const fork = new ProcessDisk(this.#disk, this.#lie);
    this.#forks.push(fork);
    return fork;
  }

  /** Files that this process wrote to, and the end of what lies before their last two writes. */
  get writtenFiles(): ReadonlyMap<string, number> {
    return new Map([...this.#appends].map(([path, starts]) => [path, starts.at(-2) ?? 0]));
  }

  open(path: string, mode: OpenMode): DiskFile {
    const file = this.#alive.open(path, mode);
    return {
      path: file.path,
      size: () => this.#whileAlive(() => file.size()),
      append: (bytes) => this.#whileAlive(() => this.#append(file, bytes)),
      read: (target, offset) => this.#whileAlive(() => file.read(target, offset)),
      truncate: (size) => {
        this.#whileAlive(() => {
          file.truncate(size);
          const starts = this.#appends.get(file.path) ?? [];
          this.#appends.set(
            file.path,
            starts.filter((start) => start < size),
          );
        });
      },
      sync: () => {
        this.#whileAlive(() => {
          if (this.#lie !== "sync") file.sync();
        });
      },
      syncAsync: () =>
        this.#whileAlive(async () => (this.#lie === "sync" ? undefined : file.syncAsync())),
      close: () => {
        file.close();
      },
    };
  }

  sizeOf(path: string): number {
    return this.#alive.sizeOf(path);
  }

  kindOf(path: string): "file" | "folder" | null {
    return this.#alive.kindOf(path);
  }

  list(path: string): string[] {
    return this.#alive.list(path);
  }

  mkdir(path: string): void {
    this.#alive.mkdir(path);
  }

  rmdir(path: string): void {
    this.#alive.rmdir(path);
  }

  rename(from: string, to: string): void {
    this.#alive.rename(from, to);
  }

  unlink(path: string): void {
    this.#alive.unlink(path);
  }

  link(existing: string, path: string): void {
    this.#alive.link(existing, path);
  }

  syncFolder(path: string): void {
    if (this.#lie !== "syncFolder") this.#alive.syncFolder(path);
  }

  async syncFolderAsync(path: string): Promise<void> {
    if (this.#lie !== "syncFolder") await this.#alive.syncFolderAsync(path);
  }

  freeSize(path: string): number {
    return this.#alive.freeSize(path);
  }

  get #alive(): FakeDisk {
    if (!this.#isAlive) throw new DiskCrash("the process is gone");
    return this.#disk;
  }

  #whileAlive<T>(action: () => T): T {
    if (!this.#isAlive) throw new DiskCrash("the process is gone");
    return action();
  }

  #append(file: DiskFile, bytes: Uint8Array): number {
    const start = file.size();
    this.#appends.set(file.path, [...(this.#appends.get(file.path) ?? []), start]);
    if (this.#lie !== "append" || bytes.length < 2) return file.append(bytes);
    file.append(bytes.subarray(0, bytes.length - 1));
    return bytes.length;
  }
}

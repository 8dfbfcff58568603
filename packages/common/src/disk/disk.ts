/**
 * The port to the disk, so that tests own it: NodeDisk over node:fs, FakeDisk in memory with crashes and
 * faults. Synchronous where a lane (a worker thread of its own) waits anyway; only syncing, which takes
 * milliseconds, can also run beside the thread.
 *
 * Errors carry errno names as `code`, as Node's do: ENOENT, EEXIST, ENOSPC, EIO, …. Nothing is retried here.
 */

/**
 * How a file is opened: `read`: must exist; `create`: must not exist, written at its end only;
 * `append`: must exist, written at its end only. All of them can be read.
 */
export type OpenMode = "read" | "create" | "append";

/** An open file. Whoever opened it closes it. */
export interface DiskFile {
  readonly path: string;
  /** Size in bytes, as the file system has it now. */
  size(): number;
  /**
   * One write at the end of the file.
   *
   * @returns bytes written: fewer than given when the disk is full, without an error. The caller checks.
   */
  append(bytes: Uint8Array): number;
  /**
   * One read at `offset` into `target` (pread).
   *
   * @returns bytes read; fewer than `target` holds only at the end of the file
   */
  read(target: Uint8Array, offset: number): number;
  /** Cuts the file to `size` bytes. */
  truncate(size: number): void;
  /** fdatasync: what was written before is on the disk when it returns. Never retry a failed one. */
  sync(): void;
  /** `sync` on a thread of its own. */
  syncAsync(): Promise<void>;
  close(): void;
}

export interface Disk {
  open(path: string, mode: OpenMode): DiskFile;
  /** Size of a file in bytes. */
  sizeOf(path: string): number;
  kindOf(path: string): "file" | "folder" | null;
  /** Names in a folder, sorted. */
  list(path: string): string[];
  /** Makes one folder whose parent exists; see makeFolders for more. */
  mkdir(path: string): void;
  /** Removes an empty folder. */
  rmdir(path: string): void;
  /** Replaces `to` when it is there. Lasts when the folders of both are synced. */
  rename(from: string, to: string): void;
  unlink(path: string): void;
  /** A second name for a file. */
  link(existing: string, path: string): void;
  /** fsync of a folder: names made, moved and removed in it before last. */
  syncFolder(path: string): void;
  syncFolderAsync(path: string): Promise<void>;
  /** Bytes that may still be written to the file system of `path`. */
  freeSize(path: string): number;
}

/** The errno name of an error of a Disk (ENOENT, ENOSPC, EIO, …), or null. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

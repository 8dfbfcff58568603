/** The machine's own disk, over node:fs. A pread of 64 KiB costs 7 µs when cached (feasibility, chapter 6). */
import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import type { Disk, DiskFile, OpenMode } from "./disk.ts";

const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  create: constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL,
  append: constants.O_RDWR | constants.O_APPEND,
};

const fdatasyncAsync = promisify(fdatasync);
const fsyncAsync = promisify(fsync);

class NodeFile implements DiskFile {
  readonly path: string;
  readonly #descriptor: number;

  constructor(path: string, mode: OpenMode) {
    this.path = path;
    this.#descriptor = openSync(path, FLAGS[mode], 0o644);
  }

  size(): number {
    return fstatSync(this.#descriptor).size;
  }

  append(bytes: Uint8Array): number {
    return writeSync(this.#descriptor, bytes, 0, bytes.length);
  }

  /** The kernel may return less than was asked for anywhere, so it is asked until the file ends. */
  read(target: Uint8Array, offset: number): number {
    let size = 0;
    while (size < target.length) {
      const count = readSync(this.#descriptor, target, size, target.length - size, offset + size);
      if (count === 0) break;
      size += count;
    }
    return size;
  }

  truncate(size: number): void {
    ftruncateSync(this.#descriptor, size);
  }

  sync(): void {
    fdatasyncSync(this.#descriptor);
  }

  syncAsync(): Promise<void> {
    return fdatasyncAsync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

export class NodeDisk implements Disk {
  open(path: string, mode: OpenMode): DiskFile {
    return new NodeFile(path, mode);
  }

  sizeOf(path: string): number {
    return statSync(path).size;
  }

  kindOf(path: string): "file" | "folder" | null {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return null;
    return stat.isDirectory() ? "folder" : "file";
  }

  list(path: string): string[] {
    return readdirSync(path).toSorted();
  }

  mkdir(path: string): void {
    mkdirSync(path);
  }

  rmdir(path: string): void {
    rmdirSync(path);
  }

  rename(from: string, to: string): void {
    renameSync(from, to);
  }

  unlink(path: string): void {
    unlinkSync(path);
  }

  link(existing: string, path: string): void {
    linkSync(existing, path);
  }

  syncFolder(path: string): void {
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  async syncFolderAsync(path: string): Promise<void> {
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      await fsyncAsync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  freeSize(path: string): number {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  }
}

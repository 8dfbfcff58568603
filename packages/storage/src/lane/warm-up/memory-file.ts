/** One file in memory: as much of a disk as it takes to write a part and to read it. */
import { assert, must, type Disk, type DiskFile } from "@tideline/common";

export class MemoryFile implements Pick<
  Disk,
  "kindOf" | "open" | "rename" | "syncFolderAsync" | "unlink"
> {
  #bytes = new Uint8Array(0);
  #path: string | null = null;

  kindOf(path: string): "file" | null {
    return path === this.#path ? "file" : null;
  }

  open(path: string, mode: "read" | "create" | "append"): DiskFile {
    if (mode === "create") this.#path = path;
    assert(this.#path === path, "there is one file");
    return {
      path,
      size: () => this.#bytes.length,
      append: (bytes) => {
        this.#bytes = new Uint8Array(Buffer.concat([this.#bytes, bytes]));
        return bytes.length;
      },
      read: (target, offset) => {
        const bytes = this.#bytes.subarray(offset, offset + target.length);
        target.set(bytes);
        return bytes.length;
      },
      truncate: (size) => {
        this.#bytes = this.#bytes.subarray(0, size);
      },
      sync: () => undefined,
      syncAsync: () => Promise.resolve(),
      close: () => undefined,
    };
  }

  rename(from: string, to: string): void {
    must(this.kindOf(from), "the file is there");
    this.#path = to;
  }

  unlink(path: string): void {
    must(this.kindOf(path), "the file is there");
    this.#path = null;
    this.#bytes = new Uint8Array(0);
  }

  syncFolderAsync(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * A disk in memory that can crash. It keeps apart what is written and what is on the platter: writes last
 * when their file was synced, names when their folder was. Faults are put in by tests, one by one.
 *
 * A process crash (`restart`) loses nothing that was written. A power cut (`afterPowerCut`) loses any part of what
 * was not synced: whole writes, sectors in the middle, names, in any combination that the random numbers choose.
 */
import { dirname, basename, normalize } from "node:path/posix";
import type { Disk, DiskFile, OpenMode } from "../disk/disk.ts";
import {
  applyEdits,
  FakeFileNode,
  FakeFolderNode,
  type FakeNode,
  type NameEdit,
} from "./fake-disk-nodes.ts";
import type { Random } from "./random.ts";

/** Operations that can fail; all but `read` change something and are counted. */
export type DiskOperation =
  | "read"
  | "create"
  | "append"
  | "truncate"
  | "sync"
  | "mkdir"
  | "rmdir"
  | "rename"
  | "unlink"
  | "link"
  | "syncFolder";

export interface DiskFault {
  readonly operation: DiskOperation;
  /** errno name to throw; without it an append is short and says so by its count alone. */
  readonly code?: string;
  /** Bytes of a failing append that are written all the same. Default 0. */
  readonly writtenSize?: number;
  /** Only paths that include this text. */
  readonly path?: string;
  /** How many matching operations pass before it strikes. Default 0. */
  readonly skip?: number;
}

/** Thrown by every operation from a planned crash on, until `restart`. */
export class DiskCrash extends Error {
  override readonly name = "DiskCrash";
}

class FakeDiskError extends Error {
  override readonly name = "FakeDiskError";
  readonly code: string;

  constructor(code: string, operation: string, path: string) {
    super(`${code}: ${operation} '${path}'`);
    this.code = code;
  }
}

export interface FakeDiskOptions {
  /** Bytes that fit; further writes are short, then ENOSPC. Default: no limit. */
  readonly capacitySize?: number;
  /** What a sync beside the thread waits for before it is done. Default: nothing. */
  readonly pause?: () => Promise<void>;
}

export class FakeDisk implements Disk {
  capacitySize: number;
  /** Changing operations so far: a first run counts them, later runs crash at each. */
  operationCount = 0;
  /** Faults that struck so far, and writes that found the disk full. */
  struckCount = 0;
  readonly #pause: () => Promise<void>;
  #root: FakeFolderNode;
  #pending: NameEdit[][] = [];
  #faults: { fault: DiskFault; skip: number }[] = [];
  #crashAt = Infinity;
  #tornSize = 0;
  #bootCount = 0;

  constructor(options: FakeDiskOptions = {}, root = new FakeFolderNode()) {
    this.capacitySize = options.capacitySize ?? Infinity;
    this.#pause = options.pause ?? (async () => undefined);
    this.#root = root;
  }

  /** Adds a fault; each strikes once, in the order they were added. */
  inject(fault: DiskFault): void {
    this.#faults.push({ fault, skip: fault.skip ?? 0 });
  }

  /** Crashes instead of changing operation `index`, counted from 0 and from now; an append writes `tornSize` bytes first. */
  crashAt(index: number, tornSize = 0): void {
    this.#crashAt = this.operationCount + index;
    this.#tornSize = tornSize;
  }

  /** Whether the planned crash has struck. */
  get isCrashed(): boolean {
    return this.operationCount > this.#crashAt;
  }

  /** Takes back all faults and limits that are still to come; a planned crash stays. */
  heal(): void {
    this.#faults = [];
    this.capacitySize = Infinity;
  }

  /** The process died and starts anew: open files are gone, all that was written is there. */
  restart(): void {
    this.#crashAt = Infinity;
    this.#faults = [];
    this.#bootCount += 1;
  }

  /** Another disk, as a power cut would leave this one; this one stays as it is. */
  afterPowerCut(random: Random): FakeDisk {
    const namesByFolder = new Map<FakeFolderNode, Map<string, FakeNode>>();
    const namesOf = (folder: FakeFolderNode): Map<string, FakeNode> => {
      const names = namesByFolder.get(folder) ?? new Map(folder.durableNames);
      namesByFolder.set(folder, names);
      return names;
    };
    for (const edits of this.#pending) if (random.chance(0.5)) applyEdits(edits, namesOf);
    const copies = new Map<FakeNode, FakeNode>();
    const copy = (node: FakeNode): FakeNode => {
      const known = copies.get(node);
      if (known) return known;
      if (node.kind === "file") {
        const file = node.afterPowerCut(random);
        copies.set(node, file);
        return file;
      }
      const names = new Map<string, FakeNode>();
      for (const [name, child] of namesOf(node)) names.set(name, copy(child));
      return new FakeFolderNode(names);
    };
    return new FakeDisk(
      { capacitySize: this.capacitySize, pause: this.#pause },
      copy(this.#root) as FakeFolderNode,
    );
  }

  /** A file's content now, as a copy. */
  readFile(path: string): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#file(path, "read").content);
  }

  /** Puts a synced file there, or in the place of another. Not counted as an operation. */
  writeFile(path: string, bytes: Uint8Array): void {
    const folder = this.#folder(dirname(normalize(path)), "write");
    const node = new FakeFileNode(bytes);
    folder.names.set(basename(path), node);
    folder.durableNames.set(basename(path), node);
  }

  flipBit(path: string, bitIndex: number): void {
    this.#file(path, "flip").flipBit(bitIndex);
  }

  open(path: string, mode: OpenMode): DiskFile {
    this.#check();
    if (mode === "create") {
      const { folder, name } = this.#parent(path, "create");
      if (folder.names.has(name)) throw new FakeDiskError("EEXIST", "create", path);
      this.#operation("create", path);
      this.#edit([{ folder, name, node: new FakeFileNode() }]);
    }
    const node = this.#file(path, "open");
    return this.#handle(path, node, mode !== "read");
  }

  sizeOf(path: string): number {
    this.#check();
    return this.#file(path, "stat").content.length;
  }

  kindOf(path: string): "file" | "folder" | null {
    this.#check();
    return this.#find(path)?.kind ?? null;
  }

  list(path: string): string[] {
    this.#check();
    return [...this.#folder(path, "list").names.keys()].toSorted();
  }

  mkdir(path: string): void {
    this.#check();
    const { folder, name } = this.#parent(path, "mkdir");
    if (folder.names.has(name)) throw new FakeDiskError("EEXIST", "mkdir", path);
    this.#operation("mkdir", path);
    this.#edit([{ folder, name, node: new FakeFolderNode() }]);
  }

  rmdir(path: string): void {
    this.#check();
    if (this.#folder(path, "rmdir").names.size > 0)
      throw new FakeDiskError("ENOTEMPTY", "rmdir", path);
    this.#operation("rmdir", path);
    this.#edit([{ ...this.#parent(path, "rmdir"), node: null }]);
  }

  rename(from: string, to: string): void {
    this.#check();
    const node = this.#find(from);
    if (!node) throw new FakeDiskError("ENOENT", "rename", from);
    const target = this.#parent(to, "rename");
    const taken = target.folder.names.get(target.name);
    if (taken && taken.kind !== node.kind) throw new FakeDiskError("EEXIST", "rename", to);
    this.#operation("rename", from);
    this.#edit([
      { ...this.#parent(from, "rename"), node: null },
      { ...target, node },
    ]);
  }

  unlink(path: string): void {
    this.#check();
    this.#file(path, "unlink");
    this.#operation("unlink", path);
    this.#edit([{ ...this.#parent(path, "unlink"), node: null }]);
  }

  link(existing: string, path: string): void {
    this.#check();
    const node = this.#file(existing, "link");
    const target = this.#parent(path, "link");
    if (target.folder.names.has(target.name)) throw new FakeDiskError("EEXIST", "link", path);
    this.#operation("link", path);
    this.#edit([{ ...target, node }]);
  }

  syncFolder(path: string): void {
    this.#check();
    const folder = this.#folder(path, "syncFolder");
    this.#operation("syncFolder", path);
    const isOfFolder = (edits: NameEdit[]): boolean => edits.some((edit) => edit.folder === folder);
    for (const edits of this.#pending)
      if (isOfFolder(edits)) applyEdits(edits, ({ durableNames }) => durableNames);
    this.#pending = this.#pending.filter((edits) => !isOfFolder(edits));
  }

  async syncFolderAsync(path: string): Promise<void> {
    await this.#pause();
    this.syncFolder(path);
  }

  freeSize(_path: string): number {
    return this.capacitySize - this.#usedSize();
  }

  #handle(path: string, node: FakeFileNode, isWritable: boolean): DiskFile {
    const bootCount = this.#bootCount;
    let isOpen = true;
    const check = (operation: string, needsWrite: boolean): void => {
      this.#check();
      if (!isOpen || bootCount !== this.#bootCount || (needsWrite && !isWritable))
        throw new FakeDiskError("EBADF", operation, path);
    };
    return {
      path,
      size: () => {
        check("size", false);
        return node.content.length;
      },
      append: (bytes) => {
        check("append", true);
        return this.#append(path, node, bytes);
      },
      read: (target, offset) => {
        check("read", false);
        const fault = this.#strike("read", path);
        if (fault) throw new FakeDiskError(fault.code ?? "EIO", "read", path);
        const bytes = node.content.subarray(offset, offset + target.length);
        target.set(bytes);
        return bytes.length;
      },
      truncate: (size) => {
        check("truncate", true);
        this.#operation("truncate", path);
        node.truncate(size);
      },
      sync: () => {
        check("sync", false);
        this.#sync(path, node);
      },
      syncAsync: async () => {
        check("sync", false);
        const begun = node.beginSync();
        await this.#pause();
        check("sync", false);
        this.#sync(path, node, begun);
      },
      close: () => {
        if (!isOpen) throw new FakeDiskError("EBADF", "close", path);
        isOpen = false;
      },
    };
  }

  #append(path: string, node: FakeFileNode, bytes: Uint8Array): number {
    if (this.operationCount === this.#crashAt) node.append(bytes.subarray(0, this.#tornSize));
    const fault = this.#begin("append", path);
    if (fault) {
      const size = Math.min(fault.writtenSize ?? 0, bytes.length);
      node.append(bytes.subarray(0, size));
      if (fault.code !== undefined) throw new FakeDiskError(fault.code, "append", path);
      return size;
    }
    const freeSize = Number.isFinite(this.capacitySize) ? this.freeSize(path) : Infinity;
    const size = Math.min(bytes.length, Math.max(0, freeSize));
    if (size < bytes.length) this.struckCount += 1;
    if (size === 0 && bytes.length > 0) throw new FakeDiskError("ENOSPC", "append", path);
    node.append(bytes.subarray(0, size));
    return size;
  }

  #sync(path: string, node: FakeFileNode, begun = node.beginSync()): void {
    const fault = this.#begin("sync", path);
    if (!fault) {
      node.sync(begun);
      return;
    }
    node.failSync();
    throw new FakeDiskError(fault.code ?? "EIO", "sync", path);
  }

  #check(): void {
    if (this.isCrashed) throw new DiskCrash("the process is dead");
  }

  /** Counts an operation; crashes or gives back the fault that strikes it. */
  #begin(operation: DiskOperation, path: string): DiskFault | null {
    const index = this.operationCount;
    this.operationCount += 1;
    if (index >= this.#crashAt) throw new DiskCrash(`crash at ${operation} of ${path}`);
    return this.#strike(operation, path);
  }

  /** The fault that is due at an operation. */
  #strike(operation: DiskOperation, path: string): DiskFault | null {
    for (const [at, entry] of this.#faults.entries()) {
      const { fault } = entry;
      if (fault.operation !== operation || !path.includes(fault.path ?? "")) continue;
      if (entry.skip === 0) {
        this.#faults.splice(at, 1);
        this.struckCount += 1;
        return fault;
      }
      entry.skip -= 1;
    }
    return null;
  }

  /** An operation that fails as a whole. */
  #operation(operation: DiskOperation, path: string): void {
    const fault = this.#begin(operation, path);
    if (fault) throw new FakeDiskError(fault.code ?? "EIO", operation, path);
  }

  #edit(edits: NameEdit[]): void {
    applyEdits(edits, ({ names }) => names);
    this.#pending.push(edits);
  }

  #usedSize(node: FakeNode = this.#root): number {
    if (node.kind === "file") return node.content.length;
    let size = 0;
    for (const child of node.names.values()) size += this.#usedSize(child);
    return size;
  }

  #find(path: string): FakeNode | undefined {
    let node: FakeNode | undefined = this.#root;
    for (const name of normalize(path).split("/")) {
      if (name === "" || name === ".") continue;
      node = node?.kind === "folder" ? node.names.get(name) : undefined;
    }
    return node;
  }

  #file(path: string, operation: string): FakeFileNode {
    const node = this.#find(path);
    if (!node) throw new FakeDiskError("ENOENT", operation, path);
    if (node.kind === "folder") throw new FakeDiskError("EISDIR", operation, path);
    return node;
  }

  #folder(path: string, operation: string): FakeFolderNode {
    const node = this.#find(path);
    if (!node) throw new FakeDiskError("ENOENT", operation, path);
    if (node.kind === "file") throw new FakeDiskError("ENOTDIR", operation, path);
    return node;
  }

  #parent(path: string, operation: string): { folder: FakeFolderNode; name: string } {
    const clean = normalize(path);
    return { folder: this.#folder(dirname(clean), operation), name: basename(clean) };
  }
}

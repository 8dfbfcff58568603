/** Folders that last: made and removed with the syncs that a power cut asks for. */
import { dirname, join } from "node:path";
import type { Disk } from "./disk.ts";

/** Makes a folder and those above it that are missing; each one is synced into its parent. */
export function makeFolders(disk: Disk, path: string): void {
  if (disk.kindOf(path) === "folder") return;
  const parent = dirname(path);
  if (parent !== path) makeFolders(disk, parent);
  disk.mkdir(path);
  disk.syncFolder(parent);
}

/** Removes a file, or a folder with all it holds; a path that is not there is fine. Syncs nothing. */
export function removeTree(disk: Disk, path: string): void {
  const kind = disk.kindOf(path);
  if (kind === null) return;
  if (kind === "file") {
    disk.unlink(path);
    return;
  }
  for (const name of disk.list(path)) removeTree(disk, join(path, name));
  disk.rmdir(path);
}

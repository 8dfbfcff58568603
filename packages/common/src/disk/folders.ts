/** Folders that last: made and removed with the syncs that a power cut asks for. */
import { dirname, join } from "node:path";
import { errorCode, type Disk } from "./disk.ts";

/** Makes a folder and those above it that are missing; each one is synced into its parent. */
export function makeFolders(disk: Disk, path: string): void {
  const parent = dirname(path);
  if (disk.kindOf(path) === "folder") {
    if (parent !== path) syncName(disk, parent);
    return;
  }
  if (parent !== path) makeFolders(disk, parent);
  disk.mkdir(path);
  disk.syncFolder(parent);
}

/** A folder that is there may come from a run that died before its name would survive a power cut. */
function syncName(disk: Disk, parent: string): void {
  try {
    disk.syncFolder(parent);
  } catch (error) {
    // What we cannot open we have not made folders in.
    const code = errorCode(error);
    if (code !== "EACCES" && code !== "EPERM") throw error;
  }
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

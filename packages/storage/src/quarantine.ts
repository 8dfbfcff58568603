/**
 * Where damaged files of a lane are set aside: out of the way, never deleted, and reported as missing until somebody has
 * looked at them and taken them away.
 */
import { basename, dirname, join } from "node:path";
import { makeFolders, type Disk } from "@tideline/common";

/**
 * Moves a file or folder into the quarantine folder, which is made when missing; what was set aside before stays.
 *
 * @returns where it is now
 * @throws the Disk's error: then it is where it was
 */
export function moveAside(
  disk: Disk,
  path: string,
  quarantineFolder: string,
  name = basename(path),
): string {
  makeFolders(disk, quarantineFolder);
  const target = freePath(disk, join(quarantineFolder, name));
  disk.rename(path, target);
  disk.syncFolder(dirname(path));
  disk.syncFolder(quarantineFolder);
  return target;
}

/** Names of what was set aside and is still there. */
export function listAside(disk: Disk, quarantineFolder: string): string[] {
  return disk.kindOf(quarantineFolder) === null ? [] : disk.list(quarantineFolder);
}

/** `path`, or `path` with a number behind it when that is taken. */
function freePath(disk: Disk, path: string): string {
  for (let number = 0; ; number += 1) {
    const candidate = number === 0 ? path : `${path}.${number}`;
    if (disk.kindOf(candidate) === null) return candidate;
  }
}

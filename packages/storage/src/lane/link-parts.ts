/**
 * A lane's share of a snapshot: second names for its closed files. Everything linked here is immutable; what the lane writes
 * or deletes afterwards does not change it.
 */
import { join } from "node:path";
import { makeFolders, type Disk } from "@tideline/common";
import { diskError } from "../disk-error.ts";
import { PART_SUFFIX } from "../part/part-name.ts";
import { laneFolder } from "./lane-parts.ts";

export interface LinkPartsOptions {
  readonly disk: Disk;
  readonly dataPath: string;
  /** The data folder that is being made. */
  readonly target: string;
  /** Numbers of the lane folders to link. */
  readonly folders: readonly number[];
}

/**
 * Links parts, and what was set aside (it is still missing, and answers say so). When it returns the links survive a power
 * cut. Runs without a wait: no part leaves in between.
 *
 * @throws {OverloadError} the disk is full or failed
 */
export function linkParts({ disk, dataPath, target, folders }: LinkPartsOptions): void {
  for (const number of folders) {
    const from = laneFolder(dataPath, number);
    const to = laneFolder(target, number);
    try {
      makeFolders(disk, join(to, "parts"));
      linkTree(disk, join(from, "parts"), join(to, "parts"), (name) => name.endsWith(PART_SUFFIX));
      linkTree(disk, join(from, "quarantine"), join(to, "quarantine"), () => true);
    } catch (cause) {
      throw diskError("TIDELINE_SNAPSHOT", `Cannot link ${from} to ${to}`, cause);
    }
  }
}

/** Links the files of a folder and of those below it; a folder that is not there is fine. */
export function linkTree(
  disk: Disk,
  from: string,
  to: string,
  isWanted: (name: string) => boolean,
): void {
  if (disk.kindOf(from) === null) return;
  makeFolders(disk, to);
  for (const name of disk.list(from)) {
    const path = join(from, name);
    if (disk.kindOf(path) === "folder") linkTree(disk, path, join(to, name), isWanted);
    else if (isWanted(name)) disk.link(path, join(to, name));
  }
  disk.syncFolder(to);
}

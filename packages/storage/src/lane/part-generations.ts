/**
 * Which generation numbers a lane's folder has seen: a number is never used twice, or a flush would replace
 * another generation's part.
 */
import { join } from "node:path";
import type { Disk } from "@tideline/common";
import { parsePartName } from "../part/part-name.ts";

const SUBFOLDERS = ["parts", "quarantine"];

/** The number of the newest file that a merge was to write there, damaged ones included; 0 when there is none. */
export function newestMergeUsed(disk: Disk, laneFolder: string): number {
  let newest = 0;
  for (const name of namesIn(disk, laneFolder))
    newest = Math.max(newest, parsePartName(name)?.mergeNumber ?? 0);
  return newest;
}

/** The newest generation that a part in the folder is named after, damaged ones included; -1 when there is none. */
export function newestGenerationUsed(disk: Disk, laneFolder: string): number {
  let newest = -1;
  for (const name of namesIn(disk, laneFolder)) {
    const digits = /^g(\d+)/.exec(name)?.[1];
    if (digits !== undefined) newest = Math.max(newest, Number(digits));
  }
  return newest;
}

function* namesIn(disk: Disk, laneFolder: string): Generator<string> {
  for (const subfolder of SUBFOLDERS) {
    const path = join(laneFolder, subfolder);
    if (disk.kindOf(path) === "folder") yield* disk.list(path);
  }
}

/**
 * Which generation numbers a lane's folder has seen: a number is never used twice, or a flush would replace
 * another generation's part.
 */
import { join } from "node:path";
import type { Disk } from "@tideline/common";

const SUBFOLDERS = ["parts", "quarantine"];

/** The newest generation that a part in the folder is named after, damaged ones included; -1 when there is none. */
export function newestGenerationUsed(disk: Disk, laneFolder: string): number {
  let newest = -1;
  for (const subfolder of SUBFOLDERS) {
    const path = join(laneFolder, subfolder);
    if (disk.kindOf(path) !== "folder") continue;
    for (const name of disk.list(path)) {
      const digits = /^g(\d+)/.exec(name)?.[1];
      if (digits !== undefined) newest = Math.max(newest, Number(digits));
    }
  }
  return newest;
}

/** The folders of a lane's head generations: `<lane>/wal/g000012`. */
import { join } from "node:path";
import { removeTree, type Disk } from "@tideline/common";
import { generationName, generationOf } from "./format.ts";

/** A folder with this ending is on its way out: its renaming was the deletion. */
const DELETED_SUFFIX = ".deleted";

/** @param walFolder the lane's `wal` folder */
export function generationFolder(walFolder: string, generation: number): string {
  return join(walFolder, generationName(generation));
}

/**
 * Numbers of the generations that have a folder, ascending; finishes deletions that a crash cut short.
 *
 * @param walFolder may be missing
 */
export function listGenerations(disk: Disk, walFolder: string): number[] {
  if (disk.kindOf(walFolder) === null) return [];
  const generations: number[] = [];
  for (const name of disk.list(walFolder)) {
    if (name.endsWith(DELETED_SUFFIX)) removeTree(disk, join(walFolder, name));
    const generation = generationOf(name);
    if (generation !== null) generations.push(generation);
  }
  return generations.toSorted((a, b) => a - b);
}

/**
 * Deletes a generation's files: to be called once its part is synced. All or nothing, also across a
 * crash: the folder is renamed first. A generation that is not there is fine.
 */
export function deleteGeneration(disk: Disk, walFolder: string, generation: number): void {
  const folder = generationFolder(walFolder, generation);
  if (disk.kindOf(folder) === null) return;
  const deleted = `${folder}${DELETED_SUFFIX}`;
  removeTree(disk, deleted);
  disk.rename(folder, deleted);
  disk.syncFolder(walFolder);
  removeTree(disk, deleted);
}

/** The folders of a lane's head generations: `<lane>/wal/g000012`. */
import type { Disk } from "@tideline/common";

/** @param walFolder the lane's `wal` folder */
export function generationFolder(_walFolder: string, _generation: number): string {
  throw new Error("not built yet");
}

/** Numbers of the generations that have a folder, ascending; finishes deletions that a crash cut short. */
export function listGenerations(_disk: Disk, _walFolder: string): number[] {
  throw new Error("not built yet");
}

/**
 * Deletes a generation's files: to be called once its part is synced. All or nothing, also across a
 * crash. A generation that is not there is fine.
 */
export function deleteGeneration(_disk: Disk, _walFolder: string, _generation: number): void {
  throw new Error("not built yet");
}

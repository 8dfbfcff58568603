/**
 * Starts the lanes of a data directory, whatever number of them wrote it. With another number than before the heads of
 * the old lanes are flushed to parts first; from then on lanes look into each other's folders.
 *
 * A lane is whatever `startLane` makes: a thread behind rings in a storage, the lane itself in the simulation.
 */
import type { Disk } from "@tideline/common";
import type { Log } from "../options.ts";
import { listLaneFolders, readLayout, writeLayout } from "./data-folder.ts";

/** Where a lane works. */
export interface LanePlace {
  readonly lane: number;
  readonly laneCount: number;
  /** Lane folders that may hold parts with series of this lane. */
  readonly folders: readonly number[];
  /** It is of an earlier number of lanes, and starts to be flushed and closed: no series are counted, no parts merged. */
  readonly isRetiring: boolean;
}

interface StartedLane {
  /** @param retire flushes first and leaves no log behind */
  close(retire?: boolean): Promise<void>;
}

export interface StartLanesOptions<T extends StartedLane> {
  readonly disk: Disk;
  readonly dataPath: string;
  readonly laneCount: number;
  readonly log: Log;
  readonly startLane: (place: LanePlace) => Promise<T>;
}

/**
 * Brings a directory to the lane count that is asked for.
 *
 * @returns whether parts of another lane count may be there
 * @throws {InputError} the directory is of an unknown version; and what `startLane` throws
 */
export async function settleLayout<T extends StartedLane>({
  disk,
  dataPath,
  laneCount,
  log,
  startLane,
}: StartLanesOptions<T>): Promise<boolean> {
  const layout = readLayout(disk, dataPath);
  if (layout?.laneCount === laneCount) return layout.mixed;
  if (!layout) {
    writeLayout(disk, dataPath, { laneCount, mixed: false });
    return false;
  }
  log.info({ from: layout.laneCount, to: laneCount }, "changing the number of lanes");
  const folders = layout.mixed ? listLaneFolders(disk, dataPath) : null;
  // One after another: old lanes may be many more than the memory is meant for.
  for (let lane = 0; lane < layout.laneCount; lane += 1) {
    const old = await startLane({
      lane,
      laneCount: layout.laneCount,
      folders: folders ?? [lane],
      isRetiring: true,
    });
    await old.close(true);
  }
  writeLayout(disk, dataPath, { laneCount, mixed: true });
  return true;
}

/**
 * All at once, or one by one where they look into each other's folders.
 *
 * @param mixed as `settleLayout` said
 * @throws what `startLane` throws: then no lane runs
 */
export async function startLanes<T extends StartedLane>(
  { disk, dataPath, laneCount, startLane }: StartLanesOptions<T>,
  mixed: boolean,
): Promise<T[]> {
  const folders = mixed ? listLaneFolders(disk, dataPath) : null;
  const starts: Promise<T>[] = [];
  for (let lane = 0; lane < laneCount; lane += 1) {
    const start = startLane({
      lane,
      laneCount,
      folders: folders ?? [lane],
      isRetiring: false,
    });
    starts.push(start);
    if (folders) await Promise.allSettled([start]);
  }
  const results = await Promise.allSettled(starts);
  const failed = results.find((result) => result.status === "rejected");
  const lanes = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  if (!failed) return lanes;
  await Promise.allSettled(lanes.map((lane) => lane.close()));
  throw failed.reason;
}

/**
 * The start of a lane's head: logs of generations → memtables.
 *
 * A crash in the middle of a flush leaves two generations. All but the newest are written to their parts
 * (again, under the same name) before the lane opens; so is the newest one if its log cannot go on, since
 * damage has shifted its slots, or it cannot be synced, or could not in an earlier run. A damaged log is set aside afterwards: what it has lost is missing.
 *
 * On a full disk the generation before the newest one stays as it was before the start: frozen, to be flushed when there is
 * room. So a lane that filled its disk starts again, and can be read.
 */
import { basename, join } from "node:path";
import { errorCode, type Disk } from "@tideline/common";
import { CorruptionError, OverloadError, wordsOf } from "@tideline/model";
import { HeadDelete } from "../deletes/head-delete.ts";
import { Memtable, NO_SLOT } from "../head/memtable.ts";
import type { LaneRange } from "../lane-range.ts";
import type { Log } from "../options.ts";
import { flushPartName } from "../part/part-name.ts";
import { moveAside } from "../quarantine.ts";
import { deleteGeneration, generationFolder, listGenerations } from "../wal/generations.ts";
import { UNSYNCED_MARK } from "../wal/format.ts";
import { replayWal } from "../wal/wal-replay.ts";
import { flushMemtable } from "./flush.ts";
import type { FrozenHead, HeadsStart } from "./heads.ts";

export interface ReplayOptions {
  readonly disk: Disk;
  readonly walFolder: string;
  readonly partsFolder: string;
  readonly quarantineFolder: string;
  readonly laneRange: LaneRange;
  /** Number of the newest delete that is known. */
  readonly newestDelete: number;
  readonly log: Log;
}

/**
 * Replays the lane's logs.
 *
 * @returns the newest generation, to be gone on with; null when there is none
 * @throws {CorruptionError} a log of another lane range, or of a newer version
 * @throws {OverloadError} the disk has no room for a part that must be written now
 */
export async function replayHeads(options: ReplayOptions): Promise<HeadsStart | null> {
  const generations = listGenerations(options.disk, options.walFolder);
  const newest = generations.at(-1);
  let frozen: FrozenHead | null = null;
  for (const generation of generations) {
    const { memtable, deletesDone, shifted, damaged } = replayGeneration(options, generation);
    const head = { generation, memtable, deletesDone, walSize: sizeOfLog(options, generation) };
    if (generation === newest && !shifted && syncLog(options, generation)) {
      return { ...head, frozen };
    }
    try {
      await flushReplayed(options, head, damaged);
    } catch (error) {
      const canWait = error instanceof OverloadError && generation + 1 === newest && !damaged;
      if (!canWait || !removePart(options, generation)) throw error;
      options.log.error({ err: error, generation }, "cannot flush a replayed head: it waits");
      syncLog(options, generation);
      frozen = head;
    }
  }
  // The newest one had to be flushed, and there was room: its number is used up, so the one before cannot wait.
  if (frozen) await flushReplayed(options, frozen, false);
  return null;
}

/** Writes a generation to its part; then its log goes, or is set aside. @throws {OverloadError} */
async function flushReplayed(
  options: ReplayOptions,
  { generation, memtable, deletesDone }: FrozenHead,
  damaged: boolean,
): Promise<void> {
  const { disk, walFolder, partsFolder, laneRange } = options;
  const part = { disk, folder: partsFolder, laneRange, generation, deletesDone };
  await flushMemtable(memtable, part);
  if (damaged) setLogAside(options, generation);
  else deleteGeneration(disk, walFolder, generation);
}

/**
 * What was replayed may never have been synced, and new rows will rely on its definitions: it is synced now.
 *
 * @returns false when the disk cannot, or could not in an earlier run: then the generation is flushed from memory
 */
function syncLog({ disk, walFolder, log }: ReplayOptions, generation: number): boolean {
  const folder = generationFolder(walFolder, generation);
  if (disk.kindOf(join(folder, UNSYNCED_MARK)) !== null) {
    log.error({ folder }, "a sync of this write-ahead log has failed: its head is flushed");
    return false;
  }
  try {
    for (const name of disk.list(folder)) {
      const file = disk.open(join(folder, name), "append");
      try {
        file.sync();
      } finally {
        file.close();
      }
    }
    disk.syncFolder(folder);
    disk.syncFolder(walFolder);
    return true;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    log.error({ err: error, folder }, "cannot sync a replayed write-ahead log");
    return false;
  }
}

/**
 * A flush that failed at its last step, here or in the run before, leaves a part under its name, which the next flush of the
 * generation writes again: until then nobody may find it, merge it, or drop it by name. Its log has all of it.
 *
 * @returns false when the disk does not let it go
 */
function removePart({ disk, partsFolder, log }: ReplayOptions, generation: number): boolean {
  const path = join(partsFolder, flushPartName(generation));
  try {
    if (disk.kindOf(path) === null) return true;
    disk.unlink(path);
    return true;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    log.error({ err: error, path }, "cannot remove the part of a head that waits");
    return false;
  }
}

/** What could be read of it is in a part. */
function setLogAside(
  { disk, walFolder, quarantineFolder, log }: ReplayOptions,
  generation: number,
): void {
  const folder = generationFolder(walFolder, generation);
  try {
    moveAside(disk, folder, quarantineFolder, `${basename(folder)}.wal`);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    // The next start replays it and writes the same part again.
    log.error({ err: error, folder }, "cannot move a damaged write-ahead log");
  }
}

function sizeOfLog({ disk, walFolder }: ReplayOptions, generation: number): number {
  const folder = generationFolder(walFolder, generation);
  return disk.list(folder).reduce((size, name) => size + disk.sizeOf(join(folder, name)), 0);
}

function replayGeneration(
  { disk, walFolder, laneRange, newestDelete, log }: ReplayOptions,
  generation: number,
): { memtable: Memtable; deletesDone: number; shifted: boolean; damaged: boolean } {
  const memtable = new Memtable();
  const folder = generationFolder(walFolder, generation);
  /** Slot in the log → slot here; the same unless definitions were lost. */
  let slots = new Uint32Array(1024).fill(NO_SLOT);
  let shifted = false;
  let lostRowCount = 0;
  let translated = new Uint32Array(1024);
  const report = replayWal(disk, folder, {
    definition(slot, identity, key) {
      const known = memtable.register(identity, 0, key);
      if (known !== slot) shifted = true;
      if (slot >= slots.length) slots = grown(slots, slot + 1);
      slots[slot] = typeof known === "number" ? known : NO_SLOT;
    },
    series(record) {
      const { firstSlot, seriesCount } = record;
      if (firstSlot + seriesCount > slots.length) slots = grown(slots, firstSlot + seriesCount);
      const known = slots.subarray(firstSlot, firstSlot + seriesCount);
      memtable.registerAll(record, known);
      for (let i = 0; i < seriesCount; i += 1) if (known[i] !== firstSlot + i) shifted = true;
    },
    rows(rowCount, rowSlots, timestampsMs, values) {
      if (rowCount > translated.length) translated = new Uint32Array(rowCount * 2);
      for (let row = 0; row < rowCount; row += 1) {
        const slot = slots[rowSlots[row] as number] ?? NO_SLOT;
        translated[row] = slot;
        if (slot === NO_SLOT) lostRowCount += 1;
      }
      memtable.append(translated, timestampsMs, wordsOf(values), rowCount);
    },
    remove(request) {
      new HeadDelete(memtable, request).apply();
    },
  });
  const { damage, rowCount, definitionCount, fileCount, tornTailSize } = report;
  if (report.laneRange && rowCount > 0 && !isSame(report.laneRange, laneRange)) {
    throw new CorruptionError(
      "TIDELINE_WAL_RANGE",
      `Cannot replay ${folder}: it was written by lane ${report.laneRange.index} of ${report.laneRange.count}, this is lane ${laneRange.index} of ${laneRange.count}`,
    );
  }
  const damaged = damage.length > 0 || lostRowCount > 0;
  if (damaged) {
    log.error({ folder, damage: damage.slice(0, 10), lostRowCount }, "write-ahead log is damaged");
  }
  log.info(
    { folder, fileCount, rowCount, definitionCount, tornTailSize },
    "replayed write-ahead log",
  );
  // Where neither a header nor a delete is left, nothing tells: reviving is better than losing what was written.
  const deletesDone = report.deletesDone ?? newestDelete;
  return { memtable, deletesDone, shifted: shifted || damaged, damaged };
}

function isSame(a: LaneRange, b: LaneRange): boolean {
  return a.index === b.index && a.count === b.count;
}

function grown(slots: Uint32Array, needed: number): Uint32Array<ArrayBuffer> {
  const copy = new Uint32Array(Math.max(needed, slots.length * 2));
  copy.set(slots);
  copy.fill(NO_SLOT, slots.length);
  return copy;
}

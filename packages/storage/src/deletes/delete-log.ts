/**
 * The delete log of a data folder: `deletes/00000005`, one immutable file per delete. The front writes it, lanes read
 * it. A delete holds once its file has its name and the folder is synced. Format: docs/formats/delete-log.md.
 */
import { join } from "node:path";
import { errorCode, makeFolders, type Disk } from "@tideline/common";
import { CorruptionError } from "@tideline/model";
import { diskError } from "../disk-error.ts";
import { decodeDeleteRecord, encodeDeleteRecord, type DeleteRecord } from "./delete-record.ts";

const CODE = "TIDELINE_DELETE_LOG";
const TEMPORARY_SUFFIX = ".tmp";

export interface DeleteLog {
  /** Ascending by number. */
  readonly records: readonly DeleteRecord[];
  /** What cannot be read: what it deleted may be back, which answers must say. */
  readonly damaged: readonly { readonly where: string; readonly reason: string }[];
  /** Also of one that is damaged; 0 = none. */
  readonly newestNumber: number;
}

export function deletesFolder(dataPath: string): string {
  return join(dataPath, "deletes");
}

function deletePath(dataPath: string, number: number): string {
  return join(deletesFolder(dataPath), String(number).padStart(8, "0"));
}

/** @throws the Disk's error when the folder cannot be read; a missing one is an empty log */
export function readDeleteLog(disk: Disk, dataPath: string): DeleteLog {
  const folder = deletesFolder(dataPath);
  const records: DeleteRecord[] = [];
  const damaged: { where: string; reason: string }[] = [];
  let newestNumber = 0;
  if (disk.kindOf(folder) === null) return { records, damaged, newestNumber };
  for (const name of disk.list(folder)) {
    if (!/^\d{8,10}$/.test(name)) continue;
    const number = Number(name);
    newestNumber = Math.max(newestNumber, number);
    try {
      records.push(readDelete(disk, dataPath, number));
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      damaged.push({ where: join(folder, name), reason: error.message });
    }
  }
  records.sort((a, b) => a.number - b.number);
  return { records, damaged, newestNumber };
}

/** @throws {CorruptionError} its bytes are not what was written, or cannot be read */
export function readDelete(disk: Disk, dataPath: string, number: number): DeleteRecord {
  const path = deletePath(dataPath, number);
  try {
    const record = decodeDeleteRecord(readWhole(disk, path));
    if (record.number === number) return record;
    throw new RangeError(`it is delete ${record.number}`);
  } catch (cause) {
    const isOurs = !(cause instanceof RangeError || cause instanceof CorruptionError);
    if (isOurs && errorCode(cause) !== "EIO") throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot read ${path}: ${reason}: what it deleted may be in answers again`;
    throw new CorruptionError(CODE, message, { cause });
  }
}

/**
 * Writes a delete; when it settles it survives a power cut. Numbers are given out once.
 *
 * @throws {OverloadError} the disk is full or failed
 * @throws {InputError} more selectors than a delete may have
 */
export async function writeDelete(
  disk: Disk,
  dataPath: string,
  record: DeleteRecord,
): Promise<void> {
  const bytes = encodeDeleteRecord(record);
  const path = deletePath(dataPath, record.number);
  try {
    makeFolders(disk, deletesFolder(dataPath));
    await writeSynced(disk, path + TEMPORARY_SUFFIX, bytes);
    disk.rename(path + TEMPORARY_SUFFIX, path);
    await disk.syncFolderAsync(deletesFolder(dataPath));
  } catch (cause) {
    const error = diskError(CODE, `Cannot write ${path}`, cause);
    for (const left of [path + TEMPORARY_SUFFIX, path]) removeQuietly(disk, left);
    throw error;
  }
}

/**
 * Removes what a crash has left of writing. A delete that got its name and no sync of the folder holds from now on: nothing may be answered by it
 * that a power cut takes back.
 *
 * @throws the Disk's error
 */
export function removeUnfinishedDeletes(disk: Disk, dataPath: string): void {
  const folder = deletesFolder(dataPath);
  if (disk.kindOf(folder) === null) return;
  for (const name of disk.list(folder)) {
    if (name.endsWith(TEMPORARY_SUFFIX)) disk.unlink(join(folder, name));
  }
  disk.syncFolder(folder);
}

async function writeSynced(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  if (disk.kindOf(path) !== null) disk.unlink(path);
  const file = disk.open(path, "create");
  try {
    const writtenSize = file.append(bytes);
    if (writtenSize !== bytes.length)
      throw diskError(CODE, `Cannot write ${path}`, null, writtenSize);
    await file.syncAsync();
  } finally {
    file.close();
  }
}

function readWhole(disk: Disk, path: string): Uint8Array {
  const file = disk.open(path, "read");
  try {
    const bytes = new Uint8Array(file.size());
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

/** A delete that nobody was told of may stay all the same: it concerns only what was written before it. */
function removeQuietly(disk: Disk, path: string): void {
  try {
    disk.unlink(path);
  } catch (error) {
    if (errorCode(error) === null) throw error;
  }
}

/** Small files that are replaced whole: temporary name, sync, rename, sync of the folder. A reader sees the old text or the new one. */
import { dirname } from "node:path";
import type { Disk } from "@tideline/common";
import { diskError } from "./disk-error.ts";

const CODE = "TIDELINE_SMALL_FILE_DISK";

/** @returns null when it is not there @throws the Disk's error */
export function readSmallFile(disk: Disk, path: string): string | null {
  if (disk.kindOf(path) === null) return null;
  const bytes = new Uint8Array(disk.sizeOf(path));
  const file = disk.open(path, "read");
  try {
    file.read(bytes, 0);
  } finally {
    file.close();
  }
  return Buffer.from(bytes).toString("utf8");
}

/** @throws {OverloadError} the disk is full or failed */
export function replaceSmallFile(disk: Disk, path: string, text: string): void {
  try {
    writeSmallFile(disk, path, Buffer.from(text));
  } catch (cause) {
    throw diskError(CODE, `Cannot write ${path}`, cause);
  }
}

function writeSmallFile(disk: Disk, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  if (disk.kindOf(temporary) !== null) disk.unlink(temporary);
  const file = disk.open(temporary, "create");
  try {
    const writtenSize = file.append(bytes);
    if (writtenSize !== bytes.length)
      throw diskError(CODE, `Cannot write ${path}`, null, writtenSize);
    file.sync();
  } finally {
    file.close();
  }
  disk.rename(temporary, path);
  disk.syncFolder(dirname(path));
}

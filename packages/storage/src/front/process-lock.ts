/**
 * One process per data directory: a lock file with the owner's process id and start time. A lock whose owner is
 * gone is taken over (a start time tells a new process under an old id).
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode, must, type Disk } from "@tideline/common";
import { InputError } from "@tideline/model";
import { diskError } from "../disk-error.ts";

const LOCK_NAME = "lock";
/** Locks of dead processes that are removed before it is given up: others start at the same time. */
const ATTEMPTS_MAX = 10;
/** What file systems without hard links answer. */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** Directories that this process holds: two storages in one process exclude each other, too. */
const held = new Set<string>();

interface Owner {
  readonly pid: number;
  /** Start of the process in ticks since boot; empty where the system does not tell. */
  readonly startTicks: string;
}

/**
 * @returns lets go of the directory
 * @throws {InputError} another living process holds it
 */
export function lockDataFolder(disk: Disk, dataPath: string): () => void {
  const path = join(dataPath, LOCK_NAME);
  if (held.has(path)) throw inUse(dataPath, process.pid);
  const mine = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const aside = `${mine}.old`;
  try {
    // First, as the dead one's place may be the last that a full disk has.
    if (disk.kindOf(path) !== null) removeDead(disk, path, { dataPath, aside });
    writeOwner(disk, mine, { pid: process.pid, startTicks: startTicksOf(process.pid) });
    for (let attempt = 0; !tryTake(disk, mine, path); attempt += 1) {
      if (attempt === ATTEMPTS_MAX) throw inUse(dataPath, readOwner(disk, path)?.pid ?? 0);
      removeDead(disk, path, { dataPath, aside });
    }
  } finally {
    removeIfThere(disk, mine);
  }
  held.add(path);
  return () => {
    if (held.delete(path)) removeIfThere(disk, path);
  };
}

/** Gives the lock its name with its content already in it: nobody sees one that is half written. */
function tryTake(disk: Disk, mine: string, path: string): boolean {
  try {
    disk.link(mine, path);
    return true;
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (code === "EEXIST") return false;
    if (!NO_LINKS.has(code)) throw error;
  }
  return tryCreate(disk, path, must(readOwner(disk, mine), "what was just written is there"));
}

/** On file systems without links: between making the lock and writing it, others take it for a dead one. */
function tryCreate(disk: Disk, path: string, owner: Owner): boolean {
  try {
    writeOwner(disk, path, owner);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Removes the lock of a process that is gone. It is moved first and looked at again: of several starts that found it dead,
 * one may have removed it already, and then this is that one's lock.
 *
 * @throws {InputError} its process lives
 */
function removeDead(
  disk: Disk,
  path: string,
  { dataPath, aside }: { dataPath: string; aside: string },
): void {
  const owner = readOwner(disk, path);
  if (owner && isAlive(owner)) throw inUse(dataPath, owner.pid);
  try {
    disk.rename(path, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  try {
    const moved = readOwner(disk, aside);
    if (!moved || !isAlive(moved)) return;
    tryTake(disk, aside, path);
    throw inUse(dataPath, moved.pid);
  } finally {
    removeIfThere(disk, aside);
  }
}

function writeOwner(disk: Disk, path: string, owner: Owner): void {
  const bytes = Buffer.from(JSON.stringify(owner));
  const file = disk.open(path, "create");
  try {
    const writtenSize = file.append(bytes);
    if (writtenSize !== bytes.length)
      throw diskError("TIDELINE_DATA_LOCK", `Cannot write ${path}`, null, writtenSize);
  } finally {
    file.close();
  }
}

/** Null when there is none, or nothing that can be read: a start that died in the middle. */
function readOwner(disk: Disk, path: string): Owner | null {
  try {
    const bytes = new Uint8Array(disk.sizeOf(path));
    const file = disk.open(path, "read");
    try {
      file.read(bytes, 0);
    } finally {
      file.close();
    }
    const owner = JSON.parse(Buffer.from(bytes).toString("utf8")) as Partial<Owner>;
    return { pid: Number(owner.pid), startTicks: String(owner.startTicks) };
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

function removeIfThere(disk: Disk, path: string): void {
  try {
    disk.unlink(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

function isAlive({ pid, startTicks }: Owner): boolean {
  if (pid === process.pid) return startTicks === startTicksOf(pid) && held.size > 0;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
  }
  return startTicks === startTicksOf(pid);
}

/** Field 22 of /proc/PID/stat; the name before it may hold blanks and brackets. */
function startTicksOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function inUse(dataPath: string, pid: number): InputError {
  return new InputError(
    "TIDELINE_DATA_IN_USE",
    `Cannot open ${dataPath}: process ${pid} uses it (if it does not, remove ${join(dataPath, LOCK_NAME)})`,
  );
}

/**
 * One process per data directory: a lock file with the owner's process id and start time. A lock whose owner is
 * gone is taken over (a start time tells a new process under an old id).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode, type Disk } from "@tideline/common";
import { InputError } from "@tideline/model";

const LOCK_NAME = "lock";

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
  const owner: Owner = { pid: process.pid, startTicks: startTicksOf(process.pid) };
  for (let attempt = 0; !tryCreate(disk, path, owner); attempt += 1) {
    const other = readOwner(disk, path);
    if (attempt > 3 || (other && isAlive(other))) throw inUse(dataPath, other?.pid ?? 0);
    removeIfThere(disk, path);
  }
  held.add(path);
  return () => {
    if (held.delete(path)) removeIfThere(disk, path);
  };
}

function tryCreate(disk: Disk, path: string, owner: Owner): boolean {
  try {
    const file = disk.open(path, "create");
    try {
      file.append(Buffer.from(JSON.stringify(owner)));
    } finally {
      file.close();
    }
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
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

/**
 * What lies in a data folder and whether it is sound. Reads only, takes no lock, and holds no file open between two of them: the
 * storage may run meanwhile. What it takes away while we look is not missed.
 */
import { join } from "node:path";
import { errorCode, type Disk } from "@tideline/common";
import { CorruptionError, InputError } from "@tideline/model";
import { readDeleteLog, type DeleteLog } from "../deletes/delete-log.ts";
import { listLaneFolders, readLayout, readNodeId, type DataLayout } from "../front/data-folder.ts";
import { laneFolder } from "../lane/lane-parts.ts";
import type { PartFacts } from "../part/format.ts";
import { PageCache } from "../part/page-cache.ts";
import { PART_SUFFIX } from "../part/part-name.ts";
import { PartReader } from "../part/part-reader.ts";
import { generationFolder } from "../wal/generations.ts";
import { generationOf } from "../wal/format.ts";
import { replayWal, type WalReport } from "../wal/wal-replay.ts";

interface PartInspection {
  readonly path: string;
  readonly size: number;
  /** Null when not even its footer can be read. */
  readonly facts: PartFacts | null;
  readonly damage: string | null;
}

interface WalInspection {
  readonly path: string;
  /** Null when it was written by a newer version of the format. */
  readonly report: WalReport | null;
  readonly damage: readonly string[];
}

interface LaneInspection {
  readonly path: string;
  readonly parts: readonly PartInspection[];
  readonly logs: readonly WalInspection[];
  /** Paths of what was set aside as damaged. */
  readonly quarantine: readonly string[];
}

export interface FolderInspection {
  /** Null when it cannot be read: then `damage` says why. */
  readonly layout: DataLayout | null;
  readonly nodeId: string | null;
  readonly lanes: readonly LaneInspection[];
  readonly deletes: DeleteLog;
  readonly snapshots: readonly string[];
  /** All that is wrong, one line each: empty when the folder is sound. */
  readonly damage: readonly string[];
}

const PAGE_CACHE_SIZE = 16 * 1024 * 1024;

/**
 * @param isWhole reads every byte of the parts; else their footers alone
 * @throws {InputError} the folder is no data folder
 */
export function inspectFolder(disk: Disk, dataPath: string, isWhole: boolean): FolderInspection {
  checkFolder(disk, dataPath);
  const damage: string[] = [];
  let layout: DataLayout | null = null;
  try {
    layout = readLayout(disk, dataPath);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    damage.push(error.message);
  }
  const numbers = listLaneFolders(disk, dataPath);
  if (!layout && numbers.length === 0 && damage.length === 0) {
    throw noData(dataPath);
  }
  const lanes = numbers.map((number) => inspectLane(disk, laneFolder(dataPath, number), isWhole));
  for (const { parts, logs, quarantine } of lanes) {
    for (const part of parts) if (part.damage !== null) damage.push(part.damage);
    damage.push(...logs.flatMap((log) => log.damage));
    damage.push(...quarantine.map((path) => `${path} was set aside as damaged`));
  }
  const deletes = readDeleteLog(disk, dataPath);
  damage.push(...deletes.damaged.map(({ reason }) => reason));
  const snapshots = listIfThere(disk, join(dataPath, "snapshots"));
  return { layout, nodeId: readNodeId(disk, dataPath), lanes, deletes, snapshots, damage };
}

/** @throws {InputError} there is no such folder */
export function checkFolder(disk: Disk, dataPath: string): void {
  if (disk.kindOf(dataPath) !== "folder") throw noData(dataPath);
}

function noData(dataPath: string): InputError {
  return new InputError("TIDELINE_NO_DATA", `${dataPath} is no data folder of a storage`);
}

function inspectLane(disk: Disk, path: string, isWhole: boolean): LaneInspection {
  const parts = listIfThere(disk, join(path, "parts"))
    .filter((name) => name.endsWith(PART_SUFFIX))
    .flatMap((name) => inspectPart(disk, join(path, "parts", name), isWhole) ?? []);
  const walFolder = join(path, "wal");
  const logs = listIfThere(disk, walFolder).flatMap((name) => {
    const generation = generationOf(name);
    return generation === null
      ? []
      : (inspectLog(disk, generationFolder(walFolder, generation)) ?? []);
  });
  const quarantine = listIfThere(disk, join(path, "quarantine"));
  return {
    path,
    parts,
    logs,
    quarantine: quarantine.map((name) => join(path, "quarantine", name)),
  };
}

/** Null when it is gone. */
function inspectPart(disk: Disk, path: string, isWhole: boolean): PartInspection | null {
  let part: PartReader | null = null;
  try {
    part = PartReader.open(disk, path, new PageCache(PAGE_CACHE_SIZE));
    const { size, facts } = part;
    return { path, size, facts, damage: isWhole ? verify(part) : null };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    if (!(error instanceof CorruptionError) && errorCode(error) === null) throw error;
    const size = disk.kindOf(path) === "file" ? disk.sizeOf(path) : 0;
    return { path, size, facts: null, damage: messageOf(path, error) };
  } finally {
    part?.close();
  }
}

function verify(part: PartReader): string | null {
  try {
    part.verify();
    return null;
  } catch (error) {
    if (!(error instanceof CorruptionError) && errorCode(error) === null) throw error;
    return messageOf(part.path, error);
  }
}

/** Null when it is gone. */
function inspectLog(disk: Disk, path: string): WalInspection | null {
  try {
    const report = replayWal(disk, path, {
      definition: () => undefined,
      rows: () => undefined,
      remove: () => undefined,
    });
    const damage = report.damage.map(
      ({ file, offset, reason }) => `${file}: damaged at offset ${offset}: ${reason}`,
    );
    return { path, report, damage };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    if (!(error instanceof CorruptionError) && errorCode(error) === null) throw error;
    return { path, report: null, damage: [messageOf(path, error)] };
  }
}

function listIfThere(disk: Disk, path: string): string[] {
  return disk.kindOf(path) === "folder" ? disk.list(path) : [];
}

function messageOf(path: string, error: unknown): string {
  return error instanceof Error ? error.message : `Cannot read ${path}`;
}

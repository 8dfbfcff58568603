/**
 * What a data directory says of itself: `layout.json` (version, lane count) and `node-id`.
 *
 * Layout: docs/formats/data-folder.md. Small files are replaced whole: temporary name, sync, rename, sync.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Disk } from "@tideline/common";
import { InputError } from "@tideline/model";
import { readSmallFile, replaceSmallFile } from "../small-file.ts";

const VERSION = 1;
const LAYOUT_NAME = "layout.json";
const NODE_ID_NAME = "node-id";

/** What lies in the folder itself and belongs to the data. */
export const FOLDER_FILES: readonly string[] = [LAYOUT_NAME, NODE_ID_NAME];

export interface DataLayout {
  /** Lanes that write here. */
  readonly laneCount: number;
  /** Whether parts of another lane count may be there: then every lane looks into every lane's folder. */
  readonly mixed: boolean;
}

/** Null for a fresh directory. @throws {InputError} an unknown version, or no layout where there is data */
export function readLayout(disk: Disk, dataPath: string): DataLayout | null {
  const text = readSmallFile(disk, join(dataPath, LAYOUT_NAME));
  if (text === null) {
    if (listLaneFolders(disk, dataPath).length === 0) return null;
    throw unreadable(dataPath, `there are lanes, but no ${LAYOUT_NAME}`);
  }
  const layout = parseLayout(text);
  if (!layout) throw unreadable(dataPath, `${LAYOUT_NAME} is not understood`);
  if (layout["version"] !== VERSION) {
    throw unreadable(
      dataPath,
      `it has version ${String(layout["version"])}, this program knows ${VERSION}`,
    );
  }
  const { laneCount, mixed } = layout;
  if (typeof laneCount !== "number" || laneCount < 1 || typeof mixed !== "boolean") {
    throw unreadable(dataPath, `${LAYOUT_NAME} has no lane count`);
  }
  return { laneCount, mixed };
}

function parseLayout(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? { ...parsed } : null;
  } catch {
    return null;
  }
}

export function writeLayout(disk: Disk, dataPath: string, layout: DataLayout): void {
  replaceSmallFile(
    disk,
    join(dataPath, LAYOUT_NAME),
    JSON.stringify({ version: VERSION, ...layout }),
  );
}

/** Numbers of the lane folders that are there, ascending. */
export function listLaneFolders(disk: Disk, dataPath: string): number[] {
  const numbers: number[] = [];
  for (const name of disk.list(dataPath)) {
    const digits = /^lane-(\d{2,5})$/.exec(name)?.[1];
    if (digits !== undefined) numbers.push(Number(digits));
  }
  return numbers.toSorted((a, b) => a - b);
}

/** 32 hex digits that stay with the data; made when missing. */
export function ensureNodeId(disk: Disk, dataPath: string): string {
  const path = join(dataPath, NODE_ID_NAME);
  const known = readNodeId(disk, dataPath);
  if (known !== null) return known;
  const nodeId = randomBytes(16).toString("hex");
  replaceSmallFile(disk, path, nodeId);
  return nodeId;
}

/** Null when there is none. */
export function readNodeId(disk: Disk, dataPath: string): string | null {
  const known = readSmallFile(disk, join(dataPath, NODE_ID_NAME))?.trim();
  return known !== undefined && /^[0-9a-f]{32}$/.test(known) ? known : null;
}

function unreadable(dataPath: string, why: string): InputError {
  return new InputError("TIDELINE_DATA_LAYOUT", `Cannot open ${dataPath}: ${why}`);
}

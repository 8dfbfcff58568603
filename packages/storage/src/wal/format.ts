/**
 * The shape of WAL files: header, 32 KiB pages, frames. Format: docs/formats/wal.md.
 *
 * A record is cut into frames so that no frame crosses a page border: behind damage, replay finds the
 * next frame at the next border. Checksums are seeded with generation and file number, so that bytes
 * that lie in the wrong file do not pass.
 */
import { basename } from "node:path";
import { assert, ByteReader, ByteWriter } from "@tideline/common";
import { crc32c } from "@tideline/kernels";
import { isLaneRange, type LaneRange } from "../lane-range.ts";

/** Version 1 has no series records and no deletes. */
export const WAL_VERSION = 2;
/** "TLWAL" and bytes that a text transfer would change. */
const WAL_MAGIC = Uint8Array.of(0x54, 0x4c, 0x57, 0x41, 0x4c, 0x0d, 0x0a, 0x1a);
export const WAL_HEADER_SIZE = 40;

/**
 * Name of an empty file beside the log's: a sync of it has failed. What was written before may be gone after a power cut although
 * later syncs succeed (fsync tells an error once, and the pages count as clean).
 */
export const UNSYNCED_MARK = "unsynced";

export const PAGE_SIZE = 32 * 1024;
/** u32 checksum, u16 payload size, u8 type. */
export const FRAME_HEADER_SIZE = 7;

/** How a frame's payload belongs to its record. 0 is no type: it is what an unwritten page holds. */
export const FRAME_WHOLE = 1;
export const FRAME_FIRST = 2;
export const FRAME_MIDDLE = 3;
export const FRAME_LAST = 4;

/** First byte of a record. 4 (metadata) is reserved; unknown kinds are left out by readers. */
export const RECORD_DEFINITION = 1;
export const RECORD_ROWS = 2;
export const RECORD_DELETE = 3;
export const RECORD_SERIES = 5;

/** Larger records are refused on both sides. */
export const RECORD_SIZE_MAX = 16 * 1024 * 1024;

export interface WalHeader {
  readonly generation: number;
  readonly fileNumber: number;
  readonly laneRange: LaneRange;
  /** Number of the newest delete that came before the file's first row; 0 = none. */
  readonly deletesDone: number;
}

/** Seed of the checksums of one file. */
export function walSeed(generation: number, fileNumber: number): number {
  const writer = new ByteWriter(12);
  writer.u64(generation);
  writer.u32(fileNumber);
  return crc32c(writer.bytes());
}

export function encodeWalHeader({
  generation,
  fileNumber,
  laneRange,
  deletesDone,
}: WalHeader): Uint8Array {
  const writer = new ByteWriter(WAL_HEADER_SIZE);
  writer.raw(WAL_MAGIC);
  writer.u32(WAL_VERSION);
  writer.u32(laneRange.index);
  writer.u32(laneRange.count);
  writer.u32(fileNumber);
  writer.u64(generation);
  writer.u32(deletesDone);
  writer.u32(crc32c(writer.bytes()));
  assert(writer.size === WAL_HEADER_SIZE, "a WAL header has its size");
  return writer.copy();
}

/** The header, its version when that is a newer one, or null when it is damaged. */
export function decodeWalHeader(bytes: Uint8Array): WalHeader | number | null {
  const reader = new ByteReader(bytes);
  if (Buffer.compare(reader.raw(WAL_MAGIC.length), WAL_MAGIC) !== 0) return null;
  const body = bytes.subarray(0, WAL_HEADER_SIZE - 4);
  if (new ByteReader(bytes, body.length).u32() !== crc32c(body)) return null;
  const version = reader.u32();
  if (version === 0 || version > WAL_VERSION) return version;
  const laneRange = { index: reader.u32(), count: reader.u32() };
  const fileNumber = reader.u32();
  const generation = reader.u64();
  const deletesDone = reader.u32();
  return isLaneRange(laneRange) ? { laneRange, fileNumber, generation, deletesDone } : null;
}

export function walFileName(fileNumber: number): string {
  return `${String(fileNumber).padStart(8, "0")}.wal`;
}

/** The number in a WAL file's name, or null for other names. */
export function walFileNumber(name: string): number | null {
  const match = /^(\d{8,10})\.wal$/.exec(name);
  return match ? Number(match[1]) : null;
}

export function generationName(generation: number): string {
  assert(Number.isSafeInteger(generation) && generation >= 0, "a generation is a counting number");
  return `g${String(generation).padStart(6, "0")}`;
}

/** The generation that a folder is named after, or null for other names. */
export function generationOf(folder: string): number | null {
  const match = /^g(\d{6,15})$/.exec(basename(folder));
  return match ? Number(match[1]) : null;
}

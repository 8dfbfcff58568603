/** The four bytes that every frame starts with, and what is said of one that cannot be read. */
import { CorruptionError } from "@tideline/model";
import {
  FRAME_MAGIC,
  FRAME_SIZE_MAX,
  FRAME_VERSION,
  KIND_COUNTS,
  KIND_END,
  KIND_ITEMS,
  KIND_ROWS,
  KIND_SERIES,
  type FrameKind,
} from "./layout.ts";

export function writeFrameStart(header: DataView, kind: number): void {
  header.setUint16(0, FRAME_MAGIC, true);
  header.setUint8(2, FRAME_VERSION);
  header.setUint8(3, kind);
}

/** @throws {CorruptionError} when the bytes are no frame of a version known here */
export function frameKind(frame: Uint8Array): FrameKind {
  if (frame.length < 4 || frame.length > FRAME_SIZE_MAX) throw damaged(`${frame.length} bytes`);
  const header = new DataView(frame.buffer, frame.byteOffset, 4);
  if (header.getUint16(0, true) !== FRAME_MAGIC) throw damaged("unknown magic");
  if (header.getUint8(2) !== FRAME_VERSION) throw damaged(`unknown version ${header.getUint8(2)}`);
  const kind = header.getUint8(3);
  if (kind === KIND_SERIES) return "series";
  if (kind === KIND_ROWS) return "rows";
  if (kind === KIND_ITEMS) return "items";
  if (kind === KIND_END) return "end";
  if (kind === KIND_COUNTS) return "counts";
  throw damaged(`unknown kind ${kind}`);
}

export function damaged(what: string, cause?: unknown): CorruptionError {
  return new CorruptionError(
    "TIDELINE_SERIES_FRAME",
    `Cannot decode a frame: ${what}`,
    cause === undefined ? {} : { cause },
  );
}

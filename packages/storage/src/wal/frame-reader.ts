/**
 * Puts records together again from the frames of one file, and finds its way behind damage.
 * Format: docs/formats/wal.md.
 *
 * What is not readable is damage when a record begins behind it, and a torn tail otherwise: a crash in the middle of a
 * write looks like that, and nothing there was acknowledged and synced.
 */
import type { DiskFile } from "@tideline/common";
import { crc32c } from "@tideline/kernels";
import {
  FRAME_FIRST,
  FRAME_HEADER_SIZE,
  FRAME_LAST,
  FRAME_WHOLE,
  PAGE_SIZE,
  RECORD_SIZE_MAX,
  WAL_HEADER_SIZE,
} from "./format.ts";

const CHUNK_SIZE = 32 * PAGE_SIZE;

export interface FrameSink {
  /** @param record borrowed; starts at a multiple of 8 in its buffer; @param offset of its first frame */
  record(record: Uint8Array, offset: number): void;
  damage(offset: number, reason: string): void;
}

interface Frame {
  readonly type: number;
  /** Offsets in the page: of the payload and one past it. */
  readonly start: number;
  readonly end: number;
}

export class FrameReader {
  readonly #seed: number;
  readonly #sink: FrameSink;
  #record = new Uint8Array(256 * 1024);
  #recordSize = 0;
  /** Offset of the record that is being put together, or -1. */
  #recordOffset = -1;
  /** Where unreadable bytes begin that no record has followed yet, or -1. */
  #badOffset = -1;
  #badReason = "";

  constructor(seed: number, sink: FrameSink) {
    this.#seed = seed;
    this.#sink = sink;
  }

  /**
   * Hands out the records of a file.
   *
   * @param headerFault why the file's header cannot be read, or null
   * @returns size of the torn tail in bytes, 0 when there is none
   */
  read(file: DiskFile, headerFault: string | null): number {
    const fileSize = file.size();
    if (headerFault !== null) this.#bad(0, headerFault);
    const chunk = new Uint8Array(Math.min(CHUNK_SIZE, fileSize));
    for (let offset = 0; offset < fileSize; offset += CHUNK_SIZE) {
      const size = file.read(chunk, offset);
      for (let start = 0; start < size; start += PAGE_SIZE) {
        const page = chunk.subarray(start, Math.min(start + PAGE_SIZE, size));
        this.#readPage(page, offset + start);
      }
    }
    if (this.#badOffset >= 0) return fileSize - this.#badOffset;
    return this.#recordOffset >= 0 ? fileSize - this.#recordOffset : 0;
  }

  #readPage(page: Uint8Array, pageOffset: number): void {
    let at = pageOffset === 0 ? WAL_HEADER_SIZE : 0;
    while (at < page.length && PAGE_SIZE - at > FRAME_HEADER_SIZE) {
      const frame = frameAt(page, at);
      if (frame !== null && this.#isGood(page, at, frame)) {
        this.#take(page, frame, pageOffset + at);
        at = frame.end;
        continue;
      }
      this.#bad(pageOffset + at, frame === null ? "no frame" : "checksum of a frame");
      at = this.#nextGood(page, at + 1);
    }
  }

  /**
   * Where the next whole frame of a page begins, at `from` or behind it; the page's end when there is none. Its length may be
   * what is damaged, so every offset is tried. Few look like a frame: a page of garbage costs some milliseconds.
   */
  #nextGood(page: Uint8Array, from: number): number {
    for (let at = from; at < page.length - FRAME_HEADER_SIZE; at += 1) {
      const frame = frameAt(page, at);
      if (frame !== null && this.#isGood(page, at, frame)) return at;
    }
    return page.length;
  }

  #isGood(page: Uint8Array, at: number, frame: Frame): boolean {
    const stored =
      ((page[at] as number) |
        ((page[at + 1] as number) << 8) |
        ((page[at + 2] as number) << 16) |
        ((page[at + 3] as number) << 24)) >>>
      0;
    return stored === crc32c(page.subarray(at + 4, frame.end), this.#seed);
  }

  #bad(offset: number, reason: string): void {
    if (this.#badOffset < 0) {
      this.#badOffset = this.#recordOffset >= 0 ? this.#recordOffset : offset;
      this.#badReason = `${reason} at offset ${offset}`;
    }
    this.#recordOffset = -1;
  }

  #take(page: Uint8Array, frame: Frame, offset: number): void {
    const payload = page.subarray(frame.start, frame.end);
    if (frame.type === FRAME_WHOLE || frame.type === FRAME_FIRST) {
      if (this.#recordOffset >= 0) this.#bad(offset, "a record without its end");
      if (this.#badOffset >= 0) this.#sink.damage(this.#badOffset, this.#badReason);
      this.#badOffset = -1;
      this.#recordOffset = offset;
      this.#recordSize = 0;
    } else if (this.#recordOffset < 0) {
      // The rest of a record whose beginning is not readable.
      this.#bad(offset, "a record without its beginning");
      return;
    }
    if (this.#recordSize + payload.length > RECORD_SIZE_MAX) {
      this.#bad(offset, "a record over the limit");
      return;
    }
    this.#append(payload);
    if (frame.type === FRAME_WHOLE || frame.type === FRAME_LAST) {
      const recordOffset = this.#recordOffset;
      this.#recordOffset = -1;
      this.#sink.record(this.#record.subarray(0, this.#recordSize), recordOffset);
    }
  }

  #append(payload: Uint8Array): void {
    const size = this.#recordSize + payload.length;
    if (size > this.#record.length) {
      const grown = new Uint8Array(Math.max(size, this.#record.length * 2));
      grown.set(this.#record.subarray(0, this.#recordSize));
      this.#record = grown;
    }
    this.#record.set(payload, this.#recordSize);
    this.#recordSize = size;
  }
}

/** The frame whose header lies at `at`, by its header alone; null when there cannot be one. */
function frameAt(page: Uint8Array, at: number): Frame | null {
  const start = at + FRAME_HEADER_SIZE;
  if (start >= page.length) return null;
  const type = page[at + 6] as number;
  const end = start + (page[at + 4] as number) + (page[at + 5] as number) * 0x100;
  if (type < FRAME_WHOLE || type > FRAME_LAST || end === start || end > page.length) return null;
  return { type, start, end };
}

/** Cuts records into frames that do not cross page borders. Format: docs/formats/wal.md. */
import { assert, ByteWriter } from "@tideline/common";
import { crc32c } from "@tideline/kernels";
import {
  FRAME_FIRST,
  FRAME_HEADER_SIZE,
  FRAME_LAST,
  FRAME_MIDDLE,
  FRAME_WHOLE,
  PAGE_SIZE,
  RECORD_SIZE_MAX,
} from "./format.ts";

/** Collects the frames of one group, as they will lie in the file behind `fileOffset`. */
export class FrameWriter {
  readonly #writer = new ByteWriter(64 * 1024);
  #fileOffset = 0;
  #seed = 0;

  /** Starts a group that will be written at `fileOffset` of the file with this checksum seed. */
  start(fileOffset: number, seed: number): void {
    this.#writer.clear();
    this.#fileOffset = fileOffset;
    this.#seed = seed;
  }

  get size(): number {
    return this.#writer.size;
  }

  /** The group's bytes; borrowed until the next change. */
  bytes(): Uint8Array {
    return this.#writer.bytes();
  }

  /** @param record borrowed; not empty */
  add(record: Uint8Array): void {
    assert(
      record.length > 0 && record.length <= RECORD_SIZE_MAX,
      "a record has 1 byte to RECORD_SIZE_MAX",
    );
    let start = 0;
    while (start < record.length) {
      const room = this.#roomInPage();
      const end = Math.min(record.length, start + room);
      const isFirst = start === 0;
      const isLast = end === record.length;
      const typeOfFirst = isLast ? FRAME_WHOLE : FRAME_FIRST;
      const typeOfLater = isLast ? FRAME_LAST : FRAME_MIDDLE;
      this.#frame(record.subarray(start, end), isFirst ? typeOfFirst : typeOfLater);
      start = end;
    }
  }

  /** Payload bytes that fit into the current page, after skipping a rest that is too small for a frame. */
  #roomInPage(): number {
    const rest = PAGE_SIZE - ((this.#fileOffset + this.#writer.size) % PAGE_SIZE);
    if (rest > FRAME_HEADER_SIZE) return rest - FRAME_HEADER_SIZE;
    const at = this.#writer.reserve(rest);
    this.#writer.bytes().fill(0, at);
    return PAGE_SIZE - FRAME_HEADER_SIZE;
  }

  #frame(payload: Uint8Array, type: number): void {
    const writer = this.#writer;
    const start = writer.size;
    writer.u32(0);
    writer.u16(payload.length);
    writer.u8(type);
    writer.raw(payload);
    writer.patchU32(start, crc32c(writer.bytes().subarray(start + 4), this.#seed));
  }
}

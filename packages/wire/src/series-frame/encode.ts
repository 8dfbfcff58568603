/**
 * Incremental encoder of series frames: append series until a frame is full, take it, go on.
 *
 * Layout: docs/formats/series-frame.md. Each timestamp block is written once per frame. A series whose
 * blocks do not fit one frame goes on in the next one, under its key again.
 */
import { assert, ByteWriter } from "@tideline/common";
import type { Coverage, SeriesBlocks, TimestampBlock } from "@tideline/model";
import {
  FRAME_MAGIC,
  FRAME_SIZE_TARGET,
  FRAME_VERSION,
  KIND_END,
  KIND_SERIES,
  SERIES_ENTRY_SIZE,
  SERIES_HEADER_SIZE,
  TIMESTAMP_ENTRY_SIZE,
  VALUE_ENTRY_SIZE,
} from "./layout.ts";

/** Makes the frames of one answer: ids of timestamp blocks must mean the same throughout. */
export class SeriesFrameEncoder {
  readonly #sizeTarget: number;
  // They grow with the answer, once for all its frames; a small one should not pay for a large one's memory.
  readonly #timestampTable = new ByteWriter(256);
  readonly #seriesTable = new ByteWriter(256);
  readonly #valueTable = new ByteWriter(256);
  readonly #keys = new ByteWriter(1024);
  readonly #timestamps = new ByteWriter(1024);
  readonly #values = new ByteWriter(4096);
  /** Id of a timestamp block → its index in this frame. */
  readonly #indexOfId = new Map<number, number>();
  #seriesCount = 0;
  #valueCount = 0;
  #full: Uint8Array<ArrayBuffer>[] = [];

  constructor(options: { frameSizeTarget?: number } = {}) {
    this.#sizeTarget = options.frameSizeTarget ?? FRAME_SIZE_TARGET;
  }

  /** Appends one series; its bytes are copied. Afterwards take the full frames. */
  append(series: SeriesBlocks): void {
    let open = false;
    for (const block of series.blocks) {
      if (!open) {
        this.#keys.raw(series.key);
        this.#seriesCount += 1;
        open = true;
      }
      this.#appendBlock(block.timestamps, block.bytes);
      if (this.#size >= this.#sizeTarget) {
        this.#closeSeries();
        open = false;
        this.#full.push(this.#finish());
      }
    }
    if (open) this.#closeSeries();
  }

  /** The next full frame, owned by the caller and alone in its ArrayBuffer; null when there is none. */
  takeFull(): Uint8Array<ArrayBuffer> | null {
    return this.#full.shift() ?? null;
  }

  /** What is left, after all full frames were taken; null when there is nothing. */
  takeRest(): Uint8Array<ArrayBuffer> | null {
    assert(this.#full.length === 0, "full frames are taken before the rest");
    return this.#seriesCount === 0 ? null : this.#finish();
  }

  get #size(): number {
    return (
      SERIES_HEADER_SIZE +
      this.#timestampTable.size +
      this.#seriesTable.size +
      this.#valueTable.size +
      this.#keys.size +
      this.#timestamps.size +
      this.#values.size
    );
  }

  #appendBlock(timestamps: TimestampBlock, values: Uint8Array): void {
    let index = this.#indexOfId.get(timestamps.id);
    if (index === undefined) {
      index = this.#indexOfId.size;
      this.#indexOfId.set(timestamps.id, index);
      this.#timestamps.raw(timestamps.bytes);
      this.#timestampTable.u32(timestamps.count);
      this.#timestampTable.u32(this.#timestamps.size);
      this.#timestampTable.f64(timestamps.minMs);
      this.#timestampTable.f64(timestamps.maxMs);
    }
    this.#values.raw(values);
    this.#valueTable.u32(index);
    this.#valueTable.u32(this.#values.size);
    this.#valueCount += 1;
  }

  #closeSeries(): void {
    this.#seriesTable.u32(this.#keys.size);
    this.#seriesTable.u32(this.#valueCount);
  }

  #finish(): Uint8Array<ArrayBuffer> {
    const parts = [
      this.#timestampTable,
      this.#seriesTable,
      this.#valueTable,
      this.#keys,
      this.#timestamps,
      this.#values,
    ];
    // All of it is written.
    const frame = new Uint8Array(Buffer.allocUnsafeSlow(this.#size).buffer);
    const header = new DataView(frame.buffer);
    writeFrameStart(header, KIND_SERIES);
    header.setUint32(4, this.#timestampTable.size / TIMESTAMP_ENTRY_SIZE, true);
    header.setUint32(8, this.#seriesTable.size / SERIES_ENTRY_SIZE, true);
    header.setUint32(12, this.#valueTable.size / VALUE_ENTRY_SIZE, true);
    header.setUint32(16, this.#keys.size, true);
    header.setUint32(20, this.#timestamps.size, true);
    header.setUint32(24, this.#values.size, true);
    header.setUint32(28, 0, true);
    let at = SERIES_HEADER_SIZE;
    for (const part of parts) {
      frame.set(part.bytes(), at);
      at += part.size;
      part.clear();
    }
    this.#indexOfId.clear();
    this.#seriesCount = 0;
    this.#valueCount = 0;
    return frame;
  }
}

/** The last frame of an answer. @returns bytes owned by the caller */
export function encodeEndFrame(coverage: Coverage): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(64);
  writer.reserve(4);
  writer.varint(coverage.missing.length);
  for (const { where, reason } of coverage.missing) {
    writer.text(where);
    writer.text(reason);
  }
  const frame = writer.copy();
  writeFrameStart(new DataView(frame.buffer), KIND_END);
  return frame;
}

/** Writes the four bytes that every frame starts with. */
export function writeFrameStart(header: DataView, kind: number): void {
  header.setUint16(0, FRAME_MAGIC, true);
  header.setUint8(2, FRAME_VERSION);
  header.setUint8(3, kind);
}

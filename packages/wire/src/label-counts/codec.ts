/**
 * Count frames: how many series have each label, sorted, cut into frames of bounded size. Layout:
 * docs/formats/series-frame.md#counts.
 */
import { ByteReader, ByteWriter } from "@tideline/common";
import { CorruptionError, type LabelCount } from "@tideline/model";
import { readingFrame } from "../series-frame/decode.ts";
import { frameKind, writeFrameStart } from "../series-frame/frame-start.ts";
import { FRAME_SIZE_TARGET, KIND_COUNTS } from "../series-frame/layout.ts";

/** Appends counts until a frame is full. Take it then, and the rest at the end. */
export class CountFrameEncoder {
  readonly #sizeTarget: number;
  readonly #writer = new ByteWriter(1024);
  /** The last name written to this frame. */
  #name = new Uint8Array(0);
  #hasName = false;

  constructor(frameSizeTarget = FRAME_SIZE_TARGET) {
    this.#sizeTarget = frameSizeTarget;
  }

  get isFull(): boolean {
    return this.#writer.size >= this.#sizeTarget;
  }

  /** @param name UTF-8, as is `value`; both borrowed */
  append(name: Uint8Array, value: Uint8Array, seriesCount: number): void {
    const writer = this.#writer;
    if (writer.size === 0) writer.reserve(4);
    if (this.#hasName && sameBytes(name, this.#name)) {
      writer.varint(0);
    } else {
      writer.varint(name.length + 1);
      writer.raw(name);
      this.#name = name.slice();
      this.#hasName = true;
    }
    writer.sized(value);
    writer.varint(seriesCount);
  }

  /** What has been appended, owned by the caller; null when that is nothing. */
  take(): Uint8Array<ArrayBuffer> | null {
    if (this.#writer.size === 0) return null;
    const frame = this.#writer.copy();
    writeFrameStart(new DataView(frame.buffer), KIND_COUNTS);
    this.#writer.clear();
    this.#hasName = false;
    return frame;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

const NO_BYTES = new Uint8Array(0);

/** Walks the counts of one frame. Every method throws a CorruptionError when the bytes are no count frame. */
export class CountFrameCursor {
  readonly #reader: ByteReader;
  /** Views into the frame, of where the cursor stands. */
  name: Uint8Array = NO_BYTES;
  value: Uint8Array = NO_BYTES;
  seriesCount = 0;

  constructor(frame: Uint8Array) {
    if (frameKind(frame) !== "counts") throw notCounts();
    this.#reader = new ByteReader(frame, 4);
  }

  /** False at the end of the frame. */
  next(): boolean {
    const reader = this.#reader;
    if (reader.restSize === 0) return false;
    return readingFrame(() => {
      const nameHead = reader.varint();
      if (nameHead > 0) this.name = reader.raw(nameHead - 1);
      this.value = reader.sized();
      this.seriesCount = reader.varint();
      return true;
    });
  }
}

/** @throws {CorruptionError} */
export function decodeCountFrame(frame: Uint8Array): LabelCount[] {
  const cursor = new CountFrameCursor(frame);
  const counts: LabelCount[] = [];
  let nameBytes = NO_BYTES;
  let name = "";
  while (cursor.next()) {
    if (cursor.name !== nameBytes) {
      nameBytes = cursor.name as Uint8Array<ArrayBuffer>;
      name = textOf(nameBytes);
    }
    counts.push({ name, value: textOf(cursor.value), seriesCount: cursor.seriesCount });
  }
  return counts;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}

function notCounts(): CorruptionError {
  return new CorruptionError("TIDELINE_SERIES_FRAME", "Cannot decode a frame: not a count frame");
}

/**
 * Item frames: the answers of an index (label names, label values, series keys) as lists of byte strings,
 * cut into frames of bounded size. Layout: docs/formats/series-frame.md#items.
 */
import { ByteReader, ByteWriter } from "@tideline/common";
import { CorruptionError } from "@tideline/model";
import { readingFrame } from "./decode.ts";
import { frameKind, writeFrameStart } from "./frame-start.ts";
import { FRAME_SIZE_TARGET, KIND_ITEMS } from "./layout.ts";

/** Cuts items into frames; each is owned by the consumer. */
export function* encodeItemFrames(
  items: Iterable<Uint8Array>,
  frameSizeTarget = FRAME_SIZE_TARGET,
): Generator<Uint8Array<ArrayBuffer>> {
  const writer = new ByteWriter(1024);
  for (const item of items) {
    if (writer.size === 0) writer.reserve(4);
    writer.sized(item);
    if (writer.size >= frameSizeTarget) {
      yield finish(writer);
    }
  }
  if (writer.size > 0) yield finish(writer);
}

function finish(writer: ByteWriter): Uint8Array<ArrayBuffer> {
  const frame = writer.copy();
  writeFrameStart(new DataView(frame.buffer), KIND_ITEMS);
  writer.clear();
  return frame;
}

/**
 * @returns views into the frame
 * @throws {CorruptionError}
 */
export function decodeItemFrame(frame: Uint8Array): Uint8Array[] {
  if (frameKind(frame) !== "items") {
    throw new CorruptionError("TIDELINE_SERIES_FRAME", "Cannot decode a frame: not an item frame");
  }
  return readingFrame(() => {
    const reader = new ByteReader(frame, 4);
    const items: Uint8Array[] = [];
    while (reader.restSize > 0) items.push(reader.sized());
    return items;
  });
}

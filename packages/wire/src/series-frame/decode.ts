/**
 * Decoder of the frames of one answer: checks untrusted bytes and gives out views into them.
 *
 * Layout: docs/formats/series-frame.md. Timestamp blocks are interned over all frames of the answer,
 * so that equal ids mean equal timestamps and a window is computed once (TimestampInterner).
 */
import { ByteReader } from "@tideline/common";
import {
  CorruptionError,
  type Coverage,
  type SeriesBatch,
  type SeriesBlocks,
  type TimestampBlock,
  type ValueBlock,
} from "@tideline/model";
import {
  FRAME_MAGIC,
  FRAME_SIZE_MAX,
  FRAME_VERSION,
  KIND_COUNTS,
  KIND_END,
  KIND_ITEMS,
  KIND_SERIES,
  SERIES_ENTRY_SIZE,
  SERIES_HEADER_SIZE,
  TIMESTAMP_ENTRY_SIZE,
  VALUE_ENTRY_SIZE,
  type FrameKind,
} from "./layout.ts";
import { TimestampInterner } from "./timestamp-interner.ts";

/** @throws {CorruptionError} when the bytes are no frame of a version known here */
export function frameKind(frame: Uint8Array): FrameKind {
  if (frame.length < 4 || frame.length > FRAME_SIZE_MAX) throw damaged(`${frame.length} bytes`);
  const header = new DataView(frame.buffer, frame.byteOffset, 4);
  if (header.getUint16(0, true) !== FRAME_MAGIC) throw damaged("unknown magic");
  if (header.getUint8(2) !== FRAME_VERSION) throw damaged(`unknown version ${header.getUint8(2)}`);
  const kind = header.getUint8(3);
  if (kind === KIND_SERIES) return "series";
  if (kind === KIND_ITEMS) return "items";
  if (kind === KIND_END) return "end";
  if (kind === KIND_COUNTS) return "counts";
  throw damaged(`unknown kind ${kind}`);
}

/** @throws {CorruptionError} */
export function decodeEndFrame(frame: Uint8Array): Coverage {
  if (frameKind(frame) !== "end") throw damaged("not an end frame");
  return readingFrame(() => {
    const reader = new ByteReader(frame, 4);
    const count = reader.varint();
    // Two bytes are the least that an entry takes.
    if (count * 2 > reader.restSize) throw new RangeError(`${count} missing places`);
    const missing: { where: string; reason: string }[] = [];
    for (let i = 0; i < count; i += 1)
      missing.push({ where: reader.text(), reason: reader.text() });
    if (reader.restSize > 0) throw new RangeError(`${reader.restSize} bytes too many`);
    return { missing };
  });
}

/** Decodes the series frames of one answer. */
export class SeriesFrameDecoder {
  readonly #interner = new TimestampInterner();

  /**
   * @param frame kept: keys and value bytes of the result are views into it
   * @throws {CorruptionError}
   */
  decode(frame: Uint8Array): SeriesBatch {
    if (frameKind(frame) !== "series") throw damaged("not a series frame");
    if (frame.length < SERIES_HEADER_SIZE) throw damaged(`${frame.length} bytes`);
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const timestampCount = view.getUint32(4, true);
    const seriesCount = view.getUint32(8, true);
    const valueCount = view.getUint32(12, true);
    const keysSize = view.getUint32(16, true);
    const timestampsSize = view.getUint32(20, true);
    const valuesSize = view.getUint32(24, true);
    const seriesTableAt = SERIES_HEADER_SIZE + timestampCount * TIMESTAMP_ENTRY_SIZE;
    const valueTableAt = seriesTableAt + seriesCount * SERIES_ENTRY_SIZE;
    const keysAt = valueTableAt + valueCount * VALUE_ENTRY_SIZE;
    const timestampsAt = keysAt + keysSize;
    const valuesAt = timestampsAt + timestampsSize;
    if (valuesAt + valuesSize !== frame.length) {
      throw damaged(`${frame.length} bytes where the header counts ${valuesAt + valuesSize}`);
    }
    const timestamps = this.#readTimestamps(frame, view, {
      count: timestampCount,
      at: timestampsAt,
      size: timestampsSize,
    });
    const blocks = readValues(frame, view, timestamps, {
      tableAt: valueTableAt,
      count: valueCount,
      at: valuesAt,
      size: valuesSize,
    });
    return readSeries(frame, view, blocks, {
      tableAt: seriesTableAt,
      count: seriesCount,
      at: keysAt,
      size: keysSize,
    });
  }

  #readTimestamps(
    frame: Uint8Array,
    view: DataView,
    { count, at, size }: { count: number; at: number; size: number },
  ): TimestampBlock[] {
    const blocks: TimestampBlock[] = [];
    let start = 0;
    for (let i = 0; i < count; i += 1) {
      const entryAt = SERIES_HEADER_SIZE + i * TIMESTAMP_ENTRY_SIZE;
      const end = view.getUint32(entryAt + 4, true);
      if (end < start || end > size)
        throw damaged(`timestamp block ${i} ends at ${end} of ${size}`);
      const minMs = view.getFloat64(entryAt + 8, true);
      const maxMs = view.getFloat64(entryAt + 16, true);
      const sampleCount = view.getUint32(entryAt, true);
      if (!Number.isSafeInteger(minMs) || !Number.isSafeInteger(maxMs) || minMs > maxMs) {
        throw damaged(`timestamp block ${i} from ${minMs} to ${maxMs}`);
      }
      if (sampleCount === 0) throw damaged(`timestamp block ${i} is empty`);
      const bytes = frame.subarray(at + start, at + end);
      blocks.push(this.#interner.intern({ count: sampleCount, minMs, maxMs, bytes }));
      start = end;
    }
    if (start !== size) throw damaged(`timestamp blocks end at ${start} of ${size}`);
    return blocks;
  }
}

interface Table {
  readonly tableAt: number;
  readonly count: number;
  readonly at: number;
  readonly size: number;
}

function readValues(
  frame: Uint8Array,
  view: DataView,
  timestamps: readonly TimestampBlock[],
  { tableAt, count, at, size }: Table,
): ValueBlock[] {
  const blocks: ValueBlock[] = [];
  let start = 0;
  for (let i = 0; i < count; i += 1) {
    const entryAt = tableAt + i * VALUE_ENTRY_SIZE;
    const index = view.getUint32(entryAt, true);
    const end = view.getUint32(entryAt + 4, true);
    const block = timestamps[index];
    if (block === undefined) throw damaged(`value block ${i} has timestamps ${index}`);
    if (end < start || end > size) throw damaged(`value block ${i} ends at ${end} of ${size}`);
    blocks.push({ timestamps: block, bytes: frame.subarray(at + start, at + end) });
    start = end;
  }
  if (start !== size) throw damaged(`value blocks end at ${start} of ${size}`);
  return blocks;
}

function readSeries(
  frame: Uint8Array,
  view: DataView,
  blocks: readonly ValueBlock[],
  { tableAt, count, at, size }: Table,
): SeriesBatch {
  const series: SeriesBlocks[] = [];
  const ends = new Uint32Array(count);
  let keyStart = 0;
  let blockStart = 0;
  for (let i = 0; i < count; i += 1) {
    const entryAt = tableAt + i * SERIES_ENTRY_SIZE;
    const keyEnd = view.getUint32(entryAt, true);
    const blockEnd = view.getUint32(entryAt + 4, true);
    if (keyEnd < keyStart || keyEnd > size) throw damaged(`key ${i} ends at ${keyEnd} of ${size}`);
    if (blockEnd < blockStart || blockEnd > blocks.length) {
      throw damaged(`series ${i} ends at block ${blockEnd} of ${blocks.length}`);
    }
    series.push(
      new FrameSeries(frame, at + keyStart, at + keyEnd, blocks.slice(blockStart, blockEnd)),
    );
    ends[i] = keyEnd;
    keyStart = keyEnd;
    blockStart = blockEnd;
  }
  if (keyStart !== size || blockStart !== blocks.length) throw damaged("series end too early");
  const keySection = { bytes: frame.subarray(at, at + size), ends };
  return Object.assign(series, { keySection });
}

/** A series in a frame. Its key is a view that is made when somebody asks: who knows the frame's keys does not. */
class FrameSeries implements SeriesBlocks {
  readonly #frame: Uint8Array;
  readonly #keyStart: number;
  readonly #keyEnd: number;
  readonly blocks: readonly ValueBlock[];

  constructor(frame: Uint8Array, keyStart: number, keyEnd: number, blocks: readonly ValueBlock[]) {
    this.#frame = frame;
    this.#keyStart = keyStart;
    this.#keyEnd = keyEnd;
    this.blocks = blocks;
  }

  get key(): Uint8Array {
    return this.#frame.subarray(this.#keyStart, this.#keyEnd);
  }
}

/** Runs `read` over ByteReaders. @throws {CorruptionError} where it would read past the end */
export function readingFrame<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw damaged(cause.message, cause);
  }
}

function damaged(what: string, cause?: unknown): CorruptionError {
  return new CorruptionError(
    "TIDELINE_SERIES_FRAME",
    `Cannot decode a frame: ${what}`,
    cause === undefined ? {} : { cause },
  );
}

/**
 * Decoder of the frames of one answer: checks untrusted bytes and gives out views into them.
 *
 * Layout: docs/formats/series-frame.md. Timestamp blocks are interned over all frames of the answer,
 * so that equal ids mean equal timestamps and a window is computed once (TimestampInterner).
 */
import { ByteReader, compareBytes } from "@tideline/common";
import {
  blocksOfSeries,
  type BlockTable,
  type Coverage,
  type KeySection,
  type SeriesBatch,
  type SeriesBlocks,
  type TimestampBlock,
  type ValueBlock,
} from "@tideline/model";
import { damaged, frameKind } from "./frame-start.ts";
import {
  END_COMPLETE_SIZE,
  KEYS_GIVEN,
  KEYS_NAMED,
  SERIES_ENTRY_SIZE,
  SERIES_HEADER_SIZE,
  TIMESTAMP_ENTRY_SIZE,
  VALUE_ENTRY_SIZE,
} from "./layout.ts";
import { KEY_LIST_NAME_SIZE } from "./key-list.ts";
import { AnswerKeys, type KnownKeyList } from "./known-keys.ts";
import { decodeRowsFrame, RowsBatch } from "./rows-frame.ts";
import { TimestampInterner } from "./timestamp-interner.ts";
import { copyOfWords } from "./words.ts";

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

/** Whether a frame is the end of an answer that misses nothing. */
export function isCompleteEnd(frame: Uint8Array): boolean {
  return frameKind(frame) === "end" && frame.length === END_COMPLETE_SIZE && frame[4] === 0;
}

/** Decodes the frames of one answer to a search. */
export class SeriesFrameDecoder {
  readonly #interner = new TimestampInterner();
  readonly #offered: readonly KnownKeyList[];
  /** Of the frames so far. */
  readonly keys = new AnswerKeys();

  /** @param offered key lists that frames may name */
  constructor(offered: readonly KnownKeyList[] = []) {
    this.#offered = offered;
  }

  /**
   * @param frame kept: keys and value bytes of the result are views into it
   * @throws {CorruptionError}
   */
  decode(frame: Uint8Array): SeriesBatch {
    const kind = frameKind(frame);
    if (kind === "rows") return this.#decodeRows(frame);
    if (kind !== "series") throw damaged("not a frame of series");
    if (frame.length < SERIES_HEADER_SIZE) throw damaged(`${frame.length} bytes`);
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const timestampCount = view.getUint32(4, true);
    const seriesCount = view.getUint32(8, true);
    const valueCount = view.getUint32(12, true);
    const keysSize = view.getUint32(16, true);
    const timestampsSize = view.getUint32(20, true);
    const valuesSize = view.getUint32(24, true);
    const keysAre = view.getUint32(28, true);
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
    const blocks = readBlocks(frame.subarray(valueTableAt, keysAt), timestampCount, valuesSize);
    const series = copyOfWords(frame.subarray(seriesTableAt, valueTableAt));
    checkBlockEnds(series, valueCount);
    const keys = frame.subarray(keysAt, timestampsAt);
    const keySection = this.#keySection(keysAre, keys, keyEndsOf(series));
    const blockTable: BlockTable = { bytes: frame.subarray(valuesAt), blocks, series, timestamps };
    return new FrameBatch(keySection, blockTable, { count: valueCount, size: valuesSize });
  }

  #decodeRows(frame: Uint8Array): SeriesBatch {
    const { rows, keysAre, keys, ends } = decodeRowsFrame(frame);
    return new RowsBatch(this.#keySection(keysAre, keys, ends), rows);
  }

  /** The keys that lie in a frame, or that it names. @param keys where they or their name lie. @param ends as the frame has them */
  #keySection(keysAre: number, keys: Uint8Array, ends: Uint32Array): KeySection {
    if (keysAre === KEYS_NAMED && keys.length === KEY_LIST_NAME_SIZE) {
      const list = this.#offered.find(({ name }) => compareBytes(name, keys) === 0);
      if (!list) throw damaged("it names keys that were not offered");
      checkKeyEnds(ends, list.section);
      this.keys.addKnown(list);
      return list.section;
    }
    if (keysAre !== KEYS_GIVEN) throw damaged(`keys of kind ${keysAre} in ${keys.length} bytes`);
    const section = { bytes: keys, ends };
    checkKeyEnds(ends, section);
    this.keys.add(section);
    return section;
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

/** @param size of the section that ends point into. @returns see BlockTable */
function readBlocks(table: Uint8Array, timestampCount: number, size: number): Uint32Array {
  const words = copyOfWords(table);
  let start = 0;
  for (let at = 0; at < words.length; at += 2) {
    const index = words[at] as number;
    const end = words[at + 1] as number;
    if (index >= timestampCount) throw damaged(`value block ${at / 2} has timestamps ${index}`);
    if (end < start || end > size) throw damaged(`value block ${at / 2} ends at ${end} of ${size}`);
    start = end;
  }
  if (start !== size) throw damaged(`value blocks end at ${start} of ${size}`);
  return words;
}

/** The ends of keys, of which a table of series has one in two words. */
function keyEndsOf(series: Uint32Array): Uint32Array {
  const ends = new Uint32Array(series.length / 2);
  for (let i = 0; i < ends.length; i += 1) ends[i] = series[i * 2] as number;
  return ends;
}

/** That what a frame says of its keys is so. */
function checkKeyEnds(said: Uint32Array, { bytes, ends }: KeySection): void {
  if (said.length !== ends.length) throw damaged(`${said.length} series with ${ends.length} keys`);
  let start = 0;
  for (let i = 0; i < said.length; i += 1) {
    const end = said[i] as number;
    if (end < start || end > bytes.length || end !== ends[i])
      throw damaged(`key ${i} ends at ${end} of ${bytes.length}`);
    start = end;
  }
  if (start !== bytes.length) throw damaged("keys end too early");
}

function checkBlockEnds(series: Uint32Array, blockCount: number): void {
  let start = 0;
  for (let at = 1; at < series.length; at += 2) {
    const end = series[at] as number;
    if (end < start || end > blockCount)
      throw damaged(`series ${at >>> 1} ends at block ${end} of ${blockCount}`);
    start = end;
  }
  if (start !== blockCount) throw damaged("series end too early");
}

/** The series of a frame: most readers know the keys, and need no more of the blocks than their table. */
class FrameBatch implements SeriesBatch {
  readonly keySection: KeySection;
  readonly blockTable: BlockTable;
  readonly blockTotals: { readonly count: number; readonly size: number };

  constructor(keys: KeySection, table: BlockTable, totals: FrameBatch["blockTotals"]) {
    this.keySection = keys;
    this.blockTable = table;
    this.blockTotals = totals;
  }

  get length(): number {
    return this.keySection.ends.length;
  }

  *[Symbol.iterator](): Generator<SeriesBlocks> {
    for (let i = 0; i < this.length; i += 1)
      yield new FrameSeries(this.keySection, this.blockTable, i);
  }
}

/** A series in a frame. Its key and blocks are made when somebody asks, anew each time. */
class FrameSeries implements SeriesBlocks {
  readonly #keys: KeySection;
  readonly #table: BlockTable;
  readonly #number: number;

  constructor(keys: KeySection, table: BlockTable, number: number) {
    this.#keys = keys;
    this.#table = table;
    this.#number = number;
  }

  get key(): Uint8Array {
    const { bytes, ends } = this.#keys;
    return bytes.subarray(startIn(ends, this.#number), ends[this.#number]);
  }

  get blocks(): readonly ValueBlock[] {
    return blocksOfSeries(this.#table, this.#number);
  }
}

/** Where what ends at `ends[number]` starts. */
function startIn(ends: Uint32Array, number: number): number {
  return number === 0 ? 0 : (ends[number - 1] as number);
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

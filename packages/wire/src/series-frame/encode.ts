/**
 * Incremental encoder of the frames of a search: append series until a frame is full, take it, go on.
 *
 * Layout: docs/formats/series-frame.md. Each timestamp block is written once per frame. A series whose
 * blocks do not fit one frame goes on in the next one, under its key again.
 *
 * For somebody who asks for a leaf, rows go out in place of the blocks that they are made of. Then no series is in two frames; if one
 * is too long for that, it and all that follow go out as blocks. Frames of rows end early where few bytes stand for many samples.
 *
 * Where frames end does not depend on whether their keys are sent or named, and follows the lists that are offered as far as their
 * sizes allow: so an answer like the one before has the same lists.
 */
import { assert, ByteWriter } from "@tideline/common";
import type {
  BlockTable,
  Coverage,
  LeafOnBlocks,
  SeriesBlocks,
  TimestampBlock,
} from "@tideline/model";
import type { KeyListOffer } from "./key-list.ts";
import { writeFrameStart } from "./frame-start.ts";
import {
  FRAME_SIZE_TARGET,
  KEYS_GIVEN,
  KEYS_NAMED,
  KIND_END,
  KIND_SERIES,
  SERIES_ENTRY_SIZE,
  SERIES_HEADER_SIZE,
  TIMESTAMP_ENTRY_SIZE,
  VALUE_ENTRY_SIZE,
} from "./layout.ts";
import { OfferedLists } from "./offered-lists.ts";
import { encodeRowsFrame } from "./rows-frame.ts";
import { wordsOf } from "./words.ts";

const NO_BYTES = new Uint8Array(0);

/** Samples in the blocks of a frame, past which their rows are worked out: some milliseconds, between which a lane does other things. */
const LEAF_SAMPLES_MAX = 256 * 1024;

/** A frame may grow to so many times its size before a series of a leaf is torn apart. */
const WHOLE_SERIES_FACTOR = 8;

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
  /** Timestamp blocks of this frame. */
  #timestampBlocks: TimestampBlock[] = [];
  /** What was asked for last. */
  #lastTimestamps: TimestampBlock | null = null;
  #lastIndex = 0;
  #seriesCount = 0;
  #valueCount = 0;
  #sampleCount = 0;
  /** Of the series that has begun. */
  #keyBytes: Uint8Array = NO_BYTES;
  #keyStart = 0;
  #keyEnd = 0;
  /** Whether its key is in this frame, and whether it has blocks in any. */
  #isOpen = false;
  #hasBlocks = false;
  readonly #offered = new OfferedLists();
  /** What is made of the blocks; null: they go out. */
  #leaf: LeafOnBlocks | null = null;
  #full: Uint8Array<ArrayBuffer>[] = [];

  constructor(options: { frameSizeTarget?: number } = {}) {
    this.#sizeTarget = options.frameSizeTarget ?? FRAME_SIZE_TARGET;
  }

  /**
   * Begins an answer to somebody who holds these lists.
   *
   * @param leaf what they make of the blocks, where it can be worked out here; then `append` and `endSeries` wait for it
   */
  begin(offers: readonly KeyListOffer[] = [], leaf: LeafOnBlocks | null = null): void {
    this.#offered.begin(offers);
    this.#leaf = leaf;
  }

  /** Appends one series; its bytes are copied. Afterwards take the full frames. */
  append({ key, blocks }: SeriesBlocks): void {
    this.beginSeries(key, 0, key.length);
    for (const { timestamps, bytes } of blocks) this.putBlock(timestamps, bytes, 0, bytes.length);
    this.endSeries();
  }

  /**
   * Begins a series whose blocks come one by one, from wherever they lie: makes no object. Then put its blocks, and end it.
   *
   * @param bytes where its key is; borrowed until the end
   */
  beginSeries(bytes: Uint8Array, keyStart: number, keyEnd: number): void {
    this.#keyBytes = bytes;
    this.#keyStart = keyStart;
    this.#keyEnd = keyEnd;
  }

  /** A block of the series that has begun: its values are `bytes` from `start` to `end`. All is copied. */
  putBlock(timestamps: TimestampBlock, bytes: Uint8Array, start: number, end: number): void {
    if (!this.#isOpen) this.#openSeries();
    this.#valueTable.u32(this.#indexOf(timestamps));
    this.#values.part(bytes, start, end);
    this.#valueTable.u32(this.#values.size);
    this.#valueCount += 1;
    this.#sampleCount += timestamps.count;
    if (!this.#isFull || this.#mayGrow) return;
    this.#leaf = null;
    this.#closeSeries();
    this.#full.push(this.#finish());
  }

  /** Ends the series that has begun; one without blocks is left out. @returns whether it has any */
  endSeries(): boolean {
    if (this.#isOpen) {
      this.#closeSeries();
      if (this.#seriesCount === this.#offered.next) this.#endAsOffered();
      if (this.#leaf && (this.#isFull || this.#sampleCount >= LEAF_SAMPLES_MAX))
        this.#full.push(this.#finish());
    }
    const hasBlocks = this.#hasBlocks;
    this.#hasBlocks = false;
    return hasBlocks;
  }

  /** Whether there is a full frame to take. */
  get hasFull(): boolean {
    return this.#full.length > 0;
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

  /** Where a list of the asker ends, the frame does. */
  #endAsOffered(): void {
    const name = this.#offered.nameHere(this.#keys.bytes());
    if (name) this.#full.push(this.#finish(name));
  }

  get #isFull(): boolean {
    const size = Math.max(this.#bodySize, this.#keys.size);
    if (size < this.#sizeTarget) return false;
    // A list that was offered may end a little later.
    return this.#offered.next === 0 || size >= 2 * this.#sizeTarget;
  }

  /** Whether the series that has begun goes on in this frame although it is full. */
  get #mayGrow(): boolean {
    return this.#leaf !== null && this.#bodySize < WHOLE_SERIES_FACTOR * this.#sizeTarget;
  }

  /** Bytes of the frame but for its keys. */
  get #bodySize(): number {
    return (
      SERIES_HEADER_SIZE +
      this.#timestampTable.size +
      this.#seriesTable.size +
      this.#valueTable.size +
      this.#timestamps.size +
      this.#values.size
    );
  }

  /** Its index in this frame. Neighbours share their timestamps. */
  #indexOf(timestamps: TimestampBlock): number {
    if (timestamps !== this.#lastTimestamps) {
      this.#lastTimestamps = timestamps;
      this.#lastIndex = this.#indexOfId.get(timestamps.id) ?? this.#addTimestamps(timestamps);
    }
    return this.#lastIndex;
  }

  #addTimestamps(block: TimestampBlock): number {
    const { id, count, minMs, maxMs, bytes } = block;
    const index = this.#indexOfId.size;
    this.#indexOfId.set(id, index);
    this.#timestampBlocks.push(block);
    this.#timestamps.raw(bytes);
    this.#timestampTable.u32(count);
    this.#timestampTable.u32(this.#timestamps.size);
    this.#timestampTable.f64(minMs);
    this.#timestampTable.f64(maxMs);
    return index;
  }

  #openSeries(): void {
    this.#keys.part(this.#keyBytes, this.#keyStart, this.#keyEnd);
    this.#seriesCount += 1;
    this.#isOpen = true;
    this.#hasBlocks = true;
  }

  #closeSeries(): void {
    this.#isOpen = false;
    this.#offered.endKey(this.#seriesCount - 1, this.#keys.size);
    this.#seriesTable.u32(this.#keys.size);
    this.#seriesTable.u32(this.#valueCount);
  }

  /** @param name of the keys, where the asker holds them */
  #finish(name: Uint8Array | null = null): Uint8Array<ArrayBuffer> {
    const frame = this.#rowsFrame(name) ?? this.#blocksFrame(name);
    this.#clear();
    return frame;
  }

  /** The rows of the series, for an asker who wants no more of them; null where their blocks go out. */
  #rowsFrame(name: Uint8Array | null): Uint8Array<ArrayBuffer> | null {
    const rows = this.#leaf?.rowsOf(this.#blockTable());
    if (!rows) return null;
    const keys = {
      bytes: name ?? this.#keys.bytes(),
      isName: name !== null,
      ends: this.#offered.endsOf(this.#seriesCount),
    };
    return encodeRowsFrame(keys, rows);
  }

  /** A view: until this frame is finished. */
  #blockTable(): BlockTable {
    return {
      bytes: this.#values.bytes(),
      blocks: wordsOf(this.#valueTable.bytes()),
      series: wordsOf(this.#seriesTable.bytes()),
      timestamps: this.#timestampBlocks,
    };
  }

  #blocksFrame(name: Uint8Array | null): Uint8Array<ArrayBuffer> {
    const keys = name ?? this.#keys.bytes();
    const parts = [
      this.#timestampTable.bytes(),
      this.#seriesTable.bytes(),
      this.#valueTable.bytes(),
      keys,
      this.#timestamps.bytes(),
      this.#values.bytes(),
    ];
    // All of it is written.
    const frame = new Uint8Array(Buffer.allocUnsafeSlow(this.#bodySize + keys.length).buffer);
    const header = new DataView(frame.buffer);
    writeFrameStart(header, KIND_SERIES);
    header.setUint32(4, this.#timestampTable.size / TIMESTAMP_ENTRY_SIZE, true);
    header.setUint32(8, this.#seriesTable.size / SERIES_ENTRY_SIZE, true);
    header.setUint32(12, this.#valueTable.size / VALUE_ENTRY_SIZE, true);
    header.setUint32(16, keys.length, true);
    header.setUint32(20, this.#timestamps.size, true);
    header.setUint32(24, this.#values.size, true);
    header.setUint32(28, name ? KEYS_NAMED : KEYS_GIVEN, true);
    let at = SERIES_HEADER_SIZE;
    for (const part of parts) {
      frame.set(part, at);
      at += part.length;
    }
    return frame;
  }

  #clear(): void {
    this.#timestampTable.clear();
    this.#seriesTable.clear();
    this.#valueTable.clear();
    this.#keys.clear();
    this.#timestamps.clear();
    this.#values.clear();
    this.#indexOfId.clear();
    this.#timestampBlocks = [];
    this.#lastTimestamps = null;
    this.#seriesCount = 0;
    this.#valueCount = 0;
    this.#sampleCount = 0;
    this.#offered.toStart();
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

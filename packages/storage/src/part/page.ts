/**
 * Index pages: lists of byte strings ("entries") that are found by their position, compressed as a whole.
 * Neighbouring keys repeat each other, and zstd finds that; so the entries themselves stay plain.
 * Format: docs/formats/part.md#pages.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { ByteReader, ByteWriter } from "@tideline/common";
import type { EntryCursor } from "./entry-cursor.ts";

const CODEC_PLAIN = 0;
const CODEC_ZSTD = 1;
/** u8 codec, u32 size before compression. */
const PREFIX_SIZE = 5;
/** Smaller pages are not worth a decompression. */
const COMPRESSED_SIZE_MIN = 128;
/** The least that zlib takes. */
const CHUNK_SIZE_MIN = 64;
/** A page holds at least one entry, which may be large; past this a size is a lie. */
const RAW_SIZE_MAX = 256 * 1024 * 1024;

/** Collects the entries of one page. */
export class PageBuilder {
  readonly #entries = new ByteWriter(32 * 1024);
  readonly #ends: number[] = [];

  get count(): number {
    return this.#ends.length;
  }

  /** Bytes of the page before compression. */
  get size(): number {
    return 4 + this.#ends.length * 4 + this.#entries.size;
  }

  add(entry: Uint8Array): void {
    this.#entries.raw(entry);
    this.#ends.push(this.#entries.size);
  }

  /** The page's payload, owned by the caller; the builder starts anew. */
  finish(): Uint8Array {
    const raw = new ByteWriter(this.size);
    raw.u32(this.#ends.length);
    for (const end of this.#ends) raw.u32(end);
    raw.raw(this.#entries.bytes());
    this.#entries.clear();
    this.#ends.length = 0;
    return packPage(raw.bytes());
  }
}

/** Compresses bytes where that pays. */
function packPage(raw: Uint8Array): Uint8Array {
  const packed = raw.length >= COMPRESSED_SIZE_MIN ? zstdCompressSync(raw) : raw;
  const isPacked = packed.length < raw.length;
  const writer = new ByteWriter(PREFIX_SIZE + packed.length);
  writer.u8(isPacked ? CODEC_ZSTD : CODEC_PLAIN);
  writer.u32(raw.length);
  writer.raw(isPacked ? packed : raw);
  return writer.bytes();
}

/** @throws {RangeError} on bytes that packPage did not write */
function unpackPage(payload: Uint8Array): Uint8Array {
  const reader = new ByteReader(payload);
  const codec = reader.u8();
  const rawSize = reader.u32();
  const body = reader.raw(reader.restSize);
  if (rawSize > RAW_SIZE_MAX) throw new RangeError(`a page of ${rawSize} bytes`);
  if (codec === CODEC_PLAIN && body.length === rawSize) return body;
  if (codec !== CODEC_ZSTD) throw new RangeError(`no page: codec ${codec}`);
  const raw = unzstd(body, rawSize);
  if (raw.length !== rawSize) throw new RangeError(`a page of ${raw.length}, not ${rawSize} bytes`);
  return raw;
}

function unzstd(body: Uint8Array, rawSize: number): Uint8Array {
  try {
    // One chunk: joining several costs as much as the decompression.
    const chunkSize = Math.max(CHUNK_SIZE_MIN, rawSize + 1);
    return zstdDecompressSync(body, { maxOutputLength: Math.max(1, rawSize), chunkSize });
  } catch (cause) {
    throw new RangeError("a page that zstd does not take", { cause });
  }
}

/** A page in memory. */
export class Page {
  readonly count: number;
  /** Bytes in memory. */
  readonly size: number;
  readonly #raw: Uint8Array;
  readonly #view: DataView;

  /** @throws {RangeError} on a payload that is no page */
  constructor(payload: Uint8Array) {
    const raw = unpackPage(payload);
    this.#raw = raw;
    this.#view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    this.size = raw.length;
    this.count = new ByteReader(raw).u32();
    const entriesSize = raw.length - this.#entriesAt;
    if (entriesSize < 0)
      throw new RangeError(`a page of ${this.count} entries in ${raw.length} bytes`);
    let previousEnd = 0;
    for (let i = 0; i < this.count; i += 1) {
      const end = this.#endOf(i);
      if (end < previousEnd) throw new RangeError("entries of a page overlap");
      previousEnd = end;
    }
    if (previousEnd !== entriesSize) throw new RangeError("entries of a page do not fill it");
  }

  /** A view of entry `index`; valid as long as anybody holds it. */
  entry(index: number): Uint8Array {
    const start = index === 0 ? 0 : this.#endOf(index - 1);
    const at = this.#entriesAt;
    return this.#raw.subarray(at + start, at + this.#endOf(index));
  }

  /** Opens a cursor at entry `index` of the series table. @throws {RangeError} it is no such entry */
  openEntry(index: number, cursor: EntryCursor): void {
    const start = index === 0 ? 0 : this.#endOf(index - 1);
    const at = this.#entriesAt;
    cursor.open(this.#raw, this.#view, at + start, at + this.#endOf(index));
  }

  /**
   * Orders the sized key that entry `index` starts with against `key`: below, at or above zero. Without a view, since
   * a search asks often.
   *
   * @throws {RangeError} when the entry does not start with a key
   */
  compareKey(index: number, key: Uint8Array): number {
    const raw = this.#raw;
    const entriesAt = this.#entriesAt;
    const end = entriesAt + this.#endOf(index);
    let at = entriesAt + (index === 0 ? 0 : this.#endOf(index - 1));
    let size = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = raw[at] as number;
      at += 1;
      size += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    if (!(at + size <= end)) throw new RangeError("an entry without its key");
    const sharedSize = Math.min(size, key.length);
    for (let i = 0; i < sharedSize; i += 1) {
      const difference = (raw[at + i] as number) - (key[i] as number);
      if (difference !== 0) return difference;
    }
    return size - key.length;
  }

  get #entriesAt(): number {
    return 4 + this.count * 4;
  }

  #endOf(index: number): number {
    return this.#view.getUint32(4 + index * 4, true);
  }
}

/**
 * Reads the units of a part: each one is a payload with its CRC32C behind it, checked on every read from the disk.
 * Index pages are kept in the page cache; blocks come through windows that read ahead while a query walks along the
 * file, so that neighbours share a pread.
 */
import { errorCode, type DiskFile } from "@tideline/common";
import { PART_HEADER_SIZE, partDamage, unitCrc } from "./format.ts";
import { Page } from "./page.ts";
import type { PageCache, PageMap } from "./page-cache.ts";
import type { UnitPointer } from "./part-sink.ts";

/** First read of a window; each further one along the file is four times as long, up to the last. */
const WINDOW_SIZE_MIN = 16 * 1024;
const WINDOW_SIZE_MAX = 256 * 1024;
/** A read that begins this far behind a window still goes along the file. */
const GAP_SIZE_MAX = 64 * 1024;
/** The most that is read at once because a caller says that it will need it. */
const WANTED_SIZE_MAX = 1024 * 1024;

/** Bytes of the file; never written to again once read, so that views into them stay valid. */
interface Window {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Value blocks and timestamp blocks are read along the file at different places. */
export type WindowName = 0 | 1;
export const VALUE_WINDOW: WindowName = 0;
export const TIMESTAMP_WINDOW: WindowName = 1;

export class UnitReader {
  readonly path: string;
  readonly #file: DiskFile;
  readonly #cache: PageCache;
  /** Offset past the last unit. */
  readonly #end: number;
  readonly #pages: PageMap<Page> = new Map();
  readonly #payloads: PageMap<Uint8Array> = new Map();
  readonly #windows: PageMap<Window> = new Map();

  /** @param end offset past the last unit, where the footer begins */
  constructor(file: DiskFile, cache: PageCache, end: number) {
    this.path = file.path;
    this.#file = file;
    this.#cache = cache;
    this.#end = end;
  }

  /** An index page. @throws {CorruptionError}, as all methods do */
  page(pointer: UnitPointer): Page {
    const cached = this.#cache.get(this.#pages, pointer.offset);
    if (cached) return cached;
    const payload = this.#readUnit(pointer);
    const page = this.decode(pointer.offset, () => new Page(payload));
    this.#cache.add(this.#pages, pointer.offset, page, page.size);
    return page;
  }

  /** A payload that is asked for again and again. */
  payload(pointer: UnitPointer): Uint8Array {
    const cached = this.#cache.get(this.#payloads, pointer.offset);
    if (cached) return cached;
    const payload = this.#readUnit(pointer);
    this.#cache.add(this.#payloads, pointer.offset, payload, payload.length);
    return payload;
  }

  /**
   * A block, as a view into a window.
   *
   * @param wantedEnd offset up to which the caller will read next; at least the block's own end
   */
  block(name: WindowName, pointer: UnitPointer, wantedEnd: number): Uint8Array {
    this.#checkPointer(pointer);
    const { offset, size } = pointer;
    let window = this.#cache.get(this.#windows, name);
    if (!window || offset < window.start || offset + size > window.start + window.bytes.length) {
      const length = windowSize(window, offset);
      const wantedSize = Math.min(wantedEnd - offset, WANTED_SIZE_MAX);
      const readSize = Math.min(Math.max(length, wantedSize, size), this.#end - offset);
      window = { start: offset, bytes: this.read(offset, readSize) };
      this.#cache.add(this.#windows, name, window, readSize);
    }
    return this.#checkUnit(offset, window.bytes, offset - window.start, size);
  }

  /** Bytes of the file, unchecked; owned by the caller. */
  read(offset: number, size: number): Uint8Array {
    // Not from Buffer's pool: views of it live long. And no Buffer: views of those cost more.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
    let readSize: number;
    try {
      readSize = this.#file.read(bytes, offset);
    } catch (cause) {
      if (errorCode(cause) !== "EIO") throw cause;
      throw partDamage(this.path, offset, `the disk does not read ${size} bytes`, cause);
    }
    if (readSize !== size) throw partDamage(this.path, offset, `only ${readSize} of ${size} bytes`);
    return bytes;
  }

  /** Runs a decoder; what it finds wrong becomes damage of the unit at `offset`. */
  decode<T>(offset: number, decoder: () => T): T {
    try {
      return decoder();
    } catch (cause) {
      if (cause instanceof RangeError) throw partDamage(this.path, offset, cause.message, cause);
      throw cause;
    }
  }

  /** The payload of a unit in memory, `size` bytes at `start`, with its checksum behind it. */
  #checkUnit(offset: number, bytes: Uint8Array, start: number, size: number): Uint8Array {
    const end = start + size - 4;
    const payload = bytes.subarray(start, end);
    const stored =
      ((bytes[end] as number) |
        ((bytes[end + 1] as number) << 8) |
        ((bytes[end + 2] as number) << 16) |
        ((bytes[end + 3] as number) << 24)) >>>
      0;
    if (stored !== unitCrc(payload, offset))
      throw partDamage(this.path, offset, `checksum of ${size} bytes`);
    return payload;
  }

  #readUnit(pointer: UnitPointer): Uint8Array {
    this.#checkPointer(pointer);
    const { offset, size } = pointer;
    return this.#checkUnit(offset, this.read(offset, size), 0, size);
  }

  #checkPointer({ offset, size }: UnitPointer): void {
    if (offset < PART_HEADER_SIZE || size < 5 || offset + size > this.#end)
      throw partDamage(this.path, offset, `a pointer to ${size} bytes outside of the data`);
  }

  close(): void {
    this.#cache.drop(this.#pages);
    this.#cache.drop(this.#payloads);
    this.#cache.drop(this.#windows);
    this.#file.close();
  }
}

/** How much to read at `offset`, after this window. */
function windowSize(window: Window | undefined, offset: number): number {
  if (!window) return WINDOW_SIZE_MIN;
  const end = window.start + window.bytes.length;
  const goesAlong = offset >= window.start && offset <= end + GAP_SIZE_MAX;
  return goesAlong ? Math.min(window.bytes.length * 4, WINDOW_SIZE_MAX) : WINDOW_SIZE_MIN;
}

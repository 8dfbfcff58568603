/**
 * Reads the units of a part: each one is a payload with its CRC32C behind it, checked on every read from the disk.
 * Index pages are kept in the page cache one by one, blocks in segments of the file.
 */
import { errorCode, type DiskFile } from "@tideline/common";
import { BlockSegments } from "./block-segments.ts";
import type { BytePlace } from "./byte-place.ts";
import { PART_HEADER_SIZE, partDamage, unitCrc } from "./format.ts";
import { Page } from "./page.ts";
import type { PageCache, PageMap } from "./page-cache.ts";
import type { UnitPointer } from "./part-sink.ts";
import { unpackGroup } from "./value-group.ts";

export class UnitReader {
  readonly path: string;
  readonly #file: DiskFile;
  readonly #cache: PageCache;
  /** Offset past the last unit. */
  readonly #end: number;
  readonly #pages: PageMap<Page> = new Map();
  readonly #payloads: PageMap<Uint8Array> = new Map();
  readonly #groups: PageMap<Uint8Array> = new Map();
  readonly #blocks: BlockSegments;

  /** @param end offset past the last unit, where the footer begins */
  constructor(file: DiskFile, cache: PageCache, end: number) {
    this.path = file.path;
    this.#file = file;
    this.#cache = cache;
    this.#end = end;
    this.#blocks = new BlockSegments({
      cache,
      end,
      read: (offset, size) => this.read(offset, size),
      check: (unit, bytes, start) => this.#checkUnit(unit, bytes, start),
    });
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

  /** A block, or a page of identities: a view that stays valid. */
  block(pointer: UnitPointer): Uint8Array {
    this.#checkPointer(pointer.offset, pointer.size);
    return this.#blocks.payload(pointer);
  }

  /** Where a block lies, without making a view of it. */
  findBlock(offset: number, size: number, place: BytePlace): void {
    this.#checkPointer(offset, size);
    this.#blocks.find(offset, size, place);
  }

  /** A group of blocks, unpacked once for all of them. */
  group(pointer: UnitPointer): Uint8Array {
    const cached = this.#cache.get(this.#groups, pointer.offset);
    if (cached) return cached;
    const payload = this.#readUnit(pointer);
    const raw = this.decode(pointer.offset, () => unpackGroup(payload));
    this.#cache.add(this.#groups, pointer.offset, raw, raw.length);
    return raw;
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
      throw this.damageBy(cause, offset);
    }
  }

  /** What a decoder of the unit at `offset` has found wrong is damage; other errors stay. */
  damageBy(cause: unknown, offset: number): unknown {
    return cause instanceof RangeError
      ? partDamage(this.path, offset, cause.message, cause)
      : cause;
  }

  /** The payload of a unit in memory, `size` bytes at `start`, with its checksum behind it. */
  #checkUnit({ offset, size }: UnitPointer, bytes: Uint8Array, start: number): Uint8Array {
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
    this.#checkPointer(pointer.offset, pointer.size);
    return this.#checkUnit(pointer, this.read(pointer.offset, pointer.size), 0);
  }

  #checkPointer(offset: number, size: number): void {
    if (offset < PART_HEADER_SIZE || size < 5 || offset + size > this.#end)
      throw partDamage(this.path, offset, `a pointer to ${size} bytes outside of the data`);
  }

  close(): void {
    this.#cache.drop(this.#pages);
    this.#cache.drop(this.#payloads);
    this.#cache.drop(this.#groups);
    this.#blocks.close();
    this.#file.close();
  }
}

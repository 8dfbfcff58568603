/**
 * The blocks of a part in memory: the file in segments of 128 KiB, which stay in the page cache. Neighbours share a read, and
 * whoever asks again finds them read and checked: a dashboard asks for the same blocks every few seconds.
 *
 * 128 KiB is what Linux reads around a page that is missing in a mapped file: less saves no time of a disk.
 */
import type { PageCache, PageMap } from "./page-cache.ts";
import type { UnitPointer } from "./part-sink.ts";

const SEGMENT_SIZE = 128 * 1024;

/** Bytes of the file; never written to again once read, so that views into them stay valid. */
interface Segment {
  readonly bytes: Uint8Array;
  /** One bit per four bytes, which is less than a unit has: 1 where a unit starts whose checksum was right. */
  readonly checked: Uint8Array;
}

export interface BlockSegmentsOptions {
  readonly cache: PageCache;
  /** Offset past the last unit: nothing behind it is read. */
  readonly end: number;
  readonly read: (offset: number, size: number) => Uint8Array;
  /** The payload of a unit at `start` of `bytes`, once its checksum is right. @throws {CorruptionError} */
  readonly check: (unit: UnitPointer, bytes: Uint8Array, start: number) => Uint8Array;
}

export class BlockSegments {
  readonly #options: BlockSegmentsOptions;
  readonly #segments: PageMap<Segment> = new Map();

  constructor(options: BlockSegmentsOptions) {
    this.#options = options;
  }

  /** The payload of a unit that lies inside the file; a view that stays valid. @throws {CorruptionError} */
  payload(unit: UnitPointer): Uint8Array {
    const { offset, size } = unit;
    const at = offset % SEGMENT_SIZE;
    const segment = this.#segment(offset - at);
    if (at + size > segment.bytes.length) return this.#options.check(unit, this.#joined(unit), 0);
    const index = at >>> 5;
    const bit = 1 << ((at >>> 2) & 7);
    const checked = segment.checked[index] as number;
    if ((checked & bit) !== 0) return segment.bytes.subarray(at, at + size - 4);
    const payload = this.#options.check(unit, segment.bytes, at);
    segment.checked[index] = checked | bit;
    return payload;
  }

  #segment(start: number): Segment {
    const { cache, end, read } = this.#options;
    const known = cache.get(this.#segments, start);
    if (known) return known;
    const size = Math.min(SEGMENT_SIZE, end - start);
    const segment = { bytes: read(start, size), checked: new Uint8Array((size + 31) >>> 5) };
    cache.add(this.#segments, start, segment, size + segment.checked.length);
    return segment;
  }

  /** A unit that goes on in the next segments. */
  #joined({ offset, size }: UnitPointer): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let filled = 0; filled < size;) {
      const at = (offset + filled) % SEGMENT_SIZE;
      const piece = this.#segment(offset + filled - at).bytes.subarray(at, at + size - filled);
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return bytes;
  }

  /** Views given out stay valid. */
  close(): void {
    this.#options.cache.drop(this.#segments);
  }
}

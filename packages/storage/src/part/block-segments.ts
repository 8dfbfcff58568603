/**
 * The blocks of a part in memory: the file in segments of 128 KiB, which stay in the page cache. Neighbours share a read, and
 * whoever asks again finds them read and checked: a dashboard asks for the same blocks every few seconds.
 *
 * 128 KiB is what Linux reads around a page that is missing in a mapped file: less saves no time of a disk.
 */
import { newPlace, viewOf, type BytePlace } from "./byte-place.ts";
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
  /** Whether the checksum of the unit at `start` of `bytes` is right. @throws {CorruptionError} it is not */
  readonly check: (unit: UnitPointer, bytes: Uint8Array, start: number) => void;
}

export class BlockSegments {
  readonly #options: BlockSegmentsOptions;
  readonly #segments: PageMap<Segment> = new Map();
  readonly #place = newPlace();

  constructor(options: BlockSegmentsOptions) {
    this.#options = options;
  }

  /** The payload of a unit that lies inside the file; a view that stays valid. @throws {CorruptionError} */
  payload({ offset, size }: UnitPointer): Uint8Array {
    this.find(offset, size, this.#place);
    return viewOf(this.#place);
  }

  /** As `payload`, without making a view of it. */
  find(offset: number, size: number, place: BytePlace): void {
    // By bits: an integer that a division gave is a number on V8's heap, and so is all that is added to it.
    const at = offset & (SEGMENT_SIZE - 1);
    const { bytes, checked } = this.#segment(offset - at);
    if (at + size > bytes.length) {
      const joined = this.#joined(offset, size);
      this.#options.check({ offset, size }, joined, 0);
      place.bytes = joined;
      place.start = 0;
    } else {
      const index = at >>> 5;
      const bit = 1 << ((at >>> 2) & 7);
      if (((checked[index] as number) & bit) === 0) {
        this.#options.check({ offset, size }, bytes, at);
        checked[index] = (checked[index] as number) | bit;
      }
      place.bytes = bytes;
      place.start = at;
    }
    place.end = place.start + size - 4;
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
  #joined(offset: number, size: number): Uint8Array {
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

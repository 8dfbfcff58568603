/**
 * Byte writer and reader for formats of ours: little endian, LEB128 varints, no alignment unless
 * asked for. The reader never reads past its end: it throws a RangeError that names the offset,
 * which the format above it turns into its own error class.
 */
import { assert } from "./assert.ts";

/** Appends to a buffer that grows by doubling. `bytes()` is a view that the next write may leave behind. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #size = 0;

  constructor(capacitySize = 256) {
    this.#bytes = new Uint8Array(capacitySize);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  /** Forgets what was written and keeps the memory. */
  clear(): void {
    this.#size = 0;
  }

  /** Makes room for `size` more bytes and returns the offset where they start; the caller fills them. */
  reserve(size: number): number {
    const start = this.#size;
    const end = start + size;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#size = end;
    return start;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.reserve(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.#view.setUint32(at, value, true);
  }

  /** An integer from 0 to 2^53 - 1 in 8 bytes. */
  u64(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, "a u64 is a safe integer");
    const at = this.reserve(8);
    this.#view.setUint32(at, value % 0x1_0000_0000, true);
    this.#view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
  }

  /** A float64; only for numbers of our own (times, counts): sample values go as bytes (law 2). */
  f64(value: number): void {
    const at = this.reserve(8);
    this.#view.setFloat64(at, value, true);
  }

  /** LEB128, 0 to 2^53 - 1. */
  varint(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, "a varint is a safe integer");
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.u8(rest);
  }

  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** The bytes from `start` to `end` of an array. */
  part(bytes: Uint8Array, start: number, end: number): void {
    const at = this.reserve(end - start);
    this.#bytes.set(bytes.subarray(start, end), at);
  }

  /** Varint length, then the bytes. */
  sized(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** Varint length, then UTF-8. */
  text(text: string): void {
    this.sized(Buffer.from(text, "utf8"));
  }

  /** Pads with zero bytes to a multiple of `alignment`. */
  align(alignment: number): void {
    const rest = this.#size % alignment;
    if (rest !== 0) this.#bytes.fill(0, this.reserve(alignment - rest), this.#size);
  }

  /** Overwrites four bytes written earlier, e.g. a length that was not known then. */
  patchU32(offset: number, value: number): void {
    assert(offset + 4 <= this.#size, "a patch lies inside what was written");
    this.#view.setUint32(offset, value, true);
  }

  /** A view of what was written; valid until the next write. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#size);
  }

  /** A copy of what was written, owned by the caller. */
  copy(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#size);
  }
}

/** Reads what ByteWriter wrote. Views that it returns are borrowed from the bytes it was given. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  offset: number;
  #end: number;

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes;
    this.#end = bytes.length;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
  }

  /** Bytes left to read. */
  get restSize(): number {
    return this.#end - this.offset;
  }

  /** Reads from `start` to `end` of the same bytes from now on: a reader of many things costs less than one for each. */
  turnTo(start: number, end: number): void {
    assert(start <= end && end <= this.bytes.length, "what is read lies inside the bytes");
    this.offset = start;
    this.#end = end;
  }

  #take(size: number): number {
    const at = this.offset;
    if (size < 0 || size > this.#end - at) {
      throw new RangeError(`wanted ${size} bytes at offset ${at} of ${this.#end}`);
    }
    this.offset = at + size;
    return at;
  }

  u8(): number {
    return this.bytes[this.#take(1)] as number;
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): number {
    const at = this.#take(8);
    const value =
      this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 0x1_0000_0000;
    if (!Number.isSafeInteger(value)) throw new RangeError(`number at offset ${at} is over 2^53`);
    return value;
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  varint(): number {
    const start = this.offset;
    const first = this.u8();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 0x80;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (!Number.isSafeInteger(value))
        throw new RangeError(`varint at offset ${start} is over 2^53`);
      if (byte < 0x80) return value;
      scale *= 0x80;
      if (scale > 2 ** 53) throw new RangeError(`varint at offset ${start} is too long`);
    }
  }

  raw(size: number): Uint8Array {
    const at = this.#take(size);
    return this.bytes.subarray(at, at + size);
  }

  skip(size: number): void {
    this.#take(size);
  }

  sized(): Uint8Array {
    return this.raw(this.varint());
  }

  /** UTF-8 text with a varint length; invalid UTF-8 is a RangeError. */
  text(): string {
    const bytes = this.sized();
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw new RangeError(`text before offset ${this.offset} is not UTF-8`, { cause });
    }
  }

  /** Skips padding to a multiple of `alignment`. */
  align(alignment: number): void {
    const rest = this.offset % alignment;
    if (rest !== 0) this.#take(alignment - rest);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Orders byte strings as unsigned bytes, a prefix first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

/**
 * Walks the entries of the series table block by block, making no object: a search reads thousands of them. Format:
 * docs/formats/part.md#series-entries.
 */
import { KIND_FLOAT_GROUPED, statBitsSize } from "./series-entry.ts";

const NO_BYTES = new Uint8Array(0);

export class EntryCursor {
  /** Where the entry lies. */
  bytes: Uint8Array = NO_BYTES;
  keyStart = 0;
  keyEnd = 0;
  /** Of the block that `next` came to: see PartBlock. */
  count = 0;
  // No integers from the start: V8 keeps a field's numbers as the first one comes.
  minMs = Number.NaN;
  maxMs = Number.NaN;
  valueOffset = 0;
  valueSize = 0;
  /** -1: it is a unit of its own. */
  groupStart = -1;
  groupSize = 0;
  timesOffset = 0;
  timesSize = 0;
  entryFlags = 0;
  /** Where the bits of its values start. */
  bitsAt = 0;
  #view: DataView = new DataView(NO_BYTES.buffer);
  #at = 0;
  #end = 0;
  #restCount = 0;

  /**
   * Goes to an entry, before its first block.
   *
   * @param bytes and `view`, over the same memory; borrowed
   * @throws {RangeError}, as `next` does, on bytes that are no entry
   */
  open(bytes: Uint8Array, view: DataView, start: number, end: number): void {
    this.bytes = bytes;
    this.#view = view;
    this.#at = start;
    this.#end = end;
    const keySize = this.#varint();
    this.keyStart = this.#at;
    this.#skip(keySize);
    this.keyEnd = this.#at;
    this.#restCount = this.#varint();
  }

  /** Goes to the next block; false when there is none. */
  next(): boolean {
    if (this.#restCount === 0) {
      if (this.#at !== this.#end) throw new RangeError("bytes behind a series entry");
      return false;
    }
    this.#restCount -= 1;
    this.count = this.#varint();
    const kind = this.#varint();
    if (kind > KIND_FLOAT_GROUPED) throw new RangeError(`a block of kind ${kind}`);
    this.#varint();
    this.#varint();
    const flagsAt = this.#at;
    this.#skip(17);
    this.entryFlags = this.bytes[flagsAt] as number;
    this.minMs = this.#view.getFloat64(flagsAt + 1, true);
    this.maxMs = this.#view.getFloat64(flagsAt + 9, true);
    this.valueOffset = this.#varint();
    this.valueSize = this.#varint();
    const isGrouped = kind === KIND_FLOAT_GROUPED;
    this.groupStart = isGrouped ? this.#varint() : -1;
    this.groupSize = isGrouped ? this.#varint() : 0;
    this.timesOffset = this.#varint();
    this.timesSize = this.#varint();
    this.bitsAt = this.#at;
    this.#skip(statBitsSize(this.entryFlags));
    return true;
  }

  #skip(size: number): void {
    this.#at += size;
    if (this.#at > this.#end) throw new RangeError("a series entry ends behind its bytes");
  }

  #varint(): number {
    const { bytes } = this;
    let value = 0;
    // Integers of V8's own: what is made of them stays so.
    for (let shift = 0; shift < 28 && this.#at < this.#end; shift += 7) {
      const byte = bytes[this.#at] as number;
      this.#at += 1;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return this.#largeVarint(value);
  }

  /** @param low of its 28 bits */
  #largeVarint(low: number): number {
    let value = low;
    for (let scale = 2 ** 28; scale <= 2 ** 49 && this.#at < this.#end; scale *= 0x80) {
      const byte = this.bytes[this.#at] as number;
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new RangeError(`no number before offset ${this.#at} of a series entry`);
  }
}

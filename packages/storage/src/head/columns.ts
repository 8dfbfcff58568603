/**
 * Flat memory that grows: columns of numbers and an arena of bytes. No object per element.
 *
 * Growing moves the buffer, so a view taken before is void afterwards: read `array` anew after each `ensure`.
 */
import { growBuffer } from "@tideline/common";

function grownLength(length: number, needed: number): number {
  // Doubling while small; by half when large, since the untouched rest counts against the budget.
  const step = length < 65_536 ? length : length >>> 1;
  return Math.max(needed, length + step);
}

export class U32Column {
  array: Uint32Array<ArrayBuffer>;

  constructor(length: number) {
    this.array = new Uint32Array(length);
  }

  /** Makes at least `length` elements; new ones are 0. */
  ensure(length: number): void {
    if (length <= this.array.length) return;
    const grown = grownLength(this.array.length, length);
    this.array = new Uint32Array(growBuffer(this.array.buffer, grown * 4));
  }

  get memorySize(): number {
    return this.array.byteLength;
  }
}

/** Bytes appended one after another; they never move relative to the start. */
export class ByteArena {
  bytes: Uint8Array<ArrayBuffer>;
  size = 0;

  constructor(capacitySize: number) {
    this.bytes = new Uint8Array(capacitySize);
  }

  /** Appends a copy of `source` from `start` to `end`; returns where it lies. */
  append(source: Uint8Array, start: number, end: number): number {
    const at = this.size;
    const size = at + end - start;
    if (size > this.bytes.length) {
      this.bytes = new Uint8Array(
        growBuffer(this.bytes.buffer, grownLength(this.bytes.length, size)),
      );
    }
    // Labels are short: a loop costs less than making a view for `set`.
    const target = this.bytes;
    for (let i = start, o = at; i < end; i += 1, o += 1) target[o] = source[i] as number;
    this.size = size;
    return at;
  }

  get memorySize(): number {
    return this.bytes.length;
  }
}

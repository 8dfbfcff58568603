/**
 * Values by what differs from the one before, the plain twin: for numbers that are no decimals
 * (docs/formats/block.md#values). The idea is Gorilla's (Pelkonen et al., VLDB 2015, section 4.1.2).
 */
import { type ByteReader, ByteWriter } from "@tideline/common";

const LEADING_MAX = 31;
/** Bits that a new window costs: what it saves must be more. */
const WINDOW_COST = 11;

/** @returns a view of new bytes, never longer than 11 bytes a value */
export function packXor(values: Float64Array): Uint8Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const bits = new BitWriter();
  let leading = 0;
  let width = 64;
  bits.put(words[1] as number, 32);
  bits.put(words[0] as number, 32);
  for (let i = 2; i < words.length; i += 2) {
    const low = ((words[i] as number) ^ (words[i - 2] as number)) >>> 0;
    const high = ((words[i + 1] as number) ^ (words[i - 1] as number)) >>> 0;
    if (low === 0 && high === 0) {
      bits.put(0, 1);
      continue;
    }
    const ownLeading = Math.min(LEADING_MAX, high === 0 ? 32 + Math.clz32(low) : Math.clz32(high));
    const ownTrailing = low === 0 ? 32 + trailingZeroes(high) : trailingZeroes(low);
    const ownWidth = 64 - ownLeading - ownTrailing;
    const isInside = ownLeading >= leading && ownTrailing >= 64 - leading - width;
    if (isInside && width <= ownWidth + WINDOW_COST) {
      bits.put(2, 2);
    } else {
      leading = ownLeading;
      width = ownWidth;
      bits.put(3, 2);
      bits.put(leading, 5);
      bits.put(width % 64, 6);
    }
    putWindow(bits, high, low, 64 - leading - width, width);
  }
  return bits.bytes();
}

function trailingZeroes(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** The `width` bits of a 64-bit pattern that stand above its lowest `trailing` ones. */
function putWindow(
  bits: BitWriter,
  high: number,
  low: number,
  trailing: number,
  width: number,
): void {
  let upper = high;
  let lower = low;
  if (trailing >= 32) {
    lower = high >>> (trailing - 32);
    upper = 0;
  } else if (trailing > 0) {
    lower = (low >>> trailing) | (high << (32 - trailing));
    upper = high >>> trailing;
  }
  if (width > 32) bits.put(upper, width - 32);
  bits.put(lower, Math.min(width, 32));
}

/**
 * Reads what packXor made, up to the reader's end.
 *
 * @throws {RangeError} when the bytes are no block of `target.length` values
 */
export function readXor(reader: ByteReader, target: Float64Array): void {
  const words = new Uint32Array(target.buffer, target.byteOffset, target.length * 2);
  const bits = new BitReader(reader);
  let leading = 0;
  let width = 64;
  let high = bits.get(32);
  let low = bits.get(32);
  for (let i = 0; i < words.length; i += 2) {
    if (i > 0 && bits.get(1) === 1) {
      if (bits.get(1) === 1) {
        leading = bits.get(5);
        width = bits.get(6) || 64;
        if (leading + width > 64) throw new RangeError(`a window of ${leading} + ${width} bits`);
      }
      const trailing = 64 - leading - width;
      const upper = width > 32 ? bits.get(width - 32) : 0;
      const lower = bits.get(Math.min(width, 32));
      if (trailing >= 32) {
        high ^= lower << (trailing - 32);
      } else {
        low ^= lower << trailing;
        high ^= trailing === 0 ? upper : (upper << trailing) | (lower >>> (32 - trailing));
      }
    }
    words[i] = low;
    words[i + 1] = high;
  }
  if (reader.restSize > 0) throw new RangeError(`${reader.restSize} bytes behind the values`);
}

/** Bits from the high end of each byte down; the last byte is filled up with zeroes. */
class BitWriter {
  readonly #writer = new ByteWriter();
  #byte = 0;
  #used = 0;

  /** @param count 1 to 32; bits of `value` above it are left out */
  put(value: number, count: number): void {
    for (let rest = count; rest > 0;) {
      const taken = Math.min(8 - this.#used, rest);
      rest -= taken;
      this.#byte = (this.#byte << taken) | ((value >>> rest) & ((1 << taken) - 1));
      this.#used += taken;
      if (this.#used < 8) continue;
      this.#writer.u8(this.#byte);
      this.#byte = 0;
      this.#used = 0;
    }
  }

  bytes(): Uint8Array {
    if (this.#used > 0) this.put(0, 8 - this.#used);
    return this.#writer.bytes();
  }
}

class BitReader {
  readonly #reader: ByteReader;
  #byte = 0;
  #left = 0;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  /** @param count 1 to 32 */
  get(count: number): number {
    let value = 0;
    for (let rest = count; rest > 0;) {
      if (this.#left === 0) {
        this.#byte = this.#reader.u8();
        this.#left = 8;
      }
      const taken = Math.min(this.#left, rest);
      this.#left -= taken;
      rest -= taken;
      value = (value << taken) | ((this.#byte >>> this.#left) & ((1 << taken) - 1));
    }
    return value >>> 0;
  }
}

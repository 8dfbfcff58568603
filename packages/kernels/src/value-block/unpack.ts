/** Unpacks value blocks in the kernel's memory. */
import { ByteReader } from "@tideline/common";
import type { ValueCut } from "./cut.ts";
import { BYTES_AT, kernel, MISSES_AT, packedBytes } from "./kernel.ts";
import { CODEC_DECIMAL, CODEC_RESIDUAL, CODEC_XOR, VALUES_PER_BLOCK_MAX } from "./plain.ts";

/**
 * Unpacks the values `from` to `to` of a block into the kernels' memory: value i to `at` + 8 × i. The other places up to
 * `count`, and a few behind them, hold anything then.
 *
 * @returns false when that is the plain twin's work
 */
export function unpackValues(
  block: Uint8Array,
  { count, from, to }: ValueCut,
  at: number,
): boolean {
  if (count === 0 || count > VALUES_PER_BLOCK_MAX) return false;
  if (block[0] === CODEC_DECIMAL) {
    const size = takeIn(block, 1, block.length);
    check(kernel.decode(BYTES_AT, size, count, at, from, to), block);
  } else if (block[0] === CODEC_XOR) {
    check(kernel.decodeXor(BYTES_AT, takeIn(block, 1, block.length), count, at), block);
  } else if (block[0] === CODEC_RESIDUAL) {
    const reader = new ByteReader(block, 1);
    const missesSize = reader.varint();
    const missesStart = block.length - reader.restSize;
    const missesEnd = missesStart + missesSize;
    if (missesEnd > block.length) throw new RangeError("the misses of a block end behind it");
    const size = takeIn(block, missesStart, missesEnd);
    check(kernel.decode(BYTES_AT, size, count, MISSES_AT, from, to), block);
    const restSize = takeIn(block, missesEnd, block.length);
    check(kernel.decode(BYTES_AT, restSize, count, at, from, to), block);
    if (kernel.addMisses(at, from, to) === 0) throw new RangeError("a miss over its bound");
  } else {
    return false;
  }
  return true;
}

/** Copies packed bytes into the kernel's memory. @returns their size */
export function takeIn(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > packedBytes.length) throw new RangeError(`a block of ${end - start} bytes`);
  packedBytes.set(bytes.subarray(start, end));
  return end - start;
}

function check(isBlock: number, block: Uint8Array): void {
  if (isBlock === 0) throw noValueBlock(block);
}

export function noValueBlock(block: Uint8Array): RangeError {
  return new RangeError(`no value block: codec ${block[0]}, ${block.length} bytes`);
}

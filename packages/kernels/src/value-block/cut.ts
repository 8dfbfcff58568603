/** Some values of a block as a block of their own, where that is shorter: nothing is packed anew. */
import { assert } from "@tideline/common";
import { CODEC_CONST, decodeValuesPlain, rawBlock } from "./plain.ts";

/** Values `from` to `to` (exclusive, at least one) of a block of `count`. */
export interface ValueCut {
  readonly count: number;
  readonly from: number;
  readonly to: number;
}

/** Whether the block from `start` to `end` says the same of any count of values. */
export function isConstant(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes[start] === CODEC_CONST && end - start === 9;
}

/** Whether the values, as they are, take less than a block of `size` bytes, so that they are worth unpacking it. */
export function isWorthCutting(size: number, { from, to }: ValueCut): boolean {
  return 1 + (to - from) * 8 < size;
}

/**
 * @returns a block of `to - from` values: owned by the caller, or `block` itself where its bytes say the same of any
 *   count; null when it would be no shorter
 * @throws {RangeError} when the bytes are no block of `count` values
 */
export function cutValuesPlain(block: Uint8Array, cut: ValueCut): Uint8Array | null {
  assert(cut.from >= 0 && cut.from < cut.to && cut.to <= cut.count, "a cut lies in its block");
  if (isConstant(block, 0, block.length)) return block;
  if (!isWorthCutting(block.length, cut)) return null;
  const values = new Float64Array(cut.count);
  decodeValuesPlain(block, values);
  return rawBlock(new Uint8Array(values.buffer, cut.from * 8, (cut.to - cut.from) * 8));
}

/**
 * Blocks of sample values: 1 to VALUES_PER_BLOCK_MAX float64 bit patterns, bit for bit.
 *
 * The first byte names the codec, so that a reader needs nothing else (docs/formats/block.md). Ids never move.
 * All values pass as bits: typed array to typed array only.
 */
import { assert } from "@tideline/common";

export const VALUES_PER_BLOCK_MAX = 8192;

/** 8 bytes a value, as they are. */
const CODEC_RAW = 0;
/** One 8-byte pattern that all values share. */
const CODEC_CONST = 1;

/**
 * Packs values into a new byte string, owned by the caller.
 *
 * @param values 1 ≤ length ≤ VALUES_PER_BLOCK_MAX; borrowed
 */
export function encodeValues(values: Float64Array): Uint8Array<ArrayBuffer> {
  assert(
    values.length > 0 && values.length <= VALUES_PER_BLOCK_MAX,
    "a block holds 1 to 8192 values",
  );
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let isConst = true;
  for (let i = 2; i < words.length; i += 1) {
    if (words[i] !== words[i & 1]) {
      isConst = false;
      break;
    }
  }
  const body = isConst ? bytes.subarray(0, 8) : bytes;
  const block = new Uint8Array(1 + body.length);
  block[0] = isConst ? CODEC_CONST : CODEC_RAW;
  block.set(body, 1);
  return block;
}

/**
 * Unpacks exactly `target.length` values.
 *
 * @throws {RangeError} when the bytes are no block of that many values; the caller names the place
 */
export function decodeValues(block: Uint8Array, target: Float64Array): void {
  const out = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  const body = block.subarray(1);
  if (block[0] === CODEC_RAW && body.length === out.length) {
    out.set(body);
    return;
  }
  if (block[0] === CODEC_CONST && body.length === 8 && out.length > 0) {
    out.set(body);
    target.fill(0, 1);
    for (let filled = 8; filled < out.length; filled *= 2)
      out.copyWithin(filled, 0, Math.min(filled, out.length - filled));
    return;
  }
  throw new RangeError(
    `no value block of ${target.length} values: codec ${block[0]}, ${block.length} bytes`,
  );
}

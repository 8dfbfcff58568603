/**
 * Blocks of sample values, the plain twin: 1 to VALUES_PER_BLOCK_MAX float64 bit patterns, bit for bit.
 *
 * The first byte names the codec, so that a reader needs nothing else (docs/formats/block.md#values). Ids
 * never move. All values pass as bits: typed array to typed array only.
 */
import { assert, ByteReader } from "@tideline/common";
import { packDecimals, readDecimals } from "./decimal.ts";
import { packResiduals, readResiduals } from "./residual.ts";
import { packXor, readXor } from "./xor.ts";

export const VALUES_PER_BLOCK_MAX = 8192;

/** 8 bytes a value, as they are. */
export const CODEC_RAW = 0;
/** One 8-byte pattern that all values share. */
export const CODEC_CONST = 1;
/** decimal.ts */
export const CODEC_DECIMAL = 2;
/** residual.ts */
export const CODEC_RESIDUAL = 3;
/** xor.ts */
export const CODEC_XOR = 4;

/** What the codecs are made of; each returns bytes that are used before it is called again. */
export interface Packers {
  /** Null when decimals do not pay. */
  readonly decimals: (values: Float64Array) => Uint8Array | null;
  readonly xor: (values: Float64Array) => Uint8Array;
}

const PLAIN_PACKERS: Packers = { decimals: packDecimals, xor: packXor };

/**
 * Packs values into a new byte string, owned by the caller.
 *
 * @param values 1 ≤ length ≤ VALUES_PER_BLOCK_MAX; borrowed
 */
export function encodeValuesPlain(values: Float64Array): Uint8Array<ArrayBuffer> {
  assert(
    values.length > 0 && values.length <= VALUES_PER_BLOCK_MAX,
    "a block holds 1 to 8192 values",
  );
  return packValues(values, PLAIN_PACKERS);
}

/** Chooses the codec; what both twins share. */
export function packValues(values: Float64Array, packers: Packers): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (isConst(values)) return tagged(CODEC_CONST, bytes.subarray(0, 8));
  const decimals = packers.decimals(values);
  if (decimals && decimals.length < bytes.length) return tagged(CODEC_DECIMAL, decimals);
  const residuals = decimals ? null : packResiduals(values, packers.decimals);
  const xor = packers.xor(values);
  const sizeMax = Math.min(xor.length, bytes.length);
  if (residuals && residuals.length <= sizeMax) return tagged(CODEC_RESIDUAL, residuals);
  return xor.length < bytes.length ? tagged(CODEC_XOR, xor) : tagged(CODEC_RAW, bytes);
}

function isConst(values: Float64Array): boolean {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  for (let i = 2; i < words.length; i += 1) if (words[i] !== words[i & 1]) return false;
  return true;
}

/**
 * Values in a block without a search for its shortest form: a constant, or as they are. For few values that are on their
 * way: packing 13 takes 2.6 µs and saves their reader nothing.
 *
 * @param values 1 ≤ length ≤ VALUES_PER_BLOCK_MAX; borrowed
 * @returns a block that decodeValues takes, owned by the caller
 */
export function wrapValues(values: Float64Array): Uint8Array<ArrayBuffer> {
  assert(
    values.length > 0 && values.length <= VALUES_PER_BLOCK_MAX,
    "a block holds 1 to 8192 values",
  );
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return isConst(values) ? tagged(CODEC_CONST, bytes.subarray(0, 8)) : rawBlock(bytes);
}

/** Values as they are, in a block that is owned by the caller. @param bytes 8 per value; borrowed */
export function rawBlock(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return tagged(CODEC_RAW, bytes);
}

function tagged(codec: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(1 + body.length);
  block[0] = codec;
  block.set(body, 1);
  return block;
}

/**
 * Unpacks exactly `target.length` values.
 *
 * @throws {RangeError} when the bytes are no block of that many values; the caller names the place.
 *   The target holds anything then
 */
export function decodeValuesPlain(block: Uint8Array, target: Float64Array): void {
  const codec = block[0];
  const body = block.subarray(1);
  const out = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  if (target.length === 0 || target.length > VALUES_PER_BLOCK_MAX) throw noBlock(block, target);
  if (codec === CODEC_RAW && body.length === out.length) out.set(body);
  else if (codec === CODEC_CONST && body.length === 8) fillWith(out, body);
  else if (codec === CODEC_DECIMAL) readDecimals(new ByteReader(body), target);
  else if (codec === CODEC_RESIDUAL) readResiduals(new ByteReader(body), target);
  else if (codec === CODEC_XOR) readXor(new ByteReader(body), target);
  else throw noBlock(block, target);
}

function noBlock(block: Uint8Array, target: Float64Array): RangeError {
  return new RangeError(
    `no value block of ${target.length} values: codec ${block[0]}, ${block.length} bytes`,
  );
}

/** Repeats 8 bytes over all of `out`, without a number in between. */
function fillWith(out: Uint8Array, pattern: Uint8Array): void {
  out.set(pattern);
  for (let filled = 8; filled < out.length; filled *= 2) {
    out.copyWithin(filled, 0, Math.min(filled, out.length - filled));
  }
}

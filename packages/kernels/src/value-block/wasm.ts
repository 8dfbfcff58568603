/**
 * Value blocks in WASM where there is something to compute. The bytes are the plain twin's own.
 *
 * Works in the memory of series-memory.ts. Measured on node_exporter's samples at 1 s (2 cores EPYC, loaded, copies in and
 * out included; plain.ts: 4 and 15): 0.535 byte a sample; millions of samples per CPU second, encode and decode:
 * constants 190 and 3,200, decimals 39 and 410, near decimals 11 and 160, differing bits 13 and 100.
 */
import { assert } from "@tideline/common";
import { isInSeriesMemory, seriesMemory as memory } from "../series-memory.ts";
import { BYTES_AT, kernel, packedBytes, VALUES_AT } from "./kernel.ts";
import {
  CODEC_CONST,
  CODEC_DECIMAL,
  CODEC_RAW,
  CODEC_XOR,
  decodeValuesPlain,
  packValues,
  type Packers,
  VALUES_PER_BLOCK_MAX,
} from "./plain.ts";
import { unpackValues } from "./unpack.ts";

const words = new Uint32Array(memory.bytes.buffer);
const inputWords = new Uint32Array(memory.bytes.buffer, VALUES_AT, VALUES_PER_BLOCK_MAX * 2);
const inputBytes = memory.bytes.subarray(VALUES_AT, VALUES_AT + VALUES_PER_BLOCK_MAX * 8);

/** As `encodeValuesPlain`, quicker. */
export function encodeValues(values: Float64Array): Uint8Array<ArrayBuffer> {
  assert(
    values.length > 0 && values.length <= VALUES_PER_BLOCK_MAX,
    "a block holds 1 to 8192 values",
  );
  return packValues(values, PACKERS);
}

/**
 * Packs values into memory of the caller, as a block that `decodeValues` takes. For short blocks by the million: makes no
 * object, and leaves the planes of residuals out, whose search costs ten times the rest and saves little of few values.
 *
 * @param valueWords from wordsOf; borrowed
 * @param count of values, 1 to VALUES_PER_BLOCK_MAX
 * @param target has room for 1 + 8 × count bytes at `at`
 * @returns the size of the block
 */
export function packValuesInto(
  valueWords: Uint32Array,
  count: number,
  target: Uint8Array,
  at: number,
): number {
  assert(count > 0 && count <= VALUES_PER_BLOCK_MAX, "a block holds 1 to 8192 values");
  let isConst = true;
  for (let i = 0; i < count * 2; i += 1) {
    const word = valueWords[i] as number;
    inputWords[i] = word;
    if (word !== valueWords[i & 1]) isConst = false;
  }
  if (isConst) return putBlock(CODEC_CONST, inputBytes, 8, target, at);
  const rawSize = count * 8;
  const decimalSize = kernel.encode(VALUES_AT, count, BYTES_AT);
  if (decimalSize >= 0 && decimalSize < rawSize)
    return putBlock(CODEC_DECIMAL, packedBytes, decimalSize, target, at);
  const xorSize = kernel.encodeXor(VALUES_AT, count, BYTES_AT);
  if (xorSize < rawSize) return putBlock(CODEC_XOR, packedBytes, xorSize, target, at);
  return putBlock(CODEC_RAW, inputBytes, rawSize, target, at);
}

/** Few bytes: a loop costs less than making a view for `set`. @returns the size of the block */
function putBlock(
  codec: number,
  body: Uint8Array,
  bodySize: number,
  target: Uint8Array,
  at: number,
): number {
  target[at] = codec;
  for (let i = 0; i < bodySize; i += 1) target[at + 1 + i] = body[i] as number;
  return 1 + bodySize;
}

function packDecimals(values: Float64Array): Uint8Array | null {
  memory.bytes.set(bytesOf(values), VALUES_AT);
  const size = kernel.encode(VALUES_AT, values.length, BYTES_AT);
  return size < 0 ? null : packedBytes.slice(0, size);
}

function packXor(values: Float64Array): Uint8Array {
  memory.bytes.set(bytesOf(values), VALUES_AT);
  return packedBytes.subarray(0, kernel.encodeXor(VALUES_AT, values.length, BYTES_AT));
}

const PACKERS: Packers = { decimals: packDecimals, xor: packXor };

/** As `decodeValuesPlain`, quicker; values that are wanted in the kernels' own memory are unpacked in place. */
export function decodeValues(block: Uint8Array, target: Float64Array): void {
  const count = target.length;
  const isInPlace = isInSeriesMemory(target);
  const at = isInPlace ? target.byteOffset : VALUES_AT;
  if (isInPlace && placeValues(block, count, at)) return;
  if (!unpackValues(block, { count, from: 0, to: count }, at))
    return decodeValuesPlain(block, target);
  if (isInPlace) return;
  const out = bytesOf(target);
  out.set(memory.bytes.subarray(VALUES_AT, VALUES_AT + out.length));
}

/**
 * Values that stand in their block as they are, or one for all, in the kernels' memory: what searches answer with by the
 * thousand, so no object is made.
 *
 * @returns false when they do not
 */
function placeValues(block: Uint8Array, count: number, at: number): boolean {
  const { bytes } = memory;
  const codec = block[0];
  if (codec === CODEC_RAW && block.length === 1 + 8 * count) {
    // The codec goes before the first value for a moment.
    const before = bytes[at - 1] as number;
    bytes.set(block, at - 1);
    bytes[at - 1] = before;
    return true;
  }
  if (codec !== CODEC_CONST || block.length !== 9) return false;
  for (let i = 0; i < 8; i += 1) bytes[at + i] = block[1 + i] as number;
  const end = at / 4 + count * 2;
  for (let word = at / 4 + 2; word < end; word += 1) words[word] = words[word - 2] as number;
  return true;
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

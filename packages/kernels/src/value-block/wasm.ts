/**
 * Value blocks in WASM where there is something to compute. The bytes are the plain twin's own.
 *
 * Works in the memory of series-memory.ts. Measured on node_exporter's samples at 1 s (2 cores EPYC, loaded, copies in and
 * out included; plain.ts: 4 and 15): 0.535 byte a sample; millions of samples per CPU second, encode and decode:
 * constants 190 and 3,200, decimals 39 and 410, near decimals 11 and 160, differing bits 13 and 100.
 */
import { assert, ByteReader, entryUrl } from "@tideline/common";
import { loadKernel } from "../kernel-memory.ts";
import { isInSeriesMemory, seriesMemory as memory, VALUE_CODEC_SIZE } from "../series-memory.ts";
import { EXPONENT_MAX } from "./decimal.ts";
import { MARK_WORDS, type CutMarks } from "./cut-marks.ts";
import { cutValuesPlain, isWorthCutting, type ValueCut } from "./cut.ts";
import {
  CODEC_CONST,
  CODEC_DECIMAL,
  CODEC_RAW,
  CODEC_RESIDUAL,
  CODEC_XOR,
  decodeValuesPlain,
  packValues,
  type Packers,
  VALUES_PER_BLOCK_MAX,
} from "./plain.ts";

/** Returns the size, or -1. */
type Encode = (valuesAt: number, count: number, target: number) => number;
/** Returns 1, or 0 when the bytes are no such block. */
type Decode = (bytesAt: number, size: number, count: number, target: number) => number;
/** The same for the values `from` to `to`, at their places. */
type DecodePart = (
  bytesAt: number,
  size: number,
  count: number,
  target: number,
  from: number,
  to: number,
) => number;

interface Exports {
  readonly valuesAt: WebAssembly.Global;
  readonly missesAt: WebAssembly.Global;
  readonly powersAt: WebAssembly.Global;
  readonly bytesAt: WebAssembly.Global;
  readonly encode: Encode;
  readonly markAt: WebAssembly.Global;
  readonly decode: DecodePart;
  readonly decodeMarked: DecodePart;
  readonly addMisses: (target: number, from: number, to: number) => number;
  readonly encodeXor: Encode;
  readonly decodeXor: Decode;
}

/** In shorter blocks there is little to pass over. */
const MARKED_COUNT_MIN = 1024;
/** A block under construction may be larger than what is kept in the end. */
const BYTES_SIZE = 192 * 1024;
const file = entryUrl(new URL("./value-block.wasm", import.meta.url));
const kernel = loadKernel(file, memory) as unknown as Exports;
const VALUES_AT = kernel.valuesAt.value as number;
const MISSES_AT = kernel.missesAt.value as number;
const BYTES_AT = kernel.bytesAt.value as number;
const MARK_AT = kernel.markAt.value as number;
assert(MARK_AT + MARK_WORDS * 8 <= VALUE_CODEC_SIZE, "the kernel's regions fit its memory");
new Float64Array(memory.bytes.buffer, kernel.powersAt.value as number).set(
  Array.from({ length: EXPONENT_MAX + 1 }, (_, exponent) => Number(`1e${exponent}`)),
);
const window = memory.bytes.subarray(BYTES_AT, BYTES_AT + BYTES_SIZE);
const kernelMark = new Float64Array(memory.bytes.buffer, MARK_AT, MARK_WORDS);
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
    return putBlock(CODEC_DECIMAL, window, decimalSize, target, at);
  const xorSize = kernel.encodeXor(VALUES_AT, count, BYTES_AT);
  if (xorSize < rawSize) return putBlock(CODEC_XOR, window, xorSize, target, at);
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
  return size < 0 ? null : window.slice(0, size);
}

function packXor(values: Float64Array): Uint8Array {
  memory.bytes.set(bytesOf(values), VALUES_AT);
  return window.subarray(0, kernel.encodeXor(VALUES_AT, values.length, BYTES_AT));
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

/**
 * As `cutValuesPlain`, quicker; with marks quicker still, where a block is cut again at the same place or somewhat behind it.
 *
 * @param marks and `slot`, of this block: kept up to date
 */
export function cutValues(
  block: Uint8Array,
  cut: ValueCut,
  marks: CutMarks | null | undefined = null,
  slot = 0,
): Uint8Array | null {
  if (!isWorthCutting(block, cut)) return cutValuesPlain(block, cut);
  if (marks && block[0] === CODEC_DECIMAL && cut.count >= MARKED_COUNT_MIN)
    unpackMarked(block, cut, marks, slot);
  else if (!unpackValues(block, cut, VALUES_AT)) return cutValuesPlain(block, cut);
  const size = (cut.to - cut.from) * 8;
  // Of Node's pool: a search cuts thousands of them, and an ArrayBuffer each would cost more than what is in it.
  const cutOut = Buffer.allocUnsafe(1 + size);
  cutOut[0] = CODEC_RAW;
  cutOut.set(memory.bytes.subarray(VALUES_AT + cut.from * 8, VALUES_AT + cut.from * 8 + size), 1);
  return cutOut;
}

/** As `unpackValues` for decimals, from the mark on where that helps. */
function unpackMarked(block: Uint8Array, cut: ValueCut, marks: CutMarks, slot: number): void {
  const { count, from, to } = cut;
  const size = block.length - 1;
  marks.load(slot, kernelMark);
  const steps = kernelMark[0] as number;
  const headSize = kernelMark[1] as number;
  const start = kernelMark[2] as number;
  if (steps > 0 && steps <= firstStep(cut) && start < size) {
    for (let i = 0; i < headSize; i += 1) window[i] = block[1 + i] as number;
    window.set(block.subarray(1 + start), start);
  } else {
    takeIn(block, 1, block.length);
  }
  check(kernel.decodeMarked(BYTES_AT, size, count, VALUES_AT, from, to), block);
  if (kernelMark[0] !== steps) marks.store(slot, kernelMark);
}

/** The first step of the block's runs that a cut wants; 0 where its values lie in several runs. */
function firstStep({ count, from, to }: ValueCut): number {
  const quarter = (count + 3) >> 2;
  const length = quarter + (quarter & 1);
  return Math.floor(from / length) === Math.floor((to - 1) / length) ? from % length : 0;
}

/**
 * Unpacks the values `from` to `to` of a block into the kernels' memory: value i to `at` + 8 × i. The other places up to
 * `count`, and a few behind them, hold anything then.
 *
 * @returns false when that is the plain twin's work
 */
function unpackValues(block: Uint8Array, { count, from, to }: ValueCut, at: number): boolean {
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
function takeIn(block: Uint8Array, start: number, end: number): number {
  if (end - start > BYTES_SIZE) throw new RangeError(`a block of ${block.length} bytes`);
  window.set(block.subarray(start, end));
  return end - start;
}

function check(isBlock: number, block: Uint8Array): void {
  if (isBlock === 0)
    throw new RangeError(`no value block: codec ${block[0]}, ${block.length} bytes`);
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

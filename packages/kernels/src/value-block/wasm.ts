/**
 * Value blocks in WASM where there is something to compute. The bytes are the plain twin's own.
 *
 * One memory of 640 KiB per thread. Measured on node_exporter's samples at 1 s (2 cores EPYC, loaded, copies in and
 * out included; plain.ts: 4 and 15): 0.535 byte a sample; millions of samples per CPU second, encode and decode:
 * constants 190 and 3,200, decimals 39 and 410, near decimals 11 and 160, differing bits 13 and 100.
 */
import { assert, ByteReader, entryUrl } from "@tideline/common";
import { KernelMemory, loadKernel } from "../kernel-memory.ts";
import { EXPONENT_MAX } from "./decimal.ts";
import { cutValuesPlain, isWorthCutting, type ValueCut } from "./cut.ts";
import {
  CODEC_DECIMAL,
  CODEC_RESIDUAL,
  CODEC_XOR,
  decodeValuesPlain,
  packValues,
  type Packers,
  rawBlock,
  VALUES_PER_BLOCK_MAX,
} from "./plain.ts";

/** Returns the size, or -1. */
type Encode = (valuesAt: number, count: number, target: number) => number;
/** Returns 1, or 0 when the bytes are no such block. */
type Decode = (bytesAt: number, size: number, count: number, target: number) => number;

interface Exports {
  readonly valuesAt: WebAssembly.Global;
  readonly missesAt: WebAssembly.Global;
  readonly powersAt: WebAssembly.Global;
  readonly bytesAt: WebAssembly.Global;
  readonly encode: Encode;
  readonly decode: Decode;
  readonly addMisses: (count: number) => number;
  readonly encodeXor: Encode;
  readonly decodeXor: Decode;
}

/** A block under construction may be larger than what is kept in the end. */
const BYTES_SIZE = 192 * 1024;
const MEMORY_SIZE = 640 * 1024;

const memory = new KernelMemory(MEMORY_SIZE);
const file = entryUrl(new URL("./value-block.wasm", import.meta.url));
const kernel = loadKernel(file, memory) as unknown as Exports;
const VALUES_AT = kernel.valuesAt.value as number;
const MISSES_AT = kernel.missesAt.value as number;
const BYTES_AT = kernel.bytesAt.value as number;
assert(BYTES_AT + BYTES_SIZE <= MEMORY_SIZE, "the kernel's regions fit its memory");
new Float64Array(memory.bytes.buffer, kernel.powersAt.value as number).set(
  Array.from({ length: EXPONENT_MAX + 1 }, (_, exponent) => Number(`1e${exponent}`)),
);
const window = memory.bytes.subarray(BYTES_AT, BYTES_AT + BYTES_SIZE);

/** As `encodeValuesPlain`, quicker. */
export function encodeValues(values: Float64Array): Uint8Array<ArrayBuffer> {
  assert(
    values.length > 0 && values.length <= VALUES_PER_BLOCK_MAX,
    "a block holds 1 to 8192 values",
  );
  return packValues(values, PACKERS);
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

/** As `decodeValuesPlain`, quicker. */
export function decodeValues(block: Uint8Array, target: Float64Array): void {
  if (!unpackValues(block, target.length)) return decodeValuesPlain(block, target);
  const out = bytesOf(target);
  out.set(memory.bytes.subarray(VALUES_AT, VALUES_AT + out.length));
}

/** As `cutValuesPlain`, quicker. */
export function cutValues(block: Uint8Array, cut: ValueCut): Uint8Array | null {
  if (!isWorthCutting(block, cut) || !unpackValues(block, cut.count))
    return cutValuesPlain(block, cut);
  return rawBlock(memory.bytes.subarray(VALUES_AT + cut.from * 8, VALUES_AT + cut.to * 8));
}

/** Unpacks into the kernel's memory. @returns false when that is the plain twin's work */
function unpackValues(block: Uint8Array, count: number): boolean {
  if (count === 0 || count > VALUES_PER_BLOCK_MAX) return false;
  if (block[0] === CODEC_DECIMAL) {
    unpack(kernel.decode, block.subarray(1), count, VALUES_AT);
  } else if (block[0] === CODEC_XOR) {
    unpack(kernel.decodeXor, block.subarray(1), count, VALUES_AT);
  } else if (block[0] === CODEC_RESIDUAL) {
    const reader = new ByteReader(block, 1);
    unpack(kernel.decode, reader.sized(), count, MISSES_AT);
    unpack(kernel.decode, reader.raw(reader.restSize), count, VALUES_AT);
    if (kernel.addMisses(count) === 0) throw new RangeError("a miss over its bound");
  } else {
    return false;
  }
  return true;
}

function unpack(decode: Decode, body: Uint8Array, count: number, at: number): void {
  if (body.length <= BYTES_SIZE) {
    window.set(body);
    if (decode(BYTES_AT, body.length, count, at) !== 0) return;
  }
  throw new RangeError(`no ${count} values in ${body.length} bytes`);
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * The value codec's kernel and the regions of its memory, which is that of series-memory.ts.
 */
import { assert, entryUrl } from "@tideline/common";
import { loadKernel } from "../kernel-memory.ts";
import { seriesMemory as memory, VALUE_CODEC_SIZE } from "../series-memory.ts";
import { MARK_WORDS } from "./cut-marks.ts";
import { EXPONENT_MAX } from "./decimal.ts";

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

/** A block under construction may be larger than what is kept in the end. */
const BYTES_SIZE = 192 * 1024;
const file = entryUrl(new URL("./value-block.wasm", import.meta.url));
export const kernel = loadKernel(file, memory) as unknown as Exports;
export const VALUES_AT = kernel.valuesAt.value as number;
export const MISSES_AT = kernel.missesAt.value as number;
export const BYTES_AT = kernel.bytesAt.value as number;
const MARK_AT = kernel.markAt.value as number;
assert(MARK_AT + MARK_WORDS * 8 <= VALUE_CODEC_SIZE, "the kernel's regions fit its memory");
new Float64Array(memory.bytes.buffer, kernel.powersAt.value as number).set(
  Array.from({ length: EXPONENT_MAX + 1 }, (_, exponent) => Number(`1e${exponent}`)),
);
/** Room for a block: what it packs, and what it unpacks. */
export const packedBytes = memory.bytes.subarray(BYTES_AT, BYTES_AT + BYTES_SIZE);
/** Where it takes up and leaves off (cut-marks.ts). */
export const kernelMark = new Float64Array(memory.bytes.buffer, MARK_AT, MARK_WORDS);

/**
 * XXH64 in WASM. Inputs past its window take the plain twin: nothing that is hashed per series or per
 * request comes near it.
 */
import { entryUrl } from "@tideline/common";
import { KernelMemory, loadKernel } from "../kernel-memory.ts";
import { xxh64Plain } from "./plain.ts";

interface Exports {
  xxh64(at: number, size: number, seed: bigint): bigint;
}

const WINDOW_SIZE = 256 * 1024;

const memory = new KernelMemory(WINDOW_SIZE);
const windowAt = memory.reserve(WINDOW_SIZE);
const file = entryUrl(new URL("./xxh64.wasm", import.meta.url));
const kernel = loadKernel(file, memory) as unknown as Exports;

/** As `xxh64Plain`: about 0.2 µs for a series key of 300 bytes. */
export function xxh64(bytes: Uint8Array, seed = 0n): bigint {
  if (bytes.length > WINDOW_SIZE) return xxh64Plain(bytes, seed);
  memory.bytes.set(bytes, windowAt);
  return BigInt.asUintN(64, kernel.xxh64(windowAt, bytes.length, seed));
}

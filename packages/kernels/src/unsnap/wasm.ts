/** Snappy decompression in WASM, from region to region of one memory. Definition and codes: plain.ts. */
import { entryUrl } from "@tideline/common";
import { loadKernel, type KernelMemory, type Region } from "../kernel-memory.ts";

/**
 * Decompresses `sourceSize` bytes at `source` to `target`. Both regions need REGION_SLACK behind them, and
 * sizes are below 2^31.
 *
 * @returns bytes written, or UNSNAP_BROKEN, or UNSNAP_TOO_LARGE
 */
export type Unsnap = (
  source: Region,
  sourceSize: number,
  target: Region,
  targetSizeMax: number,
) => number;

export function loadUnsnap(memory: KernelMemory): Unsnap {
  const file = entryUrl(new URL("./unsnap.wasm", import.meta.url));
  return (loadKernel(file, memory) as unknown as { unsnap: Unsnap }).unsnap;
}

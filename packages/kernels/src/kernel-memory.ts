/**
 * Flat memory for WASM kernels: reserved whole at start, never grown (after `grow` an old view drops
 * writes in silence, law 6), cut into regions once.
 *
 * Reserved pages cost address space; they cost memory when they are first touched.
 */
import { readFileSync } from "node:fs";
import { assert } from "@tideline/common";

const PAGE_SIZE = 65_536;

/** Regions start at multiples of it: a cache line. */
const ALIGNMENT = 64;

/** Bytes behind each region that a kernel may touch when it loads or stores a whole vector at its end. */
export const REGION_SLACK = 64;

/** Where a region starts. Sizes and ends are the business of whoever reserved it. */
export type Region = number;

export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  /** All of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  #end = ALIGNMENT;

  /** @param size bytes to reserve, slack included; at most 4 GiB - 64 KiB */
  constructor(size: number) {
    const pageCount = Math.ceil(size / PAGE_SIZE) + 1;
    assert(pageCount < PAGE_SIZE, "a kernel's memory is smaller than 4 GiB");
    this.memory = new WebAssembly.Memory({ initial: pageCount, maximum: pageCount });
    this.bytes = new Uint8Array(this.memory.buffer);
  }

  /** Sets `size` bytes and their slack aside, zero-filled. */
  reserve(size: number): Region {
    const start = this.#end;
    this.#end = Math.ceil((start + size + REGION_SLACK) / ALIGNMENT) * ALIGNMENT;
    assert(this.#end <= this.bytes.length, "regions fit the memory that was reserved for them");
    return start;
  }
}

/** What `reserve` takes for a region of `size` bytes, so that a memory's size can be summed up beforehand. */
export function regionSize(size: number): number {
  return Math.ceil((size + REGION_SLACK) / ALIGNMENT) * ALIGNMENT;
}

/**
 * Instantiates a kernel over `memory`. Costs about a millisecond; synchronous, so that doors need no await.
 *
 * @param file from `entryUrl(new URL("./name.wasm", import.meta.url))`
 * @param memory may be shared by several kernels: none of them brings data of its own
 */
export function loadKernel(file: URL, memory: KernelMemory): WebAssembly.Exports {
  const compiled = new WebAssembly.Module(readFileSync(file));
  return new WebAssembly.Instance(compiled, { env: { memory: memory.memory } }).exports;
}

/**
 * The memory budget of a storage, split over lanes and uses. What does not fit is refused at the start, not
 * met in the middle of the night.
 */
import { InputError } from "@tideline/model";
import { FROM_LANE_RING_SIZE, TO_LANE_RING_SIZE, YOUNG_HEAP_SIZE } from "./lane-client.ts";

const MIB = 2 ** 20;
/** A thread's own cost: stacks, code, buffers of the log and of frames on their way. */
const THREAD_SIZE = 16 * MIB;
const HEAP_SIZE_MIN = 48 * MIB;
const HEAD_SIZE_MIN = 16 * MIB;

/** Share of the memory that merges take: one runs at a time. */
const MERGE_SHARE = 0.08;
const MERGE_SIZE_MIN = 96 * MIB;
const MERGE_SIZE_MAX = 320 * MIB;
/**
 * Of a merge's memory: pages of its inputs, and blocks of its output that are remembered. Both are many small things, which weigh about
 * twice their bytes on the heap. The rest is flat: decoded blocks of all inputs, identities and postings of the output.
 */
const MERGE_CACHE_SHARE = 0.08;
const MERGE_KNOWN_SHARE = 0.06;
const MERGE_HEAP_SHARE = 0.5;

export interface MergeBudget {
  readonly heapSizeMax: number;
  readonly cacheSize: number;
  /** For value blocks that are remembered, and as much for timestamp blocks. */
  readonly knownBlocksSize: number;
  /** All of a merge's memory. */
  readonly size: number;
}

/** Memory of the one merge that runs at a time. */
export function mergeBudget(memoryBudgetSize: number): MergeBudget {
  const share = Math.floor(memoryBudgetSize * MERGE_SHARE);
  const size = Math.min(MERGE_SIZE_MAX, Math.max(MERGE_SIZE_MIN, share));
  return {
    size,
    heapSizeMax: Math.floor(size * MERGE_HEAP_SHARE),
    cacheSize: Math.floor(size * MERGE_CACHE_SHARE),
    knownBlocksSize: Math.floor(size * MERGE_KNOWN_SHARE),
  };
}

export interface LaneBudget {
  readonly heapSizeMax: number;
  readonly pageCacheSize: number;
  readonly headMemorySize: number;
}

/** @throws {InputError} the budget is too small for that many lanes */
export function splitBudget(memoryBudgetSize: number, laneCount: number): LaneBudget {
  const merges = mergeBudget(memoryBudgetSize).size;
  const share = Math.floor((memoryBudgetSize - merges) / laneCount);
  const fixed = TO_LANE_RING_SIZE + FROM_LANE_RING_SIZE + YOUNG_HEAP_SIZE + THREAD_SIZE;
  const heapSizeMax = Math.max(HEAP_SIZE_MIN, Math.floor(share * 0.15));
  const pageCacheSize = Math.floor(share * 0.15);
  const headMemorySize = share - fixed - heapSizeMax - pageCacheSize;
  if (headMemorySize < HEAD_SIZE_MIN) {
    const needed =
      Math.ceil((fixed + HEAP_SIZE_MIN + HEAD_SIZE_MIN) / 0.85 / MIB) * laneCount + merges / MIB;
    throw new InputError(
      "TIDELINE_MEMORY_BUDGET",
      `Cannot start ${laneCount} lanes with ${Math.floor(memoryBudgetSize / MIB)} MiB of memory: they need ${needed} MiB; give more memory or fewer lanes`,
    );
  }
  return { heapSizeMax, pageCacheSize, headMemorySize };
}

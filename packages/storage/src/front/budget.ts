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

export interface LaneBudget {
  readonly heapSizeMax: number;
  readonly pageCacheSize: number;
  readonly headMemorySize: number;
}

/** @throws {InputError} the budget is too small for that many lanes */
export function splitBudget(memoryBudgetSize: number, laneCount: number): LaneBudget {
  const share = Math.floor(memoryBudgetSize / laneCount);
  const fixed = TO_LANE_RING_SIZE + FROM_LANE_RING_SIZE + YOUNG_HEAP_SIZE + THREAD_SIZE;
  const heapSizeMax = Math.max(HEAP_SIZE_MIN, Math.floor(share * 0.15));
  const pageCacheSize = Math.floor(share * 0.15);
  const headMemorySize = share - fixed - heapSizeMax - pageCacheSize;
  if (headMemorySize < HEAD_SIZE_MIN) {
    const needed = Math.ceil((fixed + HEAP_SIZE_MIN + HEAD_SIZE_MIN) / 0.85 / MIB) * laneCount;
    throw new InputError(
      "TIDELINE_MEMORY_BUDGET",
      `Cannot start ${laneCount} lanes with ${Math.floor(memoryBudgetSize / MIB)} MiB of memory: they need ${needed} MiB; give more memory or fewer lanes`,
    );
  }
  return { heapSizeMax, pageCacheSize, headMemorySize };
}

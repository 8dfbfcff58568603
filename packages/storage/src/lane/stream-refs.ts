/**
 * What a lane knows of its streams: each stream's refs → slots of the head.
 *
 * Slots belong to a generation. At a switch a stream's slots become its `previous` ones, and a ref that is used
 * again is carried over; one that was not used for a whole generation is unknown then, and the sender
 * tells its series anew.
 */
import { growBuffer } from "@tideline/common";
import { NO_SLOT } from "../head/memtable.ts";
import type { Heads } from "./heads.ts";

/** Marks in place of a slot: series that were refused. Their rows are ignored, by that reason. */
export const REFUSED_MIN = 0xffff_fff0;
const REFUSALS = [
  "bad_series_key",
  "identity_conflict",
  "wrong_lane",
  "hourly_series_limit",
  "daily_series_limit",
] as const;
export type Refusal = (typeof REFUSALS)[number];
/** Refusals that hold until a window of SeriesLimits ends. */
export type LimitRefusal = Extract<Refusal, `${string}_limit`>;
const LIMIT_MARK_MIN = REFUSED_MIN + REFUSALS.indexOf("hourly_series_limit");

export function refusalMark(refusal: Refusal): number {
  return REFUSED_MIN + REFUSALS.indexOf(refusal);
}

export function refusalOf(mark: number): Refusal {
  return REFUSALS[mark - REFUSED_MIN] as Refusal;
}

export class StreamRefs {
  readonly #dictionary: number;
  #generation: number;
  #epoch = 0;
  /** Ref → slot, a refusal, or NO_SLOT. */
  slots = new Uint32Array(0);
  /** The same for the generation before. */
  #previous: Uint32Array = new Uint32Array(0);

  constructor(dictionary: number, generation: number) {
    this.#dictionary = dictionary;
    this.#generation = generation;
  }

  get memorySize(): number {
    return this.slots.byteLength + this.#previous.byteLength;
  }

  get dictionary(): number {
    return this.#dictionary;
  }

  /**
   * Makes the refs fit for use now: below `refBound`, in the generation of the head, and without refusals of windows that are
   * over (`epoch` of SeriesLimits).
   */
  prepare(generation: number, refBound: number, epoch = 0): void {
    if (epoch !== this.#epoch) {
      forgetLimits(this.slots);
      forgetLimits(this.#previous);
      this.#epoch = epoch;
    }
    if (generation !== this.#generation) {
      this.#previous = generation === this.#generation + 1 ? this.slots : new Uint32Array(0);
      this.slots = new Uint32Array(this.slots.length).fill(NO_SLOT);
      this.#generation = generation;
    }
    if (refBound <= this.slots.length) return;
    const length = this.slots.length;
    const grown = Math.max(refBound, length + (length >>> 1), 64);
    this.slots = new Uint32Array(growBuffer(this.slots.buffer, grown * 4));
    this.slots.fill(NO_SLOT, length);
  }

  /** The slot of a ref that has none in this generation: carried over if the one before had it, else NO_SLOT. */
  resolve(ref: number, heads: Heads): number {
    const old = this.#previous[ref] ?? NO_SLOT;
    if (old === NO_SLOT) return NO_SLOT;
    const slot = old >= REFUSED_MIN ? old : heads.carryOver(old);
    this.slots[ref] = slot;
    return slot;
  }
}

function forgetLimits(slots: Uint32Array): void {
  for (let ref = 0; ref < slots.length; ref += 1) {
    const slot = slots[ref] as number;
    if (slot >= LIMIT_MARK_MIN && slot !== NO_SLOT) slots[ref] = NO_SLOT;
  }
}

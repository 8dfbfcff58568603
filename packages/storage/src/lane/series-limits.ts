/**
 * How many series may be written to in an hour and in a day (-storage.maxHourlySeries, -storage.maxDailySeries), over all lanes
 * of a storage: rows of series beyond are dropped and counted. Windows begin with the start of the storage.
 *
 * Each lane remembers the series of its own that were let in; the lanes share two counts.
 */
import { assert } from "@tideline/common";
import { IdentityTable, NO_SLOT } from "../head/identity-table.ts";
import type { LimitRefusal } from "./stream-refs.ts";

export interface SeriesLimitOptions {
  /** 0 = no limit, and nothing is counted; -1 = none, but series are counted. */
  readonly hourlyMax: number;
  readonly dailyMax: number;
  /** From `sharedSeriesCounts`, for all lanes. */
  readonly counts: SharedArrayBuffer;
}

/** Series let in over all lanes: in this hour, in this day. */
export function sharedSeriesCounts(): SharedArrayBuffer {
  return new SharedArrayBuffer(8);
}

const HOUR_MS = 3_600_000;

interface Window {
  readonly refusal: LimitRefusal;
  /** Place in the shared counts. */
  readonly at: number;
  readonly max: number;
  readonly lengthMs: number;
  startMs: number;
  series: IdentityTable;
}

export class SeriesLimits {
  readonly #counts: Int32Array;
  readonly #windows: Window[] = [];
  /** Grows whenever a window ends: what was refused may be let in again, and what was let in must ask again. */
  epoch = 0;
  /** Per slot of a generation: the epoch in which it was let in, plus 1. */
  #letIn = new Uint32Array(1024);
  #generation = -1;

  /** @param nowMs monotonic */
  constructor({ hourlyMax, dailyMax, counts }: SeriesLimitOptions, nowMs: number) {
    this.#counts = new Int32Array(counts);
    if (hourlyMax !== 0) {
      const refusal = "hourly_series_limit";
      const window = { refusal, at: 0, max: hourlyMax, lengthMs: HOUR_MS } as const;
      this.#windows.push({ ...window, startMs: nowMs, series: new IdentityTable() });
    }
    if (dailyMax !== 0) {
      const refusal = "daily_series_limit";
      const window = { refusal, at: 1, max: dailyMax, lengthMs: 24 * HOUR_MS } as const;
      this.#windows.push({ ...window, startMs: nowMs, series: new IdentityTable() });
    }
  }

  /** Series that this lane let in, in the window that goes on. */
  countOf(refusal: LimitRefusal): number {
    return this.#windows.find((window) => window.refusal === refusal)?.series.count ?? 0;
  }

  get memorySize(): number {
    return this.#windows.reduce(
      (size, { series }) => size + series.memorySize,
      this.#letIn.byteLength,
    );
  }

  /** Ends windows that are over. @param nowMs monotonic */
  turn(nowMs: number): void {
    for (const window of this.#windows) {
      const passed = Math.floor((nowMs - window.startMs) / window.lengthMs);
      if (passed < 1) continue;
      Atomics.sub(this.#counts, window.at, window.series.count);
      window.series = new IdentityTable();
      window.startMs += passed * window.lengthMs;
      this.epoch += 1;
    }
  }

  /** Lets a series in. @returns why not, or null */
  admit(identities: Uint8Array, offset: number): LimitRefusal | null {
    const missing = this.#windows.filter(
      ({ series }) => series.find(identities, offset) === NO_SLOT,
    );
    const taken: Window[] = [];
    for (const window of missing) {
      if (!this.#take(window)) {
        for (const { at } of taken) Atomics.sub(this.#counts, at, 1);
        return window.refusal;
      }
      taken.push(window);
    }
    for (const { series } of missing) series.add(identities, offset);
    return null;
  }

  /**
   * As `admit`, for a series that has a slot in the head: asked once per slot and window.
   *
   * @param generation of the head: its slots are numbered anew in the next one
   */
  admitSlot(
    slot: number,
    generation: number,
    identityOf: (slot: number) => Uint8Array,
  ): LimitRefusal | null {
    if (generation !== this.#generation) {
      this.#letIn.fill(0);
      this.#generation = generation;
    }
    if (slot >= this.#letIn.length) {
      const grown = new Uint32Array(Math.max(slot + 1, this.#letIn.length * 2));
      grown.set(this.#letIn);
      this.#letIn = grown;
    }
    if (this.#letIn[slot] === this.epoch + 1) return null;
    const refusal = this.admit(identityOf(slot), 0);
    if (!refusal) this.#letIn[slot] = this.epoch + 1;
    return refusal;
  }

  /** Takes a place of the window's; lanes do so at the same time. */
  #take({ at, max }: Window): boolean {
    const before = Atomics.add(this.#counts, at, 1);
    assert(before >= 0, "no lane gives back more than it took");
    if (max < 0 || before < max) return true;
    Atomics.sub(this.#counts, at, 1);
    return false;
  }
}

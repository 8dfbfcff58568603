import { assert } from "@tideline/common";
import { forEachSeed, type Random } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import {
  DAY_MS,
  planForcedMerge,
  planMerge,
  windowOf,
  type PlannedMerge,
  type PlanPart,
  type TimeWindow,
} from "./plan.ts";

const HOUR_MS = 3_600_000;
/** A part of few samples per series has more bytes per sample than one of many. */
const FLUSH_OVERHEAD = 1.56;
const DAY_OVERHEAD = 1.05;

/** Bytes by hour: what a lane's parts hold, without samples. */
interface SimulatedPart extends PlanPart {
  readonly hours: ReadonlyMap<number, number>;
}

function smallPart(name: string, minMs: number, isFinal: boolean): PlanPart {
  return { name, size: 1, minMs, maxMs: minMs + 1, isFlushed: false, isFinal };
}

const all = (): boolean => true;

class SimulatedLane {
  parts: SimulatedPart[] = [];
  nowMs: number;
  writtenSize = 0;
  partCountMax = 0;
  #number = 0;
  #dayOfMerge = -1;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  add(hours: ReadonlyMap<number, number>, isFlushed: boolean, factor: number): void {
    const starts = [...hours.keys()];
    const bytes = [...hours.values()].reduce((sum, size) => sum + size, 0);
    const size = bytes * factor;
    this.#number += 1;
    this.writtenSize += size;
    this.parts.push({
      name: String(this.#number),
      size,
      minMs: Math.min(...starts) * HOUR_MS,
      maxMs: Math.max(...starts) * HOUR_MS + HOUR_MS - 1,
      isFlushed,
      isFinal: !isFlushed,
      hours,
    });
    this.partCountMax = Math.max(this.partCountMax, this.parts.length);
  }

  /** An hour later all that came is flushed; then merges run until none is due. */
  flush(hours: ReadonlyMap<number, number>): void {
    this.nowMs += HOUR_MS;
    this.add(hours, true, FLUSH_OVERHEAD);
    const day = Math.floor((this.nowMs - HOUR_MS / 2) / DAY_MS);
    for (;;) {
      const isDayDue = day > this.#dayOfMerge;
      const merge = planMerge(this.parts, { nowMs: this.nowMs, isDayDue });
      this.#dayOfMerge = day;
      if (!merge) return;
      this.merge(merge);
    }
  }

  merge({ inputs, windows, days }: PlannedMerge): void {
    const gone = new Set(inputs);
    const merged = this.parts.filter((part) => gone.has(part));
    assert(merged.length === inputs.length, "inputs are parts of the lane");
    this.parts = this.parts.filter((part) => !gone.has(part));
    let left = 0;
    for (const { hours } of merged) left += hours.size;
    for (const { startMs, endMs } of windows) {
      const hours = new Map<number, number>();
      for (const part of merged) {
        for (const [hour, size] of part.hours) {
          if (hour * HOUR_MS < startMs || hour * HOUR_MS >= endMs) continue;
          left -= 1;
          hours.set(hour, (hours.get(hour) ?? 0) + size);
        }
      }
      if (hours.size > 0) this.add(hours, false, days >= 16 ? 1 : DAY_OVERHEAD);
    }
    assert(left === 0, "each hour of each input is in exactly one window");
  }

  get finalSize(): number {
    let size = 0;
    for (const { hours } of this.parts) for (const bytes of hours.values()) size += bytes;
    return size;
  }
}

function run(
  random: Random,
  hourCount: number,
  hoursOf: (hour: number) => ReadonlyMap<number, number>,
) {
  const lane = new SimulatedLane(1.7e12 - (1.7e12 % HOUR_MS) + random.below(32 * 24) * HOUR_MS);
  for (let i = 0; i < hourCount; i += 1) lane.flush(hoursOf(Math.floor(lane.nowMs / HOUR_MS)));
  return lane;
}

describe("hourly flushes over 30 days, started at any hour", () => {
  test("at most 45 parts, and less than four writes per byte", () => {
    forEachSeed(60, (random) => {
      const lane = run(random, 30 * 24, (hour) => new Map([[hour, 1000]]));
      expect(lane.partCountMax).toBeLessThanOrEqual(45);
      expect(lane.writtenSize / lane.finalSize).toBeLessThan(4);
    });
  });

  test("the same with flushes that reach into the hour before", () => {
    forEachSeed(60, (random) => {
      const lane = run(
        random,
        30 * 24,
        (hour) =>
          new Map([
            [hour - 1, 500],
            [hour, 500],
          ]),
      );
      expect(lane.partCountMax).toBeLessThanOrEqual(45);
      expect(lane.writtenSize / lane.finalSize).toBeLessThan(4);
    });
  });

  test("with late samples of any of the days before: at most 72", () => {
    forEachSeed(40, (random) => {
      const lane = run(random, 30 * 24, (hour) => {
        const late = hour - random.below(20 * 24);
        return new Map([
          [late, 10],
          [hour, 1000],
        ]);
      });
      expect(lane.partCountMax).toBeLessThanOrEqual(72);
      expect(lane.writtenSize / lane.finalSize).toBeLessThan(4);
    });
  });
});

test("over two years parts stay few, and writes bounded", () => {
  forEachSeed(3, (random) => {
    const lane = run(random, 730 * 24, (hour) => new Map([[hour, 1000]]));
    expect(lane.parts.length).toBeLessThanOrEqual(45 + 730 / 16);
    expect(lane.writtenSize / lane.finalSize).toBeLessThan(4);
  });
});

test("a backfill of a year in parts of any span ends in few parts", () => {
  forEachSeed(20, (random) => {
    const lane = new SimulatedLane(1.7e12);
    const hour = Math.floor(1.7e12 / HOUR_MS);
    for (let i = 0; i < 300; i += 1) {
      const from = hour - random.below(365 * 24);
      const hours = new Map<number, number>();
      for (let h = 0; h < 1 + random.below(100); h += 1) hours.set(Math.min(from + h, hour), 1000);
      lane.flush(hours);
    }
    for (let i = 0; i < 48; i += 1) lane.flush(new Map([[Math.floor(lane.nowMs / HOUR_MS), 10]]));
    expect(lane.parts.length).toBeLessThanOrEqual(140);
  });
});

describe("a forced merge", () => {
  test("ends in one part per window of 32 days, whatever was there", () => {
    forEachSeed(40, (random) => {
      const lane = new SimulatedLane(1.7e12);
      for (let i = 0; i < 1 + random.below(150); i += 1) {
        const from = Math.floor(1.7e12 / HOUR_MS) - random.below(200 * 24);
        const hours = new Map([
          [from, 10],
          [from + random.below(2000), 10],
        ]);
        lane.add(hours, random.chance(0.5), 1);
      }
      const windowCount = new Set(
        lane.parts.flatMap(({ hours }) =>
          [...hours.keys()].map((hour) => windowOf(hour * HOUR_MS, 32).startMs),
        ),
      ).size;
      let mergeCount = 0;
      for (
        let merge = planForcedMerge(lane.parts, all);
        merge;
        merge = planForcedMerge(lane.parts, all)
      ) {
        lane.merge(merge);
        mergeCount += 1;
        expect(mergeCount).toBeLessThan(100);
      }
      expect(lane.parts.length).toBe(windowCount);
    });
  });

  test("leaves alone what is not asked for, and what is done", () => {
    const far = 200 * DAY_MS;
    const parts = [smallPart("a", 0, false), smallPart("b", far, true)];
    const isFar = ({ endMs }: TimeWindow): boolean => endMs > far;
    expect(planForcedMerge(parts, isFar)).toBeNull();
    expect(planForcedMerge(parts, all)?.inputs.map(({ name }) => name)).toEqual(["a"]);
  });
});

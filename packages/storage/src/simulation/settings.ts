/** What a seed decides once for its run: how the storage is set up, and what may happen to it. */
import type { Random } from "@tideline/common/testing";
import { DAY_MS } from "../lane/lane-fixtures.ts";

export interface Settings {
  readonly walSync: "always" | "interval";
  readonly laneCount: number;
  readonly flushWalSize: number;
  readonly flushIntervalMs: number;
  readonly pageCacheSize: number;
  readonly retentionMs: number;
  readonly futureRetentionMs: number;
  readonly breathChance: number;
  readonly stepCount: number;
  /** The process may die at any operation of the disk. */
  readonly mayCrash: boolean;
  readonly mayCutPower: boolean;
  /** Operations of the disk may fail, and it may be full. */
  readonly mayFail: boolean;
  /** Bits may flip, and reads may fail: what they hit may be missing. */
  readonly mayDamage: boolean;
  readonly mayJump: boolean;
  readonly mayChangeLanes: boolean;
  /** See -dedup.minScrapeInterval; 0 = no sample leaves its place to a newer one. */
  readonly dedupIntervalMs: number;
  /** Series that may be written to in an hour, and in a day; 0 = no limit. */
  readonly hourlySeriesMax: number;
  readonly dailySeriesMax: number;
}

/** @param laterRandom for what came to be simulated later: so a seed goes on meaning what it meant */
export function randomSettings(random: Random, laterRandom: Random): Settings {
  return {
    walSync: random.pick(["always", "interval", "interval"]),
    laneCount: random.pick([1, 1, 2, 3]),
    flushWalSize: random.pick([2 ** 30, 6000, 2000]),
    flushIntervalMs: random.pick([3_600_000, 10_000]),
    pageCacheSize: random.pick([2 ** 20, 3000]),
    retentionMs: random.pick([30, 8]) * DAY_MS,
    futureRetentionMs: 2 * DAY_MS,
    breathChance: random.pick([0, 0.05, 0.3]),
    stepCount: 8 + random.below(16),
    mayCrash: random.chance(0.7),
    mayCutPower: random.chance(0.4),
    mayFail: random.chance(0.4),
    mayDamage: random.chance(0.2),
    mayJump: random.chance(0.3),
    mayChangeLanes: random.chance(0.3),
    dedupIntervalMs: laterRandom.pick([0, 0, 0, 2000, 60_000]),
    hourlySeriesMax: laterRandom.pick([0, 0, 0, 0, 8]),
    dailySeriesMax: laterRandom.pick([0, 0, 0, 0, 12]),
  };
}

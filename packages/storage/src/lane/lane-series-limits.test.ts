import { expect, test } from "vitest";
import { everything, keyNumber, LaneRig, readSamples, type Row } from "./lane-fixtures.ts";
import { SeriesLimits, sharedSeriesCounts } from "./series-limits.ts";

const HOUR_MS = 3_600_000;

function identity(i: number): Uint8Array {
  return new Uint8Array(16).fill(i);
}

function rows(rig: LaneRig, from: number, to: number): Row[] {
  const ms = rig.clock.nowMs();
  return Array.from({ length: to - from }, (_, i) => ({ key: keyNumber(from + i), ms, bits: 1n }));
}

function limits(hourlyMax: number, dailyMax: number) {
  return { seriesLimits: { hourlyMax, dailyMax, counts: sharedSeriesCounts() } };
}

test("rows of series past the limit of an hour are dropped and counted, until the hour is over", async () => {
  const rig = await LaneRig.start(limits(5, 0));
  expect(await rig.write(rows(rig, 0, 8))).toEqual({ hourly_series_limit: 3 });
  expect(await rig.write(rows(rig, 0, 8))).toEqual({ hourly_series_limit: 3 });
  expect(rig.lane.stats()).toMatchObject({ hourlySeries: 5, headSeries: 5, rowsAdded: 10 });
  // In another generation and on another stream they are the same series.
  await rig.lane.flush();
  rig.connect();
  expect(await rig.write(rows(rig, 3, 8))).toEqual({ hourly_series_limit: 3 });
  rig.clock.advance(HOUR_MS);
  await rig.lane.tick();
  expect(await rig.write(rows(rig, 5, 8))).toEqual({});
  expect(await rig.write(rows(rig, 0, 5))).toEqual({ hourly_series_limit: 3 });
  const { samples } = await readSamples(rig.lane, everything());
  expect(samples.size).toBe(8);
  expect(rig.lane.stats().rowsIgnored).toEqual({ hourly_series_limit: 12 });
});

test("a series refused for the day takes no place in the hour", async () => {
  const rig = await LaneRig.start(limits(4, 2));
  expect(await rig.write(rows(rig, 0, 5))).toEqual({ daily_series_limit: 3 });
  expect(rig.lane.stats()).toMatchObject({ hourlySeries: 2, dailySeries: 2 });
  rig.clock.advance(HOUR_MS);
  await rig.lane.tick();
  expect(await rig.write(rows(rig, 1, 3))).toEqual({ daily_series_limit: 1 });
  rig.clock.advance(23 * HOUR_MS);
  await rig.lane.tick();
  expect(await rig.write(rows(rig, 2, 4))).toEqual({});
});

test("a limit of -1 counts and drops nothing", async () => {
  const rig = await LaneRig.start(limits(-1, -1));
  expect(await rig.write(rows(rig, 0, 40))).toEqual({});
  expect(rig.lane.stats()).toMatchObject({ hourlySeries: 40, dailySeries: 40 });
});

test("lanes share one limit, and give back what they took when a window ends", () => {
  const counts = sharedSeriesCounts();
  const lanes = [0, 1].map(() => new SeriesLimits({ hourlyMax: 3, dailyMax: 0, counts }, 0));
  const admitted = (): (string | null)[] =>
    [0, 1, 2, 3].map((i) => (lanes[i % 2] as SeriesLimits).admit(identity(i), 0));
  expect(admitted()).toEqual([null, null, null, "hourly_series_limit"]);
  lanes[0]?.turn(HOUR_MS);
  expect(lanes[1]?.admit(identity(5), 0)).toBeNull();
  expect(lanes[1]?.admit(identity(7), 0)).toBeNull();
  expect(lanes[1]?.admit(identity(9), 0)).toBe("hourly_series_limit");
  lanes[1]?.turn(HOUR_MS);
  expect(admitted()).toEqual([null, null, null, "hourly_series_limit"]);
});

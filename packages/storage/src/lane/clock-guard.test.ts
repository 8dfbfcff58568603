import { FakeClock, FakeDisk } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { ClockGuard } from "./clock-guard.ts";
import { DAY_MS, SILENT_LOG } from "./lane-fixtures.ts";

const HOUR_MS = 3_600_000;

function guardOf(disk: FakeDisk, clock: FakeClock): ClockGuard {
  return new ClockGuard({ disk, path: "/clock", clock, log: SILENT_LOG });
}

test("time that passes is no jump, in any step", () => {
  const clock = new FakeClock();
  const guard = guardOf(new FakeDisk(), clock);
  for (const ms of [0, 60_000, 5 * DAY_MS, 400 * DAY_MS]) {
    clock.advance(ms);
    expect(guard.check(-Infinity)).toBe(true);
  }
});

test.for([1, -1])("a jump by %i days and a bit suspends until the clock is right again", (days) => {
  const clock = new FakeClock();
  const guard = guardOf(new FakeDisk(), clock);
  const newestMs = clock.nowMs() - 3 * DAY_MS;
  expect(guard.check(newestMs)).toBe(true);
  clock.advance(HOUR_MS);
  const rightMs = clock.nowMs();
  clock.jumpTo(rightMs + days * (DAY_MS + HOUR_MS));
  expect(guard.check(newestMs)).toBe(false);
  expect(guard.isSuspended).toBe(true);
  clock.advance(HOUR_MS);
  expect(guard.check(newestMs)).toBe(false);
  clock.jumpTo(rightMs + HOUR_MS);
  expect(guard.check(newestMs)).toBe(true);
  expect(guard.isSuspended).toBe(false);
});

test("a jump over a restart suspends until samples of the new time are there", () => {
  const clock = new FakeClock();
  const disk = new FakeDisk();
  const newestMs = clock.nowMs();
  expect(guardOf(disk, clock).check(newestMs)).toBe(true);
  const later = new FakeClock(clock.nowMs() + 300 * DAY_MS);
  expect(guardOf(disk, later).check(newestMs)).toBe(false);
  // Suspended is not forgotten by another restart.
  const guard = guardOf(disk, later);
  expect(guard.check(newestMs)).toBe(false);
  expect(guard.check(later.nowMs() - HOUR_MS)).toBe(true);
  expect(guardOf(disk, later).check(newestMs)).toBe(true);
});

test("less than a day over a restart is no jump", () => {
  const clock = new FakeClock();
  const disk = new FakeDisk();
  guardOf(disk, clock).check(-Infinity);
  expect(guardOf(disk, new FakeClock(clock.nowMs() + 23 * HOUR_MS)).check(-Infinity)).toBe(true);
});

test("a disk that fails does not stop the lane; a file that is no clock is none", () => {
  const clock = new FakeClock();
  const disk = new FakeDisk();
  disk.inject({ operation: "append", path: "/clock", code: "EIO" });
  const guard = guardOf(disk, clock);
  expect(guard.check(-Infinity)).toBe(true);
  disk.writeFile("/clock", Buffer.from("no clock"));
  expect(guardOf(disk, new FakeClock(clock.nowMs() + 9 * DAY_MS)).check(-Infinity)).toBe(true);
});

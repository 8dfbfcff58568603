/**
 * Which samples lie in the window of which step. A window is open to the left and closed to the right: (end - range,
 * end]. Worked out once for all series that share their timestamps.
 */
import type { WindowTimes, Windows } from "../functions/card.ts";

/** Fills `starts` and `ends` for the first `count` timestamps, which ascend. One pass. */
function fillWindows(
  timestampsMs: Float64Array,
  count: number,
  times: WindowTimes,
  starts: Int32Array,
  ends: Int32Array,
): void {
  let start = 0;
  let end = 0;
  for (let step = 0; step < times.stepCount; step += 1) {
    const endMs = times.endStartMs + step * times.endStepMs;
    const openMs = endMs - times.rangeMs;
    while (end < count && (timestampsMs[end] as number) <= endMs) end += 1;
    while (start < end && (timestampsMs[start] as number) <= openMs) start += 1;
    starts[step] = start;
    ends[step] = end;
  }
}

/** Windows of their own, to be kept. */
export function windowsOf(timestampsMs: Float64Array, count: number, times: WindowTimes): Windows {
  const starts = new Int32Array(times.stepCount);
  const ends = new Int32Array(times.stepCount);
  fillWindows(timestampsMs, count, times, starts, ends);
  return { ...times, starts, ends, isShared: true };
}

/** Windows in reused memory, for series whose timestamps are theirs alone. */
export class ScratchWindows {
  readonly #windows: Windows;

  constructor(times: WindowTimes) {
    this.#windows = {
      ...times,
      starts: new Int32Array(times.stepCount),
      ends: new Int32Array(times.stepCount),
      isShared: false,
    };
  }

  /** Valid until the next call. */
  of(timestampsMs: Float64Array, count: number): Windows {
    fillWindows(timestampsMs, count, this.#windows, this.#windows.starts, this.#windows.ends);
    return this.#windows;
  }
}

/**
 * Decides which parts of a lane are merged, from facts about them alone.
 *
 * Days, and windows of 4, 16 and 32 of them, are counted from 1970 in UTC. What is flushed waits for its day to end: then all of it
 * becomes one part of that day (and small ones of other days, which late samples reached). A window that is over becomes one part
 * once that brings enough parts together. Merging few parts would write all of their bytes again for little: with hourly flushes
 * 24 parts become a day and 16 days a window, so that a sample is written three times, and there are at most 45 parts over 30 days.
 * Windows of 4 and 32 days are for lanes with more parts than that.
 */

export const DAY_MS = 86_400_000;

/** Times t with startMs ≤ t < endMs. */
export interface TimeWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/** What the plan must know of a part. */
export interface PlanPart {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Came from a flush, not from a merge. */
  readonly isFlushed: boolean;
  /** Nothing is gained by writing it anew alone. */
  readonly isFinal: boolean;
}

export interface PlannedMerge {
  readonly inputs: readonly PlanPart[];
  /** Ascending; together they cover the inputs. */
  readonly windows: readonly TimeWindow[];
  /** Days of the largest window: parts of 16 and more are rarely written again. */
  readonly days: number;
}

export interface PlanOptions {
  readonly nowMs: number;
  /** A day is over, and its parts have not been put together yet. */
  readonly isDayDue: boolean;
}

/** Windows, and how many times the bytes of the largest part are worth writing all of them again. */
const LEVELS = [
  { days: 1, countMin: 4 },
  { days: 4, countMin: 8 },
  { days: 16, countMin: 4 },
  { days: 32, countMin: 8 },
] as const;
/** Flushed parts of days that are over wait for the end of the day, but not more of them than this. */
const FLUSHED_MAX = 24;
/** While a window of so many days goes on, parts of so small a share of its largest one are put together. */
const SMALL_DAYS = 16;
const SMALL_SHARE = 1 / 8;
const SMALL_COUNT_MIN = 4;
/** More would take more memory than a merge has. */
const INPUTS_MAX = 64;
const LARGEST_DAYS = 32;

/** The aligned window of so many days that a time lies in. */
export function windowOf(ms: number, days: number): TimeWindow {
  const sizeMs = days * DAY_MS;
  const startMs = Math.floor(ms / sizeMs) * sizeMs;
  return { startMs, endMs: startMs + sizeMs };
}

/** The merge that is due first, or null. */
export function planMerge(parts: readonly PlanPart[], options: PlanOptions): PlannedMerge | null {
  return planFlushed(parts, options) ?? planWindows(parts, options);
}

/** Flushed parts with samples of days that are over, and with them what an earlier merge had of the day before. */
function planFlushed(
  parts: readonly PlanPart[],
  { nowMs, isDayDue }: PlanOptions,
): PlannedMerge | null {
  const todayMs = windowOf(nowMs, 1).startMs;
  const flushed = parts
    .filter(({ isFlushed, minMs }) => isFlushed && minMs < todayMs)
    .slice(0, INPUTS_MAX);
  const isDue = isDayDue
    ? flushed.length > 1 || flushed.some(spansDays)
    : flushed.length > FLUSHED_MAX;
  if (!isDue) return null;
  const size = flushed.reduce((sum, part) => sum + part.size, 0);
  const earlier = parts.filter(
    (part) =>
      !part.isFlushed &&
      part.minMs >= todayMs - DAY_MS &&
      part.maxMs < todayMs &&
      part.size <= size * SMALL_SHARE,
  );
  const inputs = [...flushed, ...earlier];
  const windows = daySplit(inputs, todayMs);
  return { inputs, windows, days: Math.max(...windows.map(daysOf)) };
}

function spansDays({ minMs, maxMs }: PlanPart): boolean {
  return windowOf(minMs, 1).endMs <= maxMs;
}

/** Days from yesterday on; before, windows of 4 days in the window of 16 that goes on, and windows of 16 that are over. */
function daySplit(inputs: readonly PlanPart[], todayMs: number): TimeWindow[] {
  const yesterdayMs = todayMs - DAY_MS;
  const currentMs = windowOf(yesterdayMs, 16).startMs;
  return split(inputs, (ms) => {
    if (ms >= yesterdayMs) return windowOf(ms, 1);
    const { startMs, endMs } = windowOf(ms, ms >= currentMs ? 4 : 16);
    return { startMs, endMs: Math.min(endMs, yesterdayMs) };
  });
}

/** The windows that cover the inputs, each as `windowAt` has it, without those that no input meets. */
function split(inputs: readonly PlanPart[], windowAt: (ms: number) => TimeWindow): TimeWindow[] {
  const endMs = Math.max(...inputs.map(({ maxMs }) => maxMs)) + 1;
  const windows: TimeWindow[] = [];
  for (let ms = Math.min(...inputs.map(({ minMs }) => minMs)); ms < endMs;) {
    const window = windowAt(ms);
    windows.push(window);
    const next = inputs.filter((part) => part.maxMs >= window.endMs);
    ms = Math.max(window.endMs, Math.min(...next.map(({ minMs }) => minMs)));
  }
  return windows;
}

function daysOf({ startMs, endMs }: TimeWindow): number {
  return Math.ceil((endMs - startMs) / DAY_MS);
}

/** Parts of windows that are over, and small ones of those that go on. */
function planWindows(parts: readonly PlanPart[], { nowMs }: PlanOptions): PlannedMerge | null {
  const todayMs = windowOf(nowMs, 1).startMs;
  for (const { days, countMin } of LEVELS) {
    for (const [startMs, members] of byWindow(parts, days)) {
      const window = { startMs, endMs: startMs + days * DAY_MS };
      const isOver = window.endMs <= todayMs;
      if (isOver && members.some(({ isFlushed }) => isFlushed)) continue;
      if (!isOver && days !== SMALL_DAYS) continue;
      const chosen = isOver ? worthMerging(members, countMin) : small(members, todayMs);
      if (chosen.length === 0) continue;
      return { inputs: chosen.slice(0, INPUTS_MAX), windows: [window], days };
    }
  }
  return null;
}

/** Parts by the window that they lie in as a whole. */
function byWindow(parts: readonly PlanPart[], days: number): Map<number, PlanPart[]> {
  const windows = new Map<number, PlanPart[]>();
  for (const part of parts) {
    const { startMs, endMs } = windowOf(part.minMs, days);
    if (part.maxMs >= endMs) continue;
    const members = windows.get(startMs) ?? [];
    members.push(part);
    windows.set(startMs, members);
  }
  return windows;
}

/** The parts without the largest ones, until all have `countMin` times the bytes of the largest that is left. */
function worthMerging(parts: readonly PlanPart[], countMin: number): PlanPart[] {
  const sorted = parts.toSorted((a, b) => a.size - b.size);
  let size = sorted.reduce((sum, part) => sum + part.size, 0);
  for (let part = sorted.at(-1); part; part = sorted.at(-1)) {
    if (size >= part.size * countMin) break;
    size -= part.size;
    sorted.pop();
  }
  return sorted;
}

/** What late samples brought to a window that goes on. */
function small(parts: readonly PlanPart[], todayMs: number): PlanPart[] {
  const largest = Math.max(...parts.map(({ size }) => size));
  const late = parts.filter(
    ({ isFlushed, size, maxMs }) => !isFlushed && maxMs < todayMs && size <= largest * SMALL_SHARE,
  );
  return worthMerging(late, SMALL_COUNT_MIN);
}

/** For parts that hold series of several lanes: all of them, to be split by lanes and windows of 16 days. */
export function planLaneSplit(parts: readonly PlanPart[]): PlannedMerge | null {
  if (parts.length === 0) return null;
  const inputs = parts.slice(0, INPUTS_MAX);
  return { inputs, windows: split(inputs, (ms) => windowOf(ms, 16)), days: 16 };
}

/**
 * For a forced merge: the next merge towards one part per window of 32 days, or null when it is done. A part that goes from one
 * window into the next brings both together.
 *
 * @param isMeant which windows are asked for
 */
export function planForcedMerge(
  parts: readonly PlanPart[],
  isMeant: (window: TimeWindow) => boolean,
): PlannedMerge | null {
  const sorted = parts.toSorted((a, b) => a.minMs - b.minMs);
  for (let from = 0; from < sorted.length;) {
    let { endMs } = windowOf((sorted[from] as PlanPart).minMs, LARGEST_DAYS);
    let end = from;
    for (let part = sorted[end]; part && part.minMs < endMs; part = sorted[end]) {
      endMs = Math.max(endMs, windowOf(part.maxMs, LARGEST_DAYS).endMs);
      end += 1;
    }
    const inputs = sorted.slice(from, end).slice(0, INPUTS_MAX);
    from = end;
    const windows = split(inputs, (ms) => windowOf(ms, LARGEST_DAYS));
    if (!windows.some(isMeant)) continue;
    const isDone = inputs.length === windows.length && inputs.every(({ isFinal }) => isFinal);
    if (!isDone) return { inputs, windows, days: LARGEST_DAYS };
  }
  return null;
}

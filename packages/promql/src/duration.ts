/**
 * Durations as text: `1h30m`, units in falling order, each at most once. A day has 24 hours, a week 7 days, a
 * year 365 days.
 */

const UNITS: readonly (readonly [string, number])[] = [
  ["y", 31_536_000_000],
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
];

const PATTERN = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** 2^63 nanoseconds, the longest duration of Prometheus. */
export const DURATION_MAX_MS = 9_223_372_036_854;

/** @returns milliseconds, or the reason why the text is no duration */
export function parseDurationText(text: string): number | { readonly problem: string } {
  if (text === "0") return 0;
  const groups = PATTERN.exec(text);
  if (groups === null || text === "") {
    return { problem: `not a valid duration string: ${JSON.stringify(text)}` };
  }
  let durationMs = 0;
  for (const [index, [, unitMs]] of UNITS.entries()) {
    const count = groups[index + 1];
    if (count !== undefined) durationMs += Number(count) * unitMs;
  }
  return durationMs <= DURATION_MAX_MS ? durationMs : { problem: "duration out of range" };
}

/** @param durationMs an integer; a sign comes first. `0s` for none. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return "0s";
  let rest = Math.abs(durationMs);
  let out = durationMs < 0 ? "-" : "";
  for (const [unit, unitMs] of UNITS) {
    // Years and weeks only when they stand alone, as people write them: 1y2w is harder to read than 379d.
    const isCalendar = unit === "y" || unit === "w";
    if (rest < unitMs || (isCalendar && rest % unitMs !== 0)) continue;
    const count = Math.floor(rest / unitMs);
    out += `${count}${unit}`;
    rest -= count * unitMs;
  }
  return out;
}

/**
 * Seconds to milliseconds as Prometheus does it: to nanoseconds, then the rest is cut off. Whole milliseconds
 * are taken at once, because the nanoseconds of a long duration do not fit a double.
 */
export function secondsToMs(seconds: number): number {
  const nearestMs = Math.round(seconds * 1_000);
  if (nearestMs / 1_000 === seconds) return nearestMs + 0;
  return Math.trunc(Math.round(seconds * 1e9) / 1e6);
}

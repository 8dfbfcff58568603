/**
 * Durations and sizes as VictoriaMetrics' users write them: `1h30m`, `31d`, `16MiB`, `1.5GB`.
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const DURATION_UNITS_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", SECOND_MS],
  ["m", MINUTE_MS],
  ["h", HOUR_MS],
  ["d", DAY_MS],
  ["w", 7 * DAY_MS],
  ["y", 365 * DAY_MS],
]);

/** In a retention `M` is a month, and there are no minutes. */
const RETENTION_UNITS_MS: ReadonlyMap<string, number> = new Map([
  ["h", HOUR_MS],
  ["d", DAY_MS],
  ["w", 7 * DAY_MS],
  ["M", 31 * DAY_MS],
  ["y", 365 * DAY_MS],
]);

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["KB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["TiB", 2 ** 40],
]);

/** @returns integer milliseconds, or undefined when `text` is no duration; `0` needs no unit */
export function parseDurationMs(text: string): number | undefined {
  return text === "0" ? 0 : sumOfParts(text, DURATION_UNITS_MS);
}

/** As parseDurationMs; a bare number counts months of 31 days. */
export function parseRetentionMs(text: string): number | undefined {
  return sumOfParts(/^[\d.]+$/.test(text) ? `${text}M` : text, RETENTION_UNITS_MS);
}

/** @returns bytes, or undefined when `text` is no size; a bare number counts bytes */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?([KMGT]i?B|)$/.exec(text);
  const unit = SIZE_UNITS.get(match?.[2] ?? "none");
  return match && unit !== undefined ? safeInteger(Number(match[1]) * unit) : undefined;
}

function sumOfParts(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const part = /(\d+(?:\.\d+)?)([a-zA-Z]+)/y;
  let sum = 0;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    const unit = units.get(match?.[2] ?? "");
    if (!match || unit === undefined) return undefined;
    sum += Number(match[1]) * unit;
  }
  return text === "" ? undefined : safeInteger(sum);
}

function safeInteger(value: number): number | undefined {
  const whole = Math.round(value);
  return Number.isSafeInteger(whole) ? whole : undefined;
}

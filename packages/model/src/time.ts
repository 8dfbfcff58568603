/**
 * Times and durations as query arguments and flags give them.
 *
 * A plain number is Unix seconds, as in Prometheus; large ones are taken as milli-, micro- or nanoseconds,
 * as VictoriaMetrics does (reference 1.2.1). Unlike there, a bare four-digit number is not a year:
 * Prometheus' clients send small Unix times. Results are integer milliseconds: numbers are rounded to the
 * nearest one, texts cut off, as in Prometheus.
 */
import { InputError } from "./errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};

/** Times beyond it are clamped: about the year 292,277 (Prometheus' own bounds are ±2^53 ms or so). */
const TIME_MAX_MS = 2 ** 53 - 1;

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const DURATION = /^\d+(?:\.\d+)?(?:ms|[smhdwy])(?:-?\d+(?:\.\d+)?(?:ms|[smhdwy]))*$/;

/** Sum of `1h30m5.5s`-like parts, in milliseconds (not rounded); NaN when `text` is none. `2s-5ms` is VictoriaMetrics'. */
function durationTextToMs(text: string): number {
  if (!DURATION.test(text)) return NaN;
  let totalMs = 0;
  for (const [, count, unit] of text.matchAll(/(-?\d+(?:\.\d+)?)(ms|[smhdwy])/g)) {
    totalMs += Number(count) * (UNIT_MS[unit as string] as number);
  }
  return totalMs;
}

/**
 * A duration argument: seconds as a number, or `1h30m`. Fractions of a millisecond are cut off.
 *
 * @param name of the argument, for the message
 * @throws {InputError} on anything else, and on what is out of range
 */
export function parseDurationMs(text: string, name: string): number {
  const ms = NUMBER.test(text) ? Number(text) * 1_000 : durationTextToMs(text);
  if (!Number.isFinite(ms) || Math.abs(ms) > TIME_MAX_MS) {
    throw new InputError(
      "TIDELINE_DURATION",
      `invalid parameter "${name}": cannot parse "${text}" to a valid duration: want seconds or a duration such as 1h30m`,
    );
  }
  return Math.trunc(ms);
}

const RFC3339 =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d)(?::(\d\d)(?::(\d\d)(\.\d+)?)?)?)?)?)?([Zz]|[+-]\d\d:\d\d)?$/;

/**
 * A time argument: Unix time, RFC3339 (also cut short: `2024-05`, `2024-05-01T10:11`), `now`, `now-1h`,
 * `-1h` or `1h` (that long ago).
 *
 * @param name of the argument, for the message
 * @throws {InputError} on anything else
 */
export function parseTimeMs(text: string, name: string, nowMs: number): number {
  const ms = timeTextToMs(text, nowMs);
  if (Number.isNaN(ms)) {
    throw new InputError(
      "TIDELINE_TIME",
      `invalid parameter "${name}": cannot parse "${text}" to a valid timestamp: want Unix seconds, RFC3339 or a duration before now`,
    );
  }
  return Math.max(-TIME_MAX_MS, Math.min(TIME_MAX_MS, Math.floor(ms)));
}

function timeTextToMs(text: string, nowMs: number): number {
  if (NUMBER.test(text)) {
    const unix = Number(text);
    return Number.isFinite(unix) ? Math.round(unixToMs(unix)) : NaN;
  }
  // Prometheus' own words for "from the beginning" and "to the end".
  if (text === "-292273086-05-16T16:47:06Z") return -TIME_MAX_MS;
  if (text === "292277025-08-18T07:12:54.999999999Z") return TIME_MAX_MS;
  const rfc3339 = RFC3339.exec(text);
  if (rfc3339) return rfc3339ToMs(rfc3339);
  const relative = /^(?:now)?([+-]?)(.*)$/.exec(text);
  const [, sign = "", amount = ""] = relative ?? [];
  if (amount === "") return text === "now" ? nowMs : NaN;
  if (text.startsWith("now") && sign === "") return NaN;
  const agoMs = durationTextToMs(amount);
  return sign === "+" ? nowMs + agoMs : nowMs - agoMs;
}

function unixToMs(unix: number): number {
  const size = Math.abs(unix);
  if (size < 1e11) return secondsToMs(unix);
  if (size < 1e14) return unix;
  if (size < 1e17) return unix / 1_000;
  return unix / 1_000_000;
}

/** Prometheus rounds what follows the point to milliseconds, away from zero where two are equally near. */
function secondsToMs(unix: number): number {
  const seconds = Math.trunc(unix);
  const ms = Math.round(Math.abs(unix - seconds) * 1_000);
  return seconds * 1_000 + (unix < 0 ? -ms : ms);
}

function rfc3339ToMs(parts: RegExpExecArray): number {
  const [
    ,
    year,
    month = "01",
    day = "01",
    hour = "00",
    minute = "00",
    second = "00",
    fraction = "",
    zone = "Z",
  ] = parts;
  const isoMs = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}${zone === "z" ? "Z" : zone}`,
  );
  // Date.parse rolls over 24:00 and the last days of short months, which are no RFC3339.
  const dayMax = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return hour === "24" || Number(day) > dayMax ? NaN : isoMs + Number(`0${fraction}`) * 1_000;
}

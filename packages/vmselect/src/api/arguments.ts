/**
 * Reads the arguments of the query API (reference 1.2.1; Prometheus' HTTP API where they differ).
 * Every problem is an InputError that names the argument.
 */
import { InputError, parseDurationMs, parseTimeMs } from "@tideline/model";
import { readForm, type Exchange } from "@tideline/service";
import type { ExtraFilters } from "../query/jobs.ts";

/** What proxies narrow requests by, under all names. */
const ENFORCED = [["extra_label"], ["extra_filters", "extra_filters[]"]];

/** The arguments of URL and form together. */
export async function readArguments(exchange: Exchange): Promise<URLSearchParams> {
  return enforced(exchange.query, await readForm(exchange));
}

/** Where the URL narrows the request, a form has no word in it: a proxy in front sets the URL, its client the form. */
export function enforced(url: URLSearchParams, both: URLSearchParams): URLSearchParams {
  const args = new URLSearchParams(both);
  for (const names of ENFORCED) {
    if (!names.some((name) => url.has(name))) continue;
    for (const name of names) {
      args.delete(name);
      for (const value of url.getAll(name)) args.append(name, value);
    }
  }
  return args;
}

/** From the beginning of time to its end, as Prometheus has it where no range is given. */
export const WHOLE_TIME = { startMs: -(2 ** 53) + 1, endMs: 2 ** 53 - 1 };

export function timeArgument(
  args: URLSearchParams,
  name: string,
  defaultMs: number,
  nowMs: number,
): number {
  const text = args.get(name);
  return text === null || text === "" ? defaultMs : parseTimeMs(text, name, nowMs);
}

const DAY_MS = 86_400_000;

/** A day in UTC, `YYYY-MM-DD`; absent: today. */
export function dayArgument(
  args: URLSearchParams,
  name: string,
  nowMs: number,
): { startMs: number; endMs: number } {
  const text = args.get(name) ?? "";
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  const startMs = text === "" ? today : Date.parse(`${text}T00:00:00Z`);
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text) && new Date(startMs).getTime() === startMs;
  if (text === "" || (isDay && new Date(startMs).toISOString().startsWith(text))) {
    return { startMs, endMs: startMs + DAY_MS - 1 };
  }
  throw new InputError(
    "TIDELINE_DATE",
    `invalid parameter "${name}": want YYYY-MM-DD, got "${text}"`,
  );
}

/** `defaultMs` when the argument is absent, empty or Grafana's literal "undefined". */
export function durationArgument(args: URLSearchParams, name: string, defaultMs: number): number {
  const text = args.get(name);
  return text === null || text === "" || text === "undefined"
    ? defaultMs
    : parseDurationMs(text, name);
}

/** `timeout` in ms; absent, and not more than nothing: Infinity, since the flags limit it anyway. */
export function timeoutArgument(args: URLSearchParams): number {
  const timeoutMs = durationArgument(args, "timeout", Infinity);
  return timeoutMs > 0 ? timeoutMs : Infinity;
}

/** A count ≥ 0; absent: 0, which means no limit. */
export function limitArgument(args: URLSearchParams, name: string): number {
  const text = args.get(name) ?? "";
  if (text === "") return 0;
  if (/^\+?\d{1,15}$/.test(text)) return Number(text);
  const reason = /^-\d+$/.test(text)
    ? `${name} must be non-negative`
    : `cannot parse "${text}" to a count`;
  throw new InputError("TIDELINE_LIMIT", `invalid parameter "${name}": ${reason}`);
}

/** False for absent, empty, 0, f, false, no; else true. */
export function booleanArgument(args: URLSearchParams, name: string): boolean {
  return !["", "0", "f", "false", "no"].includes((args.get(name) ?? "").toLowerCase());
}

/** match[] (or match), as many as were given. */
export function selectorArguments(args: URLSearchParams): string[] {
  return [...args.getAll("match[]"), ...args.getAll("match")];
}

/** extra_label=name=value and extra_filters[] / extra_filters. */
export function extraFilterArguments(args: URLSearchParams): ExtraFilters {
  const labels = args.getAll("extra_label").map((text) => {
    const at = text.indexOf("=");
    if (at <= 0) {
      throw new InputError(
        "TIDELINE_EXTRA_LABEL",
        `invalid parameter "extra_label": want name=value, got "${text}"`,
      );
    }
    return { name: text.slice(0, at), value: text.slice(at + 1) };
  });
  return {
    labels,
    selectorTexts: [...args.getAll("extra_filters[]"), ...args.getAll("extra_filters")],
  };
}

/**
 * A label name from a URL: `U__` starts Prometheus' escaping of UTF-8 names, in which `__` is an underscore
 * and `_XX_` a code point in hex. Anything that is not well formed stays as it is.
 */
export function unescapeLabelName(name: string): string {
  if (!name.startsWith("U__")) return name;
  const escaped = name.slice(3);
  if (!/^(?:[a-zA-Z0-9:]|__|_[0-9a-fA-F]{1,6}_)*$/.test(escaped)) return name;
  const codePoints = [...escaped.matchAll(/_([0-9a-fA-F]{1,6})_/g)].map(([, hex]) =>
    Number.parseInt(hex ?? "", 16),
  );
  if (codePoints.some((codePoint) => codePoint > 0x10_ffff)) return name;
  return escaped.replaceAll(/__|_([0-9a-fA-F]{1,6})_/g, (_match, hex: string | undefined) =>
    hex === undefined ? "_" : String.fromCodePoint(Number.parseInt(hex, 16)),
  );
}

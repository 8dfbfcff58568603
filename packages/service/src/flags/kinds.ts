/**
 * The kinds of flags that a table may hold. A table is a plain object from flag name to one of these;
 * the parsed values get their types from it, and help, environment names and docs/flags.md come from it.
 *
 * A parser returns undefined for text that it cannot read; parse.ts turns that into an error which
 * shows the flag, the text and the rule.
 */
import { readFileSync } from "node:fs";
import { type ListenAddress, parseListenAddress } from "../http/address.ts";
import { parseList } from "./list.ts";
import { parseByteSize, parseDurationMs, parseRetentionMs } from "./units.ts";

export interface Flag<T> {
  /** Shown in the help: "duration". */
  readonly kind: string;
  readonly help: string;
  /** What the help shows as the default; parsed like given text. */
  readonly defaultText: string;
  /** What a good value looks like, to finish the sentence "want …". */
  readonly rule: string;
  readonly parse: (text: string) => T | undefined;
  /** A boolean stands for `true` when nothing follows it. */
  readonly isBoolean?: true;
  /** Shown as `secret` wherever values are shown. */
  readonly isSecret?: true;
  /** A list may be given several times; the values come together. */
  readonly isList?: true;
}

// The parsed types differ per flag and are only known to the table's own type.
export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

/** The values of a table, under the flags' own names. */
export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Flag<infer T> ? T : never;
};

export function text(options: { default?: string; help: string }): Flag<string> {
  return {
    kind: "string",
    help: options.help,
    defaultText: options.default ?? "",
    rule: "any text",
    parse: (given) => given,
  };
}

/** A password or key; `file:///path` is read once, at start, and its last line break is dropped. */
export function secret(options: { help: string }): Flag<string> {
  return {
    kind: "secret",
    help: `${options.help}. file:///path reads it from a file at start`,
    defaultText: "",
    rule: "any text, or file:///path of a file that can be read",
    parse: readSecret,
    isSecret: true,
  };
}

function readSecret(given: string): string | undefined {
  if (!given.startsWith("file://")) return given;
  try {
    return readFileSync(new URL(given), "utf8").replace(/\r?\n$/, "");
  } catch {
    return undefined;
  }
}

/** Values between commas, or the flag given several times. A value with a comma stands in quotes. */
export function list(options: { default?: string; help: string }): Flag<readonly string[]> {
  return {
    kind: "array",
    help: options.help,
    defaultText: options.default ?? "",
    rule: 'values separated by commas, those with a comma in quotes: a,"b,c"',
    parse: parseList,
    isList: true,
  };
}

export function integer(options: {
  default: number;
  min?: number;
  max?: number;
  help: string;
}): Flag<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  return {
    kind: "int",
    help: options.help,
    defaultText: String(options.default),
    rule:
      max === Number.MAX_SAFE_INTEGER
        ? `an integer of at least ${min}`
        : `an integer from ${min} to ${max}`,
    parse: (given) => (/^-?\d+$/.test(given) ? inRange(Number(given), min, max) : undefined),
  };
}

export function number(options: {
  default: number;
  min?: number;
  max?: number;
  help: string;
}): Flag<number> {
  const { min = 0, max = Number.MAX_VALUE } = options;
  return {
    kind: "float",
    help: options.help,
    defaultText: String(options.default),
    rule:
      max === Number.MAX_VALUE ? `a number of at least ${min}` : `a number from ${min} to ${max}`,
    parse: (given) =>
      /^-?[\d.]+(e[-+]?\d+)?$/i.test(given) ? inRange(Number(given), min, max) : undefined,
  };
}

function inRange(value: number, min: number, max: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}

const TRUE_WORDS: ReadonlySet<string> = new Set(["true", "TRUE", "True", "t", "T", "1"]);
const FALSE_WORDS: ReadonlySet<string> = new Set(["false", "FALSE", "False", "f", "F", "0"]);

export function boolean(options: { default?: boolean; help: string }): Flag<boolean> {
  return {
    kind: "bool",
    help: options.help,
    defaultText: String(options.default ?? false),
    rule: "true, false, 1 or 0, behind `=`",
    parse: (given) => (TRUE_WORDS.has(given) ? true : FALSE_WORDS.has(given) ? false : undefined),
    isBoolean: true,
  };
}

/** Integer milliseconds from `ms s m h d w y`. */
export function durationMs(options: { default: string; help: string }): Flag<number> {
  return {
    kind: "duration",
    help: options.help,
    defaultText: options.default,
    rule: "a duration such as 500ms, 30s, 1h30m, 2d (units ms, s, m, h, d, w, y)",
    parse: parseDurationMs,
  };
}

/** Integer milliseconds from `h d w M y`; a bare number counts months of 31 days. */
export function retentionMs(options: {
  default: string;
  minMs: number;
  help: string;
}): Flag<number> {
  const minHours = options.minMs / 3_600_000;
  return {
    kind: "retention",
    help: options.help,
    defaultText: options.default,
    rule: `a time such as 3 (months), 30d, 6M, 2y (units h, d, w, M, y) of at least ${minHours}h`,
    parse: (given) => inRange(parseRetentionMs(given) ?? -1, options.minMs, Infinity),
  };
}

/** Bytes from `KB MB GB TB KiB MiB GiB TiB` or a bare number. */
export function byteSize(options: { default: string; min?: number; help: string }): Flag<number> {
  const { min = 0 } = options;
  const bound = min > 0 ? `, at least ${min} bytes` : "";
  return {
    kind: "size",
    help: options.help,
    defaultText: options.default,
    rule: `a size such as 1024, 64KB, 16MiB, 1.5GB (units KB, MB, GB, TB, KiB, MiB, GiB, TiB)${bound}`,
    parse: (given) => inRange(parseByteSize(given) ?? -1, min, Infinity),
  };
}

export function enumeration<const Word extends string>(options: {
  words: readonly Word[];
  default: NoInfer<Word>;
  help: string;
}): Flag<Word> {
  return {
    kind: "string",
    help: `${options.help}. One of: ${options.words.join(", ")}`,
    defaultText: options.default,
    rule: `one of ${options.words.join(", ")}`,
    parse: (given) => options.words.find((word) => word === given),
  };
}

const ADDRESS_RULE = "host:port; :8480 listens on all interfaces, port 0 takes any free port";

/** Where to listen. */
export function address(options: { default: string; help: string }): Flag<ListenAddress> {
  return {
    kind: "address",
    help: options.help,
    defaultText: options.default,
    rule: ADDRESS_RULE,
    parse: parseListenAddress,
  };
}

/** Where to listen, once or several times. */
export function addressList(options: {
  default: string;
  help: string;
}): Flag<readonly ListenAddress[]> {
  return {
    kind: "array",
    help: options.help,
    defaultText: options.default,
    rule: ADDRESS_RULE,
    parse: parseAddresses,
    isList: true,
  };
}

function parseAddresses(given: string): readonly ListenAddress[] | undefined {
  const addresses: ListenAddress[] = [];
  for (const item of parseList(given) ?? []) {
    const parsed = parseListenAddress(item);
    if (!parsed) return undefined;
    addresses.push(parsed);
  }
  return addresses;
}

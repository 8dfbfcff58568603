/**
 * Series as test scripts write them: `name{label="value"} 1 2+3x4 _ stale`.
 */
import { STALE_HIGH_WORD, STALE_LOW_WORD, wordsOf, type Label } from "@tideline/model";
import { parseSelector } from "@tideline/promql";

export interface SeriesNotation {
  readonly labels: readonly Label[];
  /** One per place; meaningless where absent. Bits: staleness markers are among them. */
  readonly values: Float64Array;
  /** 1 where there is a sample. */
  readonly presence: Uint8Array;
  /** Native histograms stand among the values; their places are absent. */
  readonly hasHistograms: boolean;
}

const NUMBER = String.raw`(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[iI][nN][fF]|[nN][aA][nN])`;
const NUMBERS = new RegExp(`^([+-]?${NUMBER})([+-]${NUMBER})?(?:x([0-9]+))?$`);
const OMITTED = /^_(?:x([0-9]+))?$/;
const STALE = /^stale(?:x([0-9]+))?$/;
const HISTOGRAMS = /^\{\{[^}]*\}\}(?:[+-]\{\{[^}]*\}\})?(?:x([0-9]+))?(?=\s|$)/;

/** A script may not blow up a test: more values than this in one series are a mistake. */
const VALUES_MAX = 1_000_000;

/** @throws {Error} when the line is no series */
export function parseSeriesLine(line: string): SeriesNotation {
  const end = endOfLabels(line);
  const labels = parseLabels(line.slice(0, end));
  const values = new ValueList();
  let rest = line.slice(end).trim();
  while (rest !== "") {
    const item = (HISTOGRAMS.exec(rest) ?? /^\S+/.exec(rest))?.[0] ?? rest;
    appendItem(values, item);
    rest = rest.slice(item.length).trimStart();
  }
  return { labels, ...values.finish() };
}

/** @throws {Error} when the text is no series without values */
function parseLabels(text: string): readonly Label[] {
  return parseSelector(text).map(({ name, operator, value }) => {
    if (operator !== "=") throw new Error(`a series has no matcher ${operator}: ${text}`);
    return { name, value };
  });
}

/** A number of a script: decimal, hexadecimal, Inf or NaN, with a sign; undefined when it is none. */
export function parseNumberText(text: string): number | undefined {
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = text.replace(/^[+-]/, "").toLowerCase();
  if (digits === "inf") return sign * Infinity;
  if (digits === "nan") return NaN;
  if (/^0x[0-9a-f]+$/.test(digits)) return sign * Number(digits);
  return /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?$/.test(digits)
    ? sign * Number(digits)
    : undefined;
}

/** Where the name and the braces end and the values begin. */
function endOfLabels(line: string): number {
  const name = /^[^\s{]*/.exec(line)?.[0] ?? "";
  if (line[name.length] !== "{") return name.length;
  const braces = /\{(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\}/y;
  braces.lastIndex = name.length;
  const match = braces.exec(line);
  if (match === null) throw new Error(`the braces of a series are not closed: ${line}`);
  return name.length + match[0].length;
}

function appendItem(values: ValueList, item: string): void {
  const omitted = OMITTED.exec(item);
  if (omitted) {
    values.omit(Number(omitted[1] ?? 1));
    return;
  }
  const stale = STALE.exec(item);
  if (stale) {
    values.repeatStale(Number(stale[1] ?? 0) + 1);
    return;
  }
  if (item.startsWith("{{")) {
    values.repeatHistogram(Number(HISTOGRAMS.exec(item)?.[1] ?? 0) + 1);
    return;
  }
  const numbers = NUMBERS.exec(item);
  if (!numbers) throw new Error(`no value of a series: ${item}`);
  const [, start, increment, times] = numbers;
  if (increment !== undefined && times === undefined)
    throw new Error(`an increment without x: ${item}`);
  let value = parseNumberText(start as string) as number;
  const step = increment === undefined ? 0 : (parseNumberText(increment) as number);
  for (let i = 0; i <= Number(times ?? 0); i += 1) {
    values.push(value);
    if (increment !== undefined) value += step;
  }
}

/** Values that grow; a staleness marker is written as words, so that it keeps its bits. */
class ValueList {
  #values = new Float64Array(64);
  #presence = new Uint8Array(64);
  #count = 0;
  #hasHistograms = false;

  push(value: number): void {
    const index = this.#next();
    this.#values[index] = value;
    this.#presence[index] = 1;
  }

  omit(count: number): void {
    for (let i = 0; i < count; i += 1) this.#next();
  }

  repeatStale(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const index = this.#next();
      const words = wordsOf(this.#values);
      words[index * 2] = STALE_LOW_WORD;
      words[index * 2 + 1] = STALE_HIGH_WORD;
      this.#presence[index] = 1;
    }
  }

  repeatHistogram(count: number): void {
    this.#hasHistograms = true;
    this.omit(count);
  }

  finish(): Omit<SeriesNotation, "labels"> {
    return {
      values: this.#values.subarray(0, this.#count),
      presence: this.#presence.subarray(0, this.#count),
      hasHistograms: this.#hasHistograms,
    };
  }

  #next(): number {
    if (this.#count === VALUES_MAX) throw new Error("too many values in one series of a script");
    if (this.#count === this.#values.length) {
      const values = new Float64Array(this.#count * 2);
      const presence = new Uint8Array(this.#count * 2);
      values.set(this.#values);
      presence.set(this.#presence);
      this.#values = values;
      this.#presence = presence;
    }
    this.#count += 1;
    return this.#count - 1;
  }
}

/**
 * Whether a result is what a script expects. Prometheus' rules of comparing: values to 1e-6 relative, label sets
 * exactly, points in count and time.
 */
import type { QueryResult, ResultData } from "../../query-types.ts";
import { labelKey, labelKeyText } from "../../labels/label-key.ts";
import type { EvalCommand, Note } from "./script.ts";
import type { SeriesNotation } from "./series-notation.ts";

const EPSILON = 1e-6;
const SMALLEST_NORMAL = 2.2250738585072014e-308;

export function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < SMALLEST_NORMAL) return difference < EPSILON * SMALLEST_NORMAL;
  return difference / Math.min(sum, Number.MAX_VALUE) < EPSILON;
}

/** A row of a result: its labels, and a value at some times. */
export interface ResultRow {
  readonly labels: string;
  readonly points: readonly { readonly timeMs: number; readonly value: number }[];
}

/** Rows that have samples, in the order of the result. */
export function rowsOf(data: ResultData): readonly ResultRow[] {
  if (data.type === "samples") {
    return data.samples.series.map(({ labels, timestampsMs, values }) => ({
      labels,
      points: Array.from(timestampsMs, (timeMs, i) => ({ timeMs, value: values[i] as number })),
    }));
  }
  if (data.type !== "vector" && data.type !== "matrix") return [];
  const { columns } = data;
  const timeOf = (step: number): number =>
    data.type === "vector" ? data.timeMs : data.grid.startMs + step * data.grid.stepMs;
  return columns.labels
    .map((labels, row) => {
      const points: { timeMs: number; value: number }[] = [];
      for (let step = 0; step < columns.stepCount; step += 1) {
        const index = row * columns.stepCount + step;
        if (columns.presence[index] === 0) continue;
        points.push({ timeMs: timeOf(step), value: columns.values[index] as number });
      }
      return { labels, points };
    })
    .filter(({ points }) => points.length > 0);
}

/** @returns what is wrong, or null */
export function checkResult(command: EvalCommand, result: QueryResult): string | null {
  return checkData(command, result.data) ?? checkNotes(command, result);
}

function checkData(command: EvalCommand, data: ResultData): string | null {
  if (command.string !== undefined) {
    if (data.type !== "string") return `expected a string, got a ${data.type}`;
    return data.text === command.string
      ? null
      : `expected ${JSON.stringify(command.string)}, got ${JSON.stringify(data.text)}`;
  }
  if (command.scalar !== undefined) {
    if (data.type !== "scalar") return `expected a scalar, got a ${data.type}`;
    const value = data.value[0] as number;
    return almostEqual(value, command.scalar) ? null : `expected ${command.scalar}, got ${value}`;
  }
  const isSeries = data.type === "vector" || data.type === "matrix" || data.type === "samples";
  if (!isSeries) return `expected series, got a ${data.type}`;
  return checkRows(command, rowsOf(data));
}

export function checkRows(command: EvalCommand, rows: readonly ResultRow[]): string | null {
  const expected = new Map(
    command.series.map((series, index) => [labelKey(series.labels), { series, index }]),
  );
  const isOrdered = command.notes.some(({ kind }) => kind === "ordered");
  const seen = new Set<string>();
  for (const [position, row] of rows.entries()) {
    const name = labelKeyText(row.labels);
    const entry = expected.get(row.labels);
    if (!entry) return `unexpected series ${name}`;
    if (seen.has(row.labels)) return `series ${name} occurs twice`;
    seen.add(row.labels);
    if (isOrdered && entry.index !== position) {
      return `series ${name} at position ${position}, expected at ${entry.index}`;
    }
    const problem = checkPoints(command, entry.series, row);
    if (problem !== null) return `${name}: ${problem}`;
  }
  for (const [labels, { series }] of expected) {
    if (!seen.has(labels) && series.presence.includes(1))
      return `missing series ${labelKeyText(labels)}`;
  }
  return null;
}

function checkPoints(command: EvalCommand, series: SeriesNotation, row: ResultRow): string | null {
  const { startMs, stepMs } = command.rangeVector ?? command;
  const expected: { timeMs: number; value: number }[] = [];
  for (const [index, value] of series.values.entries()) {
    if (series.presence[index] === 1) expected.push({ timeMs: startMs + index * stepMs, value });
  }
  const points = row.points.map(({ timeMs, value }) => `${value} @${timeMs}`).join(", ");
  if (expected.length !== row.points.length) {
    return `expected ${expected.length} points, got ${row.points.length}: ${points}`;
  }
  for (const [index, { timeMs, value }] of expected.entries()) {
    const point = row.points[index] as ResultRow["points"][number];
    if (point.timeMs !== timeMs) return `expected a point at ${timeMs} ms, got ${points}`;
    if (!almostEqual(point.value, value)) {
      return `expected ${value} at ${timeMs} ms, got ${point.value}`;
    }
  }
  return null;
}

function checkNotes(command: EvalCommand, result: QueryResult): string | null {
  return (
    checkTexts("warn", command.notes, result.warnings) ??
    checkTexts("info", command.notes, result.infos)
  );
}

function checkTexts(
  kind: "warn" | "info",
  notes: readonly Note[],
  texts: readonly string[],
): string | null {
  const wanted = notes.filter((note) => note.kind === kind);
  if (notes.some((note) => note.kind === `no_${kind}`) && texts.length > 0) {
    return `unexpected ${kind}: ${texts[0]}`;
  }
  if (wanted.length === 0) return null;
  if (texts.length === 0) return `expected ${kind}, got none`;
  const unmet = wanted.find((note) => !texts.some((text) => matchesNote(note, text)));
  if (unmet) return `no ${kind} is ${unmet.text}: ${texts.join("; ")}`;
  const odd = texts.find((text) => !wanted.some((note) => matchesNote(note, text)));
  return odd === undefined ? null : `unexpected ${kind}: ${odd}`;
}

/** The place at the end of an annotation, which scripts leave out. */
const PLACE = / \([0-9]+:[0-9]+\)$/;

function matchesNote(note: Note, text: string): boolean {
  if (note.text === undefined) return true;
  if (note.isPattern !== true) return text === note.text || text.replace(PLACE, "") === note.text;
  return patternOf(note.text).test(text);
}

/** Patterns of scripts are Go's; of its own syntax they use only the flag for letter case. */
function patternOf(source: string): RegExp {
  const ignoresCase = source.includes("(?i)");
  return new RegExp(source.replaceAll("(?i)", ""), ignoresCase ? "is" : "s");
}

/** @returns what is wrong with the error of a query that has to fail, or null */
export function checkFailure(note: Note, message: string): string | null {
  if (note.text === undefined) return null;
  const text = note.text.replace(/^"(.*)"$/, "$1");
  const isMet = note.isPattern === true ? patternOf(text).test(message) : message.includes(text);
  return isMet ? null : `expected the error ${note.text}, got ${message}`;
}

/**
 * Prometheus' PromQL test scripts as data: `clear`, `load`, and `eval` with what is expected of it.
 *
 * Lines are trimmed; a line that starts with `#` counts as empty; a command goes on to the next empty line.
 */
import { parseDurationMs } from "@tideline/model";
import { unquoteString } from "@tideline/promql";
import { parseNumberText, parseSeriesLine, type SeriesNotation } from "./series-notation.ts";

interface ClearCommand {
  readonly kind: "clear";
}

export interface LoadCommand {
  readonly kind: "load";
  readonly gapMs: number;
  readonly series: readonly SeriesNotation[];
  /** Native histograms with custom buckets are made of the classic ones. */
  readonly withCustomBuckets: boolean;
  /** Series bring start timestamps of their samples. */
  readonly hasStartTimestamps: boolean;
}

export interface Note {
  readonly kind: "fail" | "warn" | "no_warn" | "info" | "no_info" | "ordered";
  /** What its text has to be: the whole of it, or a pattern. */
  readonly text?: string;
  readonly isPattern?: boolean;
}

export interface EvalCommand {
  readonly kind: "eval";
  /** Counts from 1. */
  readonly line: number;
  readonly text: string;
  readonly isInstant: boolean;
  readonly startMs: number;
  readonly endMs: number;
  /** 0 for an instant query. */
  readonly stepMs: number;
  readonly notes: readonly Note[];
  readonly string?: string;
  readonly scalar?: number;
  /** The result is a range vector, whose values stand at these times. */
  readonly rangeVector?: { readonly startMs: number; readonly stepMs: number };
  readonly series: readonly SeriesNotation[];
}

export type Command = ClearCommand | LoadCommand | EvalCommand;

interface Block {
  /** Line number of the head, from 1. */
  readonly line: number;
  readonly head: string;
  readonly body: readonly string[];
}

/** @throws {Error} that names the line which is no part of a script */
export function parseScript(text: string): readonly Command[] {
  return blocksOf(text).map((block) => {
    try {
      return parseBlock(block);
    } catch (cause) {
      throw new Error(`line ${block.line}: ${(cause as Error).message}`, { cause });
    }
  });
}

function blocksOf(text: string): readonly Block[] {
  const blocks: { line: number; head: string; body: string[] }[] = [];
  let current: (typeof blocks)[number] | null = null;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    const isClear = /^clear$/i.test(line);
    if (line === "" || line.startsWith("#")) current = null;
    else if (current === null || isClear) {
      const block = { line: index + 1, head: line, body: [] };
      blocks.push(block);
      current = isClear ? null : block;
    } else current.body.push(line);
  }
  return blocks;
}

function parseBlock(block: Block): Command {
  const word = (/^\S+/.exec(block.head)?.[0] ?? "").toLowerCase();
  if (word === "clear") return { kind: "clear" };
  if (word === "load" || word === "load_with_nhcb") return parseLoad(block, word);
  if (word.startsWith("eval")) return parseEval(block);
  throw new Error(`unknown command ${block.head}`);
}

function parseLoad(block: Block, word: string): LoadCommand {
  const starts = block.body.filter((line) => /^\S+@st\s/.test(line));
  const series = block.body.filter((line) => !starts.includes(line)).map(parseSeriesLine);
  return {
    kind: "load",
    gapMs: duration(block.head.slice(word.length).trim()),
    series,
    withCustomBuckets: word === "load_with_nhcb",
    hasStartTimestamps: starts.length > 0,
  };
}

const INSTANT = /^eval(?:_(fail|warn|info|ordered))?\s+instant\s+at\s+(\S+)\s+(.+)$/i;
const RANGE =
  /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/i;

function parseEval(block: Block): EvalCommand {
  const instant = INSTANT.exec(block.head);
  const range = RANGE.exec(block.head);
  const [, kind, start, end, step, text] = instant
    ? [...instant.slice(0, 3), instant[2], "0", instant[3]]
    : (range ?? []);
  if (text === undefined) throw new Error(`no eval: ${block.head}`);
  const expected = parseExpected(
    block.body,
    kind === undefined ? [] : [{ kind: kind as Note["kind"] }],
  );
  return {
    kind: "eval",
    line: block.line,
    text,
    isInstant: instant !== null,
    startMs: duration(start as string),
    endMs: duration(end as string),
    stepMs: duration(step as string),
    ...expected,
  };
}

type Expected = Pick<EvalCommand, "notes" | "string" | "scalar" | "rangeVector" | "series">;

function parseExpected(lines: readonly string[], notesOfHead: readonly Note[]): Expected {
  const notes = [...notesOfHead];
  const series: SeriesNotation[] = [];
  let rest: Pick<Expected, "string" | "scalar" | "rangeVector"> = {};
  for (const line of lines) {
    const range = /^expect range vector from (\S+) to (\S+) step (\S+)$/.exec(line);
    const string = /^expect string (.+)$/.exec(line);
    const scalar = parseNumberText(line);
    if (range) {
      const rangeVector = {
        startMs: duration(range[1] as string),
        stepMs: duration(range[3] as string),
      };
      rest = { ...rest, rangeVector };
    } else if (string) rest = { ...rest, string: unquoteString(string[1] as string) };
    else if (/^expect(?:ed_fail)?[ _]/.test(line)) notes.push(parseNote(line));
    else if (scalar !== undefined) return { notes, series, ...rest, scalar };
    else series.push(parseSeriesLine(line));
  }
  return { notes, series, ...rest };
}

function parseNote(line: string): Note {
  const old = /^expected_fail_(message|regexp)\s+(.+)$/.exec(line);
  if (old) return { kind: "fail", text: old[2] as string, isPattern: old[1] === "regexp" };
  const note = /^expect (ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/.exec(
    line,
  );
  if (!note) throw new Error(`unknown expectation ${line}`);
  const kind = note[1] as Note["kind"];
  const text = note[3]?.trim();
  return text === undefined ? { kind } : { kind, text, isPattern: note[2] === "regex" };
}

/** Durations of scripts may be negative. */
function duration(text: string): number {
  return text.startsWith("-")
    ? 0 - parseDurationMs(text.slice(1), "time")
    : parseDurationMs(text, "time");
}

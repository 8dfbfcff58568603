/**
 * Runs a test script over arrays and reports what became of each eval.
 */
import { compileMatcher, type Label, type StepGrid, type Tenant } from "@tideline/model";
import { parse, selectorsOf, type Expression, type LanguageFacts } from "@tideline/promql";
import type { QueryResult } from "../../query-types.ts";
import { ArraySeriesSource } from "./array-source.ts";
import { almostEqual, checkFailure, checkResult, checkRows, rowsOf } from "./check-result.ts";
import { parseScript, type EvalCommand, type LoadCommand } from "./script.ts";
import { canBeRange, otherTimes, pinned } from "./variants.ts";

/** How the runner asks the engine. */
export interface ScriptEngine {
  readonly facts: LanguageFacts;
  /** @throws as a query does */
  query(
    source: ArraySeriesSource,
    request: { readonly text: string; readonly grid: StepGrid; readonly isInstant: boolean },
  ): Promise<QueryResult>;
}

export interface EvalReport {
  readonly line: number;
  readonly text: string;
  readonly outcome: "passed" | "failed" | "leftOut";
  /** Why it failed, or what it needs that is not stored. */
  readonly reason: string | null;
}

export const SCRIPT_TENANT: Tenant = { accountId: 0, projectId: 0 };

type Missing = "native histograms" | "start timestamps";

/** A series that the source cannot hold as the script means it. */
interface NotHeld {
  readonly labels: readonly Label[];
  readonly missing: Missing;
}

export async function runScript(
  text: string,
  engine: ScriptEngine,
): Promise<readonly EvalReport[]> {
  const source = new ArraySeriesSource(SCRIPT_TENANT);
  let notHeld: NotHeld[] = [];
  const reports: EvalReport[] = [];
  for (const command of parseScript(text)) {
    if (command.kind === "clear") {
      source.clear();
      notHeld = [];
    } else if (command.kind === "load") notHeld.push(...load(command, source));
    else reports.push(await runEval(command, source, engine, notHeld));
  }
  return reports;
}

/** @returns series that could not be loaded as the script means them */
function load(command: LoadCommand, source: ArraySeriesSource): readonly NotHeld[] {
  const lastOf = new Map(command.series.map((series) => [JSON.stringify(series.labels), series]));
  const notHeld: NotHeld[] = [];
  for (const series of lastOf.values()) {
    const { labels } = series;
    if (command.hasStartTimestamps) notHeld.push({ labels, missing: "start timestamps" });
    if (series.hasHistograms) notHeld.push({ labels, missing: "native histograms" });
    if (command.withCustomBuckets)
      notHeld.push({ labels: baseLabels(labels), missing: "native histograms" });
    const indexes = [...series.presence.keys()].filter((index) => series.presence[index] === 1);
    if (indexes.length === 0) continue;
    const timestampsMs = Float64Array.from(indexes, (index) => index * command.gapMs);
    const values = new Float64Array(indexes.length);
    for (const [target, index] of indexes.entries()) {
      values.set(series.values.subarray(index, index + 1), target);
    }
    source.add(series.labels, timestampsMs, values);
  }
  return notHeld;
}

/** Labels of the histogram with custom buckets that a classic series belongs to. */
function baseLabels(labels: readonly Label[]): readonly Label[] {
  return labels
    .filter(({ name }) => name !== "le")
    .map(({ name, value }) => ({
      name,
      value: name === "__name__" ? value.replace(/_(?:bucket|count|sum)$/, "") : value,
    }));
}

async function runEval(
  command: EvalCommand,
  source: ArraySeriesSource,
  engine: ScriptEngine,
  notHeld: readonly NotHeld[],
): Promise<EvalReport> {
  const { line, text } = command;
  const expression = parseOrNull(text, engine.facts);
  const touched = expression && firstSelected(expression, notHeld);
  const expectsHistograms = command.series.some(({ hasHistograms }) => hasHistograms);
  const missing = touched?.missing ?? (expectsHistograms ? "native histograms" : null);
  if (missing !== null) return { line, text, outcome: "leftOut", reason: missing };
  const reason =
    (await runOnce(command, source, engine)) ??
    (expression && (await runVariants(command, expression, source, engine)));
  return { line, text, outcome: reason === null ? "passed" : "failed", reason };
}

function parseOrNull(text: string, facts: LanguageFacts): Expression | null {
  try {
    return parse(text, facts);
  } catch {
    return null;
  }
}

/** The first of the series that a selector of the expression selects. */
function firstSelected(expression: Expression, series: readonly NotHeld[]): NotHeld | undefined {
  const selectors = selectorsOf(expression).map(({ matchers }) => matchers.map(compileMatcher));
  return series.find(({ labels }) =>
    selectors.some((matchers) =>
      matchers.every(({ matcher, matches }) =>
        matches(labels.find(({ name }) => name === matcher.name)?.value ?? ""),
      ),
    ),
  );
}

async function runOnce(
  command: EvalCommand,
  source: ArraySeriesSource,
  engine: ScriptEngine,
): Promise<string | null> {
  const failure = command.notes.find(({ kind }) => kind === "fail");
  const { startMs, endMs, stepMs, isInstant, text } = command;
  const grid = { startMs, endMs, stepMs: isInstant ? 1 : stepMs };
  try {
    const result = await engine.query(source, { text, grid, isInstant });
    return failure ? "expected to fail" : checkResult(command, result);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return failure ? checkFailure(failure, message) : `failed: ${message}`;
  }
}

async function runVariants(
  command: EvalCommand,
  expression: Expression,
  source: ArraySeriesSource,
  engine: ScriptEngine,
): Promise<string | null> {
  const fails = command.notes.some(({ kind }) => kind === "fail");
  if (!command.isInstant || fails) return null;
  const timeMs = command.startMs;
  const text = pinned(expression, timeMs);
  // Notes look at the first run only: what the other ones say has other places and, at times, other words.
  const quiet: EvalCommand = {
    ...command,
    notes: command.notes.filter(({ kind }) => kind === "ordered"),
  };
  for (const otherMs of text === null || command.rangeVector ? [] : otherTimes(timeMs)) {
    const reason = await runPinned({ ...quiet, text: text as string }, otherMs, source, engine);
    if (reason !== null) return `pinned, at ${otherMs} ms: ${reason}`;
  }
  const reason = canBeRange(command, expression) ? await runRange(quiet, source, engine) : null;
  return reason === null ? null : `in a range query: ${reason}`;
}

async function runPinned(
  command: EvalCommand,
  timeMs: number,
  source: ArraySeriesSource,
  engine: ScriptEngine,
): Promise<string | null> {
  return runOnce({ ...command, startMs: timeMs, endMs: timeMs }, source, engine);
}

const RANGE_STEP_MS = 60_000;

async function runRange(
  command: EvalCommand,
  source: ArraySeriesSource,
  engine: ScriptEngine,
): Promise<string | null> {
  const timeMs = command.startMs;
  const grid = {
    startMs: timeMs - RANGE_STEP_MS,
    endMs: timeMs + RANGE_STEP_MS,
    stepMs: RANGE_STEP_MS,
  };
  try {
    const { data } = await engine.query(source, { text: command.text, grid, isInstant: false });
    const rows = rowsOf(data)
      .map(({ labels, points }) => ({
        labels,
        points: points.filter((point) => point.timeMs === timeMs),
      }))
      .filter(({ points }) => points.length > 0);
    if (command.scalar === undefined) return checkRows(command, rows);
    const value = rows[0]?.points[0]?.value ?? Number.NaN;
    const isRight = rows.length === 1 && almostEqual(value, command.scalar);
    return isRight ? null : `expected ${command.scalar}, got ${value}`;
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * Other ways to ask what a script asks: each has to give the same answer. Prometheus' own runner does the same.
 *
 * Pinned: every selector and subquery gets `@ <time>`, then the query may be evaluated at any time. Range: as
 * the middle of a range query.
 */
import { print, replace, walk, type Expression } from "@tideline/promql";
import type { EvalCommand } from "./script.ts";

/** Functions whose value depends on the time of evaluation, whatever their selectors are pinned to. */
const TIME_FUNCTIONS: ReadonlySet<string> = new Set([
  "time",
  "timestamp",
  "info",
  "predict_linear",
  "minute",
  "hour",
  "day_of_week",
  "day_of_month",
  "day_of_year",
  "days_in_month",
  "month",
  "year",
  "start",
  "end",
  "range",
  "step",
]);

const GRID_FUNCTIONS: ReadonlySet<string> = new Set(["start", "end", "range", "step"]);

function hasCallOf(expression: Expression, names: ReadonlySet<string>): boolean {
  let found = false;
  walk(expression, (node) => {
    if (node.kind === "call" && names.has(node.name)) found = true;
    if (usesGrid(node)) found = true;
  });
  return found;
}

/** Duration expressions and `@ start()` look at the grid, too. */
function usesGrid(node: Expression): boolean {
  if (
    node.kind !== "vectorSelector" &&
    node.kind !== "subquery" &&
    node.kind !== "matrixSelector"
  ) {
    return false;
  }
  const durations =
    node.kind === "matrixSelector"
      ? [node.range]
      : node.kind === "subquery"
        ? [node.offset, node.range, node.step]
        : [node.offset];
  const at = node.kind === "matrixSelector" ? null : node.at;
  const isFixedAt = at === null || at.kind === "time";
  return !isFixedAt || durations.some((duration) => duration?.kind === "expression");
}

/** Times at which the pinned query is asked as well. */
export function otherTimes(timeMs: number): readonly number[] {
  if (timeMs === 0) return [-1_000, 1_000];
  return [-10 * timeMs, 0, Math.trunc(timeMs / 5), 10 * timeMs];
}

/**
 * Text with every selector and subquery at `timeMs`; null when its value depends on the time all the same.
 * What stands inside a subquery is left alone: it is asked at the subquery's own times.
 */
export function pinned(expression: Expression, timeMs: number): string | null {
  if (hasCallOf(expression, TIME_FUNCTIONS) || dependsOnOrder(expression)) return null;
  const at = { kind: "time", timestampMs: timeMs } as const;
  const inner = insideSubqueries(expression);
  const changed = replace(expression, (node) => {
    const canHave = node.kind === "vectorSelector" || node.kind === "subquery";
    return canHave && node.at === null && !inner.has(placeOf(node)) ? { ...node, at } : node;
  });
  return print(changed);
}

/** absent() looks at the order of matchers on one label, which is not kept in print. */
function dependsOnOrder(expression: Expression): boolean {
  let found = false;
  walk(expression, (node) => {
    const argument = node.kind === "call" && node.name === "absent" ? node.arguments[0] : undefined;
    if (argument?.kind !== "vectorSelector") return;
    const names = argument.matchers.map(({ name }) => name);
    if (new Set(names).size < names.length) found = true;
  });
  return found;
}

/** Where the selectors and subqueries inside subqueries begin: places name nodes even while they are rewritten. */
function insideSubqueries(expression: Expression): ReadonlySet<string> {
  const places = new Set<string>();
  walk(expression, (node) => {
    if (node.kind !== "subquery") return;
    walk(node.expression, (below) => {
      if (below.kind === "vectorSelector" || below.kind === "subquery") places.add(placeOf(below));
    });
  });
  return places;
}

const placeOf = ({ span }: Expression): string => `${span.start}-${span.end}`;

/** Whether the answer has to be in the middle of a range query, too. */
export function canBeRange(command: EvalCommand, expression: Expression): boolean {
  const isOrdered = command.notes.some(({ kind }) => kind === "ordered");
  const hasSeries = command.string === undefined && command.rangeVector === undefined;
  return command.isInstant && !isOrdered && hasSeries && !hasCallOf(expression, GRID_FUNCTIONS);
}

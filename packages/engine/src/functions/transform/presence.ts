/** absent, and what absent_over_time is made of: a sample where a vector has none. */
import { compileMatcher, METRIC_NAME, type Matcher } from "@tideline/model";
import type { Expression } from "@tideline/promql";
import { withoutBlankRows, type Columns } from "../../columns/columns.ts";
import { labelKey } from "../../labels/label-key.ts";
import type { TransformCard, TransformContext, Value } from "../card.ts";
import { vectorOf } from "./elementwise.ts";

/**
 * The labels that a missing series would have: those that the selector sets to one value. A second matcher on such a label
 * takes it away again, whatever it says; one before does not. Matchers that only take series away count as last: the storage of
 * Prometheus 3.5.3 puts them there, in the very list that is looked at here, as soon as it holds any sample of the time asked for.
 */
function pinnedLabels(expression: Expression | undefined): string {
  const pinned = new Map<string, string>();
  const wasPinned = new Set<string>();
  const matchers = selectorMatchers(expression);
  const takesAway = matchers.map(
    (matcher) => matcher.operator.startsWith("!") && compileMatcher(matcher).matchesEmpty,
  );
  const ordered = [false, true].flatMap((last) => matchers.filter((_, i) => takesAway[i] === last));
  for (const { name, operator, value } of ordered) {
    if (name === METRIC_NAME) continue;
    if (operator === "=" && !wasPinned.has(name)) {
      pinned.set(name, value);
      wasPinned.add(name);
    } else pinned.delete(name);
  }
  return labelKey([...pinned].map(([name, value]) => ({ name, value })));
}

function selectorMatchers(expression: Expression | undefined): readonly Matcher[] {
  if (expression?.kind === "vectorSelector") return expression.matchers;
  if (expression?.kind === "matrixSelector") return expression.selector.matchers;
  return [];
}

function absentFrom(values: readonly Value[], context: TransformContext): Value {
  const columns = vectorOf(values[0]);
  const { stepCount } = context;
  const presence = new Uint8Array(stepCount).fill(1);
  for (let at = 0; at < columns.presence.length; at += 1)
    if (columns.presence[at] === 1) presence[at % stepCount] = 0;
  const absent: Columns = {
    stepCount,
    labels: [pinnedLabels(context.call.arguments[0])],
    dropsName: null,
    values: new Float64Array(stepCount).fill(1),
    presence,
  };
  return { type: "vector", columns: withoutBlankRows(absent) };
}

export const presence: readonly TransformCard[] = [
  {
    kind: "transform",
    name: "absent",
    help: "1 where the vector has no sample, with the labels that its selector pins",
    notes: "A label that a later matcher names, too, is not pinned; != and !~ count as later",
    argumentTypes: ["vector"],
    returnType: "vector",
    evaluate: absentFrom,
  },
  {
    kind: "transform",
    name: "absent_over_time",
    help: "1 where no series has a sample in the window, with the labels that the selector pins",
    notes: "Pushed down as present_over_time",
    argumentTypes: ["matrix"],
    returnType: "vector",
    // The planner hands it present_over_time of its argument.
    evaluate: absentFrom,
  },
];

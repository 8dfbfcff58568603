/**
 * topk, bottomk, limitk, limit_ratio: rows of the group as they are, at the steps where they are chosen. topk takes a
 * NaN last, and so does bottomk.
 */
import { ExecutionError } from "@tideline/model";
import { emptyColumns, selectRows, withoutBlankRows, type Columns } from "../../columns/columns.ts";
import { hashShare } from "../../labels/label-hash.ts";
import { messageFloatText } from "@tideline/promql";
import { bounds } from "../../numeric/extremes.ts";
import type { AggregateCard, AggregateContext, Groups, Value } from "../card.ts";
import { scalarOf } from "../transform/elementwise.ts";
import { rowsByGroup } from "./spread.ts";

/**
 * k of each step; null where none takes a sample, as Prometheus does not look at what is too small then.
 *
 * @throws {ExecutionError} one is no number, or none that fits 64 bits
 */
function countsOf(parameters: Float64Array): Float64Array | null {
  if (parameters.some((parameter) => Number.isNaN(parameter)))
    throw new ExecutionError("TIDELINE_QUERY_PARAMETER", "Parameter value is NaN");
  const { least, greatest } = bounds(parameters);
  if (greatest < 1) return null;
  const outside = [greatest, least].find((count) => count >= 2 ** 63 || count <= -(2 ** 63));
  if (outside === undefined) return parameters.map(Math.trunc);
  throw new ExecutionError(
    "TIDELINE_QUERY_PARAMETER",
    `Scalar value ${messageFloatText(outside)} overflows int64`,
  );
}

/** Picks the rows of one step, best first. */
type Choice = (rows: readonly number[], limit: number, step: number, columns: Columns) => number[];

/**
 * The best rows, through a heap whose root is the worst kept one: rows come in order, and one takes the root's place
 * only if it is truly better. Which of equal rows stay follows from that, as it does in Prometheus.
 */
function byValue(isWorse: (a: number, b: number) => boolean): Choice {
  return (rows, limit, step, { values, stepCount }) => {
    const valueOf = (row: number): number => values[row * stepCount + step] as number;
    const less = (a: number, b: number): boolean =>
      Number.isNaN(valueOf(a)) || isWorse(valueOf(a), valueOf(b));
    const heap: number[] = [];
    for (const row of rows) {
      if (heap.length < limit) pushRow(heap, row, less);
      else if (isBetter(valueOf(row), valueOf(heap[0] as number), isWorse)) {
        heap[0] = row;
        siftDown(heap, less);
      }
    }
    return heap.toSorted((a, b) => {
      if (less(b, a)) return less(a, b) ? 0 : -1;
      return less(a, b) ? 1 : 0;
    });
  };
}

function isBetter(
  value: number,
  worst: number,
  isWorse: (a: number, b: number) => boolean,
): boolean {
  return isWorse(worst, value) || (Number.isNaN(worst) && !Number.isNaN(value));
}

type Less = (a: number, b: number) => boolean;

function pushRow(heap: number[], row: number, less: Less): void {
  let at = heap.length;
  heap.push(row);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!less(row, heap[parent] as number)) break;
    heap[at] = heap[parent] as number;
    at = parent;
  }
  heap[at] = row;
}

function siftDown(heap: number[], less: Less): void {
  const row = heap[0] as number;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && less(heap[child + 1] as number, heap[child] as number))
      child += 1;
    if (!less(heap[child] as number, row)) break;
    heap[at] = heap[child] as number;
    at = child;
  }
  heap[at] = row;
}

/** Marks the rows chosen of each group and step; the result has them alone. */
function choose(
  columns: Columns,
  groups: Groups,
  counts: Float64Array,
  context: AggregateContext,
  choice: Choice,
): Columns {
  const { stepCount } = columns;
  const limits = countsOf(counts);
  if (limits === null) return emptyColumns(stepCount);
  const presence = new Uint8Array(columns.presence.length);
  const order: number[] = [];
  for (const rows of rowsByGroup(groups)) {
    for (let step = 0; step < stepCount; step += 1) {
      const limit = limits[step] as number;
      if (limit < 1) continue;
      const present = rows.filter((row) => columns.presence[row * stepCount + step] === 1);
      for (const row of choice(present, limit, step, columns)) {
        presence[row * stepCount + step] = 1;
        order.push(row);
      }
    }
  }
  const chosen = { ...columns, presence };
  // An instant result shows the order of choice; a range result is sorted by labels anyway.
  return context.isInstant && stepCount === 1
    ? selectRows(chosen, order)
    : withoutBlankRows(chosen);
}

function ranking(name: string, help: string, choice: Choice, experimental = false): AggregateCard {
  return {
    kind: "aggregate",
    name,
    help,
    parameterType: "scalar",
    experimental,
    evaluate: (columns, groups, parameter, context) =>
      choose(columns, groups, scalarOf(parameter ?? undefined), context, choice),
  };
}

/** Warns of the greatest and of the least ratio, if they are too great or too small. @throws {ExecutionError} on a NaN */
function checkRatios(ratios: Float64Array, { annotations, parameterSpan }: AggregateContext): void {
  if (ratios.some((ratio) => Number.isNaN(ratio)))
    throw new ExecutionError("TIDELINE_QUERY_PARAMETER", "Ratio value is NaN");
  const { least, greatest } = bounds(ratios);
  for (const [ratio, capped] of [
    [greatest, Math.min(greatest, 1)],
    [least, Math.max(least, -1)],
  ] as const) {
    if (ratio === capped) continue;
    annotations.warn(
      `ratio value should be between -1 and 1, got ${messageFloatText(ratio)}, capping to ${messageFloatText(capped)}`,
      parameterSpan,
    );
  }
}

function limitRatio(
  columns: Columns,
  groups: Groups,
  parameter: Value | null,
  context: AggregateContext,
): Columns {
  const { stepCount } = columns;
  const given = scalarOf(parameter ?? undefined);
  checkRatios(given, context);
  const ratios = given.map((ratio) => Math.max(-1, Math.min(1, ratio)));
  const presence = columns.presence.slice();
  for (let row = 0; row < columns.labels.length; row += 1) {
    const share = hashShare(columns.labels[row] as string);
    for (let step = 0; step < stepCount; step += 1) {
      const ratio = ratios[step] as number;
      // A negative ratio takes just the rows that its complement leaves.
      const isIn = ratio >= 0 ? share < ratio : share >= 1 + ratio;
      if (!isIn) presence[row * stepCount + step] = 0;
    }
  }
  const chosen = { ...columns, presence };
  return context.isInstant && stepCount === 1
    ? selectRows(chosen, inHeaps(chosen, groups))
    : withoutBlankRows(chosen);
}

/** The rows of one step that are present, group by group, each as a heap of its values lies: so Prometheus shows them. */
function inHeaps({ values, presence }: Columns, groups: Groups): number[] {
  const valueOf = (row: number): number => values[row] as number;
  const less: Less = (a, b) => Number.isNaN(valueOf(a)) || valueOf(a) < valueOf(b);
  return rowsByGroup(groups).flatMap((rows) => {
    const heap: number[] = [];
    for (const row of rows) if (presence[row] === 1) pushRow(heap, row, less);
    return heap;
  });
}

export const rankings: readonly AggregateCard[] = [
  ranking(
    "topk",
    "The k greatest samples of the group",
    byValue((a, b) => a < b),
  ),
  ranking(
    "bottomk",
    "The k least samples of the group",
    byValue((a, b) => a > b),
  ),
  ranking("limitk", "k samples of the group", (rows, limit) => rows.slice(0, limit), true),
  {
    kind: "aggregate",
    name: "limit_ratio",
    help: "A share of the samples, always the same series; a negative ratio takes the others",
    notes: "Series are chosen by Prometheus' hash of their labels, so they are the same ones there",
    parameterType: "scalar",
    experimental: true,
    evaluate: limitRatio,
  },
];

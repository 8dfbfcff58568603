/**
 * What a leaf is, and which subtrees are one: a selector, its timestamps, or a range function over a selector with
 * constant parameters. A leaf is the largest subtree that can run where the data lives, and travels as its text.
 */
import type { Expression, MatrixSelector, VectorSelector } from "@tideline/promql";
import { ExecutionError, type StepGrid } from "@tideline/model";
import { stepCountOf } from "../grid.ts";
import type { ExtendedLoop, RollupCard, WindowTimes } from "../functions/card.ts";
import { functionCard, functionCards } from "../functions/shelf.ts";

/** Where the windows of a selector or subquery end. */
export interface TimeShift {
  readonly offsetMs: number;
  /** null: the step's own time. */
  readonly atMs: number | null;
}

export interface LeafNode extends TimeShift {
  readonly shape: "instant" | "smoothed" | "timestamp" | "rollup";
  readonly selector: VectorSelector;
  /** 0 unless it is a rollup: the others look back by the query's lookback. */
  readonly rangeMs: number;
  readonly card: RollupCard | null;
  readonly parameters: readonly number[];
}

/** The leaf that an expression is, or null. Durations are fixed and @ has a time. */
export function leafNodeOf(expression: Expression): LeafNode | null {
  // Without a range `anchored` changes nothing.
  if (expression.kind === "vectorSelector")
    return selectorLeaf(expression.extension === "smoothed" ? "smoothed" : "instant", expression);
  if (expression.kind !== "call") return null;
  const card = functionCard(expression.name);
  if (card?.kind === "rollup") {
    const parameters: number[] = [];
    let matrix: MatrixSelector | null = null;
    for (const argument of expression.arguments.map(unwrapped)) {
      const constant = constantOf(argument);
      if (argument.kind === "matrixSelector") matrix = argument;
      else if (constant === null) return null;
      else parameters.push(constant);
    }
    return matrix && matrixLeaf(matrix, card, parameters);
  }
  const argument = expression.arguments[0];
  if (card?.name !== "timestamp" || !argument) return null;
  const inner = unwrapped(argument);
  if (inner.kind !== "vectorSelector") return null;
  const leaf = selectorLeaf("timestamp", inner);
  // Prometheus forgets the offset here when there is an @ as well.
  return leaf.atMs === null ? leaf : { ...leaf, offsetMs: 0 };
}

/** A range function over a selector. @throws {ExecutionError} under a modifier that it has no loop for */
export function matrixLeaf(
  matrix: MatrixSelector,
  card: RollupCard,
  parameters: readonly number[],
): LeafNode {
  if (matrix.selector.extension !== null) extendedLoopOf(card, matrix.selector.extension);
  return {
    shape: "rollup",
    selector: matrix.selector,
    rangeMs: fixedMs(matrix.range),
    card,
    parameters,
    ...shiftOf(matrix.selector),
  };
}

function selectorLeaf(
  shape: "instant" | "smoothed" | "timestamp",
  selector: VectorSelector,
): LeafNode {
  return {
    shape,
    selector,
    rangeMs: 0,
    card: null,
    parameters: [],
    ...shiftOf(selector),
  };
}

/** The loop of a card for ranges under a modifier. @throws {ExecutionError} when it has none, in Prometheus' words */
export function extendedLoopOf(
  card: Pick<RollupCard, "name" | "anchored" | "smoothed">,
  extension: "anchored" | "smoothed",
): ExtendedLoop {
  const loop = card[extension];
  if (loop) return loop;
  const able = functionCards.filter((other) => other.kind === "rollup" && other[extension]);
  const names = able.map(({ name }) => name).toSorted();
  throw new ExecutionError(
    "TIDELINE_QUERY_EXTENSION",
    `${extension} modifier can only be used with: ${names.join(", ")} - not with ${card.name}`,
  );
}

/** Offset and @ of a selector or subquery. */
export function shiftOf(node: Pick<VectorSelector, "offset" | "at">): TimeShift {
  return {
    offsetMs: node.offset ? fixedMs(node.offset) : 0,
    atMs: node.at?.kind === "time" ? node.at.timestampMs : null,
  };
}

export function fixedMs(duration: VectorSelector["offset"] & {}): number {
  if (duration.kind === "fixed") return duration.durationMs;
  throw new TypeError("durations are worked out before planning");
}

/** The expression inside its parentheses. */
export function unwrapped(expression: Expression): Expression {
  let inner = expression;
  while (inner.kind === "parentheses") inner = inner.expression;
  return inner;
}

/** The number that an expression is, with signs, or null. */
function constantOf(expression: Expression): number | null {
  const inner = unwrapped(expression);
  if (inner.kind === "number") return inner.value;
  if (inner.kind !== "unary") return null;
  const operand = constantOf(inner.expression);
  return operand !== null && inner.operator === "-" ? -operand : operand;
}

/** The windows that a leaf or subquery has on a grid. */
export function windowTimes(shift: TimeShift, rangeMs: number, grid: StepGrid): WindowTimes {
  return {
    stepCount: stepCountOf(grid),
    rangeMs,
    endStartMs: (shift.atMs ?? grid.startMs) - shift.offsetMs,
    endStepMs: shift.atMs === null ? grid.stepMs : 0,
    evaluationStartMs: grid.startMs,
    evaluationStepMs: grid.stepMs,
  };
}

/** The end of the last window. */
export function lastEndMs(times: WindowTimes): number {
  return times.endStartMs + (times.stepCount - 1) * times.endStepMs;
}

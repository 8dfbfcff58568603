/**
 * Duration expressions (experimental) worked out: step() and range() are known only when a query is asked.
 */
import { unreachable } from "@tideline/common";
import { InputError } from "@tideline/model";
import type { Duration, DurationExpression, Expression } from "./ast.ts";
import { DURATION_MAX_MS, secondsToMs } from "./duration.ts";
import { replace } from "./walk.ts";

/** What step() and range() stand for. */
export interface DurationGrid {
  readonly startMs: number;
  readonly endMs: number;
  /** 0 for an instant query, as in Prometheus. */
  readonly stepMs: number;
}

/**
 * @param text of the expression, for the place in errors
 * @returns a tree in which every duration is fixed; the same tree when it already is so
 * @throws {InputError} a range or step that is not positive, or a duration that cannot be worked out; Prometheus tells
 *   its place by where it starts and ends, in bytes from 0
 */
export function resolveDurations(
  expression: Expression,
  grid: DurationGrid,
  text: string,
): Expression {
  const resolve = <D extends Duration | null>(duration: D, isPositive: boolean): D | Duration => {
    if (duration === null || duration.kind === "fixed") return duration;
    const durationMs = resolveDuration(duration, grid);
    const isTooShort = isPositive && typeof durationMs === "number" && durationMs <= 0;
    if (typeof durationMs === "object" || isTooShort) {
      const problem =
        typeof durationMs === "object" ? durationMs.problem : "duration must be greater than 0";
      const { start, end } = duration.span;
      const place = `${byteOffset(text, start)}:${byteOffset(text, end)}`;
      throw new InputError("TIDELINE_PROMQL", `${place}: ${problem}`);
    }
    return { kind: "fixed", durationMs };
  };
  return replace(expression, (node) => {
    if (node.kind === "vectorSelector") {
      const offset = resolve(node.offset, false);
      return offset === node.offset ? node : { ...node, offset };
    }
    if (node.kind === "matrixSelector") {
      const range = resolve(node.range, true);
      return range === node.range ? node : { ...node, range };
    }
    if (node.kind === "subquery") {
      const range = resolve(node.range, true);
      const step = resolve(node.step, true);
      const offset = resolve(node.offset, false);
      const isSame = range === node.range && step === node.step && offset === node.offset;
      return isSame ? node : { ...node, range, step, offset };
    }
    return node;
  });
}

function byteOffset(text: string, offset: number): number {
  return Buffer.byteLength(text.slice(0, offset));
}

/** @returns milliseconds, or the reason why there is no answer */
function resolveDuration(
  duration: Duration,
  grid: DurationGrid,
): number | { readonly problem: string } {
  if (duration.kind === "fixed") return duration.durationMs;
  const seconds = secondsOf(duration.expression, grid);
  if (typeof seconds === "object") return seconds;
  const durationMs = secondsToMs(seconds);
  return Math.abs(durationMs) <= DURATION_MAX_MS
    ? durationMs
    : { problem: "duration out of range" };
}

function secondsOf(
  expression: DurationExpression,
  grid: DurationGrid,
): number | { readonly problem: string } {
  switch (expression.kind) {
    case "seconds":
      return expression.value;
    case "step":
      return grid.stepMs / 1_000;
    case "range":
      return (grid.endMs - grid.startMs) / 1_000;
    case "parentheses":
      return secondsOf(expression.inner, grid);
    case "unary": {
      const operand = secondsOf(expression.operand, grid);
      return typeof operand === "number" && expression.operator === "-" ? -operand : operand;
    }
    case "binary":
    case "call": {
      const left = secondsOf(expression.left, grid);
      if (typeof left === "object") return left;
      const right = secondsOf(expression.right, grid);
      if (typeof right === "object") return right;
      return expression.kind === "call"
        ? Math[expression.name](left, right)
        : calculate(expression.operator, left, right);
    }
    default:
      return unreachable(expression);
  }
}

function calculate(
  operator: "+" | "-" | "*" | "/" | "%" | "^",
  left: number,
  right: number,
): number | { readonly problem: string } {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return right === 0 ? { problem: "division by zero" } : left / right;
    case "%":
      return right === 0 ? { problem: "modulo by zero" } : left % right;
    case "^":
      return left ** right;
    default:
      return unreachable(operator);
  }
}

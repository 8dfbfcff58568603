/**
 * Duration expressions (experimental) as text.
 */
import { unreachable } from "@tideline/common";
import type { DurationExpression } from "./ast.ts";
import { formatDuration } from "./duration.ts";
import { floatText } from "./float-text.ts";

const SIGN = 2;
const POWER = 3;
const TIGHTEST = 4;

export function printDurationExpression(expression: DurationExpression): string {
  switch (expression.kind) {
    case "seconds":
      return printSeconds(expression.value, expression.isDuration);
    case "step":
      return "step()";
    case "range":
      return "range()";
    case "parentheses":
      return `(${printDurationExpression(expression.inner)})`;
    case "unary":
      return `${expression.operator}${
        expression.operand.kind === "unary"
          ? printDurationExpression(expression.operand)
          : printAtLeast(expression.operand, POWER)
      }`;
    case "call": {
      const parts = [expression.left, expression.right].map(printDurationExpression);
      return `${expression.name}_of(${parts.join(", ")})`;
    }
    case "binary": {
      const precedence = precedenceOf(expression);
      const isPower = precedence === POWER;
      const left = printAtLeast(expression.left, isPower ? TIGHTEST : precedence);
      const right = printRight(expression.right, isPower ? POWER : precedence + 1);
      return `${left} ${expression.operator} ${right}`;
    }
    default:
      return unreachable(expression);
  }
}

function precedenceOf(expression: DurationExpression): number {
  if (expression.kind === "unary") return SIGN;
  if (expression.kind === "seconds") {
    return expression.value < 0 || Object.is(expression.value, -0) ? SIGN : TIGHTEST;
  }
  if (expression.kind !== "binary") return TIGHTEST;
  if (expression.operator === "^") return POWER;
  return expression.operator === "+" || expression.operator === "-" ? 1 : 2;
}

function printAtLeast(expression: DurationExpression, precedenceMin: number): string {
  const text = printDurationExpression(expression);
  return precedenceOf(expression) >= precedenceMin ? text : `(${text})`;
}

/** A sign may stand on the right of any operator. */
function printRight(expression: DurationExpression, precedenceMin: number): string {
  const isSigned = expression.kind === "unary" || expression.kind === "seconds";
  return isSigned ? printDurationExpression(expression) : printAtLeast(expression, precedenceMin);
}

function printSeconds(seconds: number, isDuration: boolean): string {
  if (!isDuration) return floatText(seconds);
  if (Object.is(seconds, -0)) return "-0s";
  const durationMs = Math.round(seconds * 1_000);
  return durationMs / 1_000 === seconds ? formatDuration(durationMs) : floatText(seconds);
}

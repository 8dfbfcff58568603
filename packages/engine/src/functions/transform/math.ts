/** Elementwise arithmetic: magnitude, rounding, powers and logarithms, clamping. */
import { blankColumns, withoutBlankRows } from "../../columns/columns.ts";
import { greater, lesser } from "../../numeric/extremes.ts";
import { exp } from "../../numeric/go-exp.ts";
import { ln, log10, log2 } from "../../numeric/go-logarithms.ts";
import type { TransformCard } from "../card.ts";
import { elementwise, elementwiseWith, mapped, scalarOf, vectorOf } from "./elementwise.ts";

/** Rounds to the nearest multiple, halves up. */
function roundTo(value: number, multiple: number): number {
  // Dividing by the inverse keeps decimal multiples like 0.1 exact where multiplying would not.
  const inverse = 1 / multiple;
  return Math.floor(value * inverse + 0.5) / inverse;
}

function sign(value: number): number {
  if (value < 0) return -1;
  return value > 0 ? 1 : value;
}

export const math: readonly TransformCard[] = [
  elementwise("abs", "Absolute value", Math.abs),
  elementwise("ceil", "Least integer that is not below the value", Math.ceil),
  elementwise("floor", "Greatest integer that is not above the value", Math.floor),
  elementwise("exp", "e to the power of the value", exp),
  elementwise("ln", "Natural logarithm", ln),
  elementwise("log2", "Binary logarithm", log2),
  elementwise("log10", "Decimal logarithm", log10),
  elementwise("sqrt", "Square root", Math.sqrt),
  elementwise("sgn", "-1, 0 or 1 by the value's sign", sign),
  elementwiseWith(
    "round",
    "Nearest multiple of the second argument (default 1), halves up",
    { count: 1, fallback: 1 },
    roundTo,
  ),
  elementwiseWith("clamp_min", "The value, at least the second argument", { count: 1 }, greater),
  elementwiseWith("clamp_max", "The value, at most the second argument", { count: 1 }, lesser),
  {
    kind: "transform",
    name: "clamp",
    help: "The value, at least the second and at most the third argument; nothing when those are crossed",
    argumentTypes: ["vector", "scalar", "scalar"],
    returnType: "vector",
    evaluate(values, context) {
      const columns = vectorOf(values[0]);
      const least = scalarOf(values[1]);
      const greatest = scalarOf(values[2]);
      const open = blankColumns(columns.labels, columns.stepCount, columns.dropsName);
      open.values.set(columns.values);
      open.presence.set(columns.presence);
      for (let at = 0; at < open.presence.length; at += 1) {
        const step = at % columns.stepCount;
        if ((greatest[step] as number) < (least[step] as number)) open.presence[at] = 0;
      }
      const clamped = mapped(
        withoutBlankRows(open),
        context,
        (value, low, high) => greater(low, lesser(high, value)),
        least,
        greatest,
      );
      return { type: "vector", columns: clamped };
    },
  },
];

/** Angles: trigonometric and hyperbolic functions, degrees and radians, π. */
import { acos, asin, atan } from "../../numeric/go-arcs.ts";
import { acosh, asinh, cosh, sinh, tanh } from "../../numeric/go-hyperbolic.ts";
import { cos, sin, tan } from "../../numeric/go-trigonometry.ts";
import type { TransformCard } from "../card.ts";
import { elementwise } from "./elementwise.ts";

export const trigonometry: readonly TransformCard[] = [
  elementwise("sin", "Sine of radians", sin),
  elementwise("cos", "Cosine of radians", cos),
  elementwise("tan", "Tangent of radians", tan),
  elementwise("asin", "Arc sine in radians", asin),
  elementwise("acos", "Arc cosine in radians", acos),
  elementwise("atan", "Arc tangent in radians", atan),
  elementwise("sinh", "Hyperbolic sine", sinh),
  elementwise("cosh", "Hyperbolic cosine", cosh),
  elementwise("tanh", "Hyperbolic tangent", tanh),
  elementwise("asinh", "Inverse hyperbolic sine", asinh),
  elementwise("acosh", "Inverse hyperbolic cosine", acosh),
  elementwise("atanh", "Inverse hyperbolic tangent", Math.atanh),
  elementwise("deg", "Radians to degrees", (radians) => (radians * 180) / Math.PI),
  elementwise("rad", "Degrees to radians", (degrees) => (degrees * Math.PI) / 180),
  {
    kind: "transform",
    name: "pi",
    help: "The number π",
    argumentTypes: [],
    returnType: "scalar",
    evaluate: (_values, context) => ({
      type: "scalar",
      values: new Float64Array(context.stepCount).fill(Math.PI),
    }),
  },
];

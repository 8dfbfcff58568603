/** Angles: trigonometric and hyperbolic functions, degrees and radians, π. */
import type { TransformCard } from "../card.ts";
import { elementwise } from "./elementwise.ts";

export const trigonometry: readonly TransformCard[] = [
  elementwise("sin", "Sine of radians", Math.sin),
  elementwise("cos", "Cosine of radians", Math.cos),
  elementwise("tan", "Tangent of radians", Math.tan),
  elementwise("asin", "Arc sine in radians", Math.asin),
  elementwise("acos", "Arc cosine in radians", Math.acos),
  elementwise("atan", "Arc tangent in radians", Math.atan),
  elementwise("sinh", "Hyperbolic sine", Math.sinh),
  elementwise("cosh", "Hyperbolic cosine", Math.cosh),
  elementwise("tanh", "Hyperbolic tangent", Math.tanh),
  elementwise("asinh", "Inverse hyperbolic sine", Math.asinh),
  elementwise("acosh", "Inverse hyperbolic cosine", Math.acosh),
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

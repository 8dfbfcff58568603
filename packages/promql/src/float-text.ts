/**
 * Floats as Prometheus writes them: the shortest decimal digits that read back to the same float, `NaN`, `+Inf`, `-Inf`,
 * `-0`. With an exponent or without one is another question in each place.
 */

/** Never with an exponent: 1e21 is a one with 21 zeros, 1e-7 is 0.0000001. So are scalars and the labels of count_values. */
export function floatText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const text = String(value);
  const exponentAt = text.indexOf("e");
  return exponentAt < 0 ? text : withoutExponent(text, exponentAt);
}

/** As Go's %g writes floats in messages: the shortest digits, with an exponent from 1e6 up and below 1e-4. */
export function messageFloatText(value: number): string {
  if (!Number.isFinite(value) || value === 0) return floatText(value);
  const [mantissa = "", exponentText = ""] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return floatText(value);
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** As Go's %f writes floats in messages: all digits of the whole part, and six behind the point. */
export function fixedText(value: number): string {
  if (!Number.isFinite(value)) return floatText(value);
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}

/** Writes `d.ddde±x` out in digits. */
function withoutExponent(text: string, exponentAt: number): string {
  const sign = text.startsWith("-") ? "-" : "";
  const exponent = Number(text.slice(exponentAt + 1));
  const [whole = "", fraction = ""] = text.slice(sign.length, exponentAt).split(".");
  const digits = whole + fraction;
  const pointAt = whole.length + exponent;
  if (pointAt <= 0) return `${sign}0.${"0".repeat(-pointAt)}${digits}`;
  if (pointAt >= digits.length) return sign + digits + "0".repeat(pointAt - digits.length);
  return `${sign}${digits.slice(0, pointAt)}.${digits.slice(pointAt)}`;
}

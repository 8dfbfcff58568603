/**
 * Floats as Prometheus writes them: the shortest decimal digits that read back to the same float, never with an
 * exponent (1e21 is a one with 21 zeros, 1e-7 is 0.0000001), `NaN`, `+Inf`, `-Inf`, `-0`.
 */

/** The text of a sample value. */
export function floatText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const text = String(value);
  const exponentAt = text.indexOf("e");
  return exponentAt < 0 ? text : withoutExponent(text, exponentAt);
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

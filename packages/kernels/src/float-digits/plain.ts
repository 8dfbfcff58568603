/**
 * Values of samples as Prometheus writes them, the plain twin: the shortest decimal digits that read back to the same float, an
 * exponent of at least two digits from 1e21 up and below 1e-6 (1e+21, 1e-07), `NaN`, `+Inf`, `-Inf`, `-0`.
 */

/** Bytes of the longest one, -0.0000012345678901234567, and some. */
export const SAMPLE_TEXT_SIZE_MAX = 32;

/** The text of a sample's value. V8's own digits are the shortest, and it changes to exponents at the same bounds. */
export function sampleText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  return String(value).replace(/(e[+-])(\d)$/, "$10$2");
}

/** Writes one character per byte. @returns where it ends */
export function writeAscii(text: string, bytes: Uint8Array, start: number): number {
  for (let i = 0; i < text.length; i += 1) bytes[start + i] = text.charCodeAt(i);
  return start + text.length;
}

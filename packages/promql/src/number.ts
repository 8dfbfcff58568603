/**
 * Number literals as Prometheus reads them: decimal with `_` between digits and exponents, hexadecimal,
 * octal (a leading 0), Inf and NaN in any case. Their text: float-text.ts.
 */

const WORDS: Readonly<Record<string, number>> = { inf: Infinity, nan: Number.NaN };
const INT64_MAX = 2 ** 63;

/**
 * @param literal a token that the lexer took for a number
 * @returns the value, or the reason why there is none
 */
export function parseNumber(literal: string): number | { readonly problem: string } {
  const lower = literal.toLowerCase();
  if (Object.hasOwn(WORDS, lower)) return WORDS[lower] as number;
  const digits = lower.replaceAll("_", "");
  if (digits.startsWith("0x")) {
    const value = Number(digits);
    // Prometheus reads hexadecimals as 64-bit integers; rounded to a double, the largest one equals 2^63.
    return value < INT64_MAX ? value : outOfRange(literal);
  }
  if (/^0[0-7]+$/.test(digits)) {
    const value = parseOctal(digits);
    if (value < INT64_MAX) return value;
  }
  const value = Number(digits);
  return Number.isFinite(value) ? value : outOfRange(literal);
}

function parseOctal(digits: string): number {
  return Number(`0o${digits.slice(1)}`);
}

function outOfRange(literal: string): { readonly problem: string } {
  const parsing = `strconv.ParseFloat: parsing ${JSON.stringify(literal)}`;
  return { problem: `error parsing number: ${parsing}: value out of range` };
}

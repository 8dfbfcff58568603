/** Floats in labels, as Go reads them: decimal or hexadecimal, infinities and NaN in any case, nothing around them. */
const DECIMAL = /^[+-]?(\d+(_?\d+)*\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i;
const HEXADECIMAL = /^([+-]?)0x([\da-f]*)\.?([\da-f]*)p([+-]?\d+)$/i;

/** @returns undefined when `text` is no float */
export function parseFloatText(text: string): number | undefined {
  const special = SPECIAL.exec(text);
  if (special) {
    if ((special[2] as string).toLowerCase() === "nan") return special[1] === "" ? NaN : undefined;
    return special[1] === "-" ? -Infinity : Infinity;
  }
  if (DECIMAL.test(text) && !text.includes("_")) return Number(text);
  const hexadecimal = HEXADECIMAL.exec(text);
  if (!hexadecimal) return undefined;
  const [, sign, whole = "", fraction = "", exponent] = hexadecimal;
  if (whole === "" && fraction === "") return undefined;
  const mantissa = Number.parseInt(whole + fraction, 16);
  const value = mantissa * 2 ** (Number(exponent) - 4 * fraction.length);
  return sign === "-" ? -value : value;
}

/** Fused multiply-add, which processors have and JavaScript has not. */

/** Splits a float into two halves of 26 bits each (Veltkamp). */
const SPLITTER = 2 ** 27 + 1;
/** Half of a unit in the last place of numbers from 1 to 2 and from ½ to 1. */
const HALF_UNIT_OF_1 = 2 ** -53;
const HALF_UNIT_BELOW_1 = 2 ** -54;

/** What the rounded product of two floats lost: product + error = a × b, exactly (Dekker). */
function errorOfProduct(a: number, b: number, product: number): number {
  const aParts = SPLITTER * a;
  const aHigh = aParts - (aParts - a);
  const aLow = a - aHigh;
  const bParts = SPLITTER * b;
  const bHigh = bParts - (bParts - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/**
 * a × b + c, rounded once: the product and both sums are kept with their errors (Knuth), so that only the last
 * addition rounds.
 *
 * @param a below 2^990 in magnitude, and the product above 2^-960 or so small beside `c` that it does not count
 */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const productError = errorOfProduct(a, b, product);

  // c + product + productError = high + low + lowError, exactly.
  const inner = c + productError;
  const innerPart = inner - c;
  const innerError = c - (inner - innerPart) + (productError - innerPart);
  const high = product + inner;
  const highPart = high - product;
  const highError = product - (high - highPart) + (inner - highPart);
  const low = innerError + highError;

  const result = high + low;
  const lowPart = low - innerError;
  const lowError = innerError - (low - lowPart) + (highError - lowPart);
  return lowError === 0 ? result : pastTie(result, low - (result - high), lowError);
}

/** Where `rest` lies exactly half way to the neighbour of `result`, what is left over tells which of the two is nearer. */
function pastTie(result: number, rest: number, leftOver: number): number {
  if (rest > 0 !== leftOver > 0) return result;
  const neighbour = result + 2 * rest;
  return neighbour - result === 2 * rest ? neighbour : result;
}

/** a × b + 1, rounded once; cheaper. @param a, b their product is above -½ and below 1 */
export function onePlusProduct(a: number, b: number): number {
  const product = a * b;
  const productError = errorOfProduct(a, b, product);
  const sum = 1 + product;
  const error = product - (sum - 1) + productError;
  // Half way between two numbers: there it counts what `error` itself lost by rounding.
  const size = Math.abs(error);
  if (size === HALF_UNIT_OF_1 || size === HALF_UNIT_BELOW_1) return fusedMultiplyAdd(a, b, 1);
  return sum + error;
}

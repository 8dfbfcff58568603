/**
 * Law 3 for two samples of one series at one time: the greater value wins, any value beats a staleness
 * marker, else the greater bit pattern. Commutative, associative and idempotent, so the order of
 * retries, replicas and merges cannot matter.
 *
 * The order, from weakest to strongest: the staleness marker; other NaNs by bit pattern; numbers by
 * value, with -0 below +0 (their bit patterns decide).  A NaN is "not greater" than any number.
 */

/** High and low word of Prometheus' staleness marker, 0x7ff0000000000002. */
export const STALE_HIGH_WORD = 0x7ff0_0000;
export const STALE_LOW_WORD = 2;

/** The words of `values` (little endian: low word first), to look at bits without losing them. */
export function wordsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** Whether sample `index` is a staleness marker; `words` from wordsOf. */
export function isStaleAt(words: Uint32Array, index: number): boolean {
  return words[index * 2] === STALE_LOW_WORD && words[index * 2 + 1] === STALE_HIGH_WORD;
}

/** Whether the sample at `b` wins over the one at `a`; equal bits: false. Words of one or two columns. */
export function beats(bWords: Uint32Array, b: number, aWords: Uint32Array, a: number): boolean {
  const aLow = aWords[a * 2] as number;
  const aHigh = aWords[a * 2 + 1] as number;
  const bLow = bWords[b * 2] as number;
  const bHigh = bWords[b * 2 + 1] as number;
  if (aLow === bLow && aHigh === bHigh) return false;
  if (bLow === STALE_LOW_WORD && bHigh === STALE_HIGH_WORD) return false;
  if (aLow === STALE_LOW_WORD && aHigh === STALE_HIGH_WORD) return true;
  const aNaN = isNaNWords(aHigh, aLow);
  const bNaN = isNaNWords(bHigh, bLow);
  if (aNaN !== bNaN) return aNaN;
  if (aNaN) return bHigh > aHigh || (bHigh === aHigh && bLow > aLow);
  // Numbers: sign and magnitude order is value order, and puts -0 below +0.
  const aNegative = aHigh >= 0x8000_0000;
  const bNegative = bHigh >= 0x8000_0000;
  if (aNegative !== bNegative) return aNegative;
  const bLarger = bHigh > aHigh || (bHigh === aHigh && bLow > aLow);
  return aNegative ? !bLarger : bLarger;
}

function isNaNWords(high: number, low: number): boolean {
  const exponent = high & 0x7ff0_0000;
  return exponent === 0x7ff0_0000 && ((high & 0x000f_ffff) !== 0 || low !== 0);
}

/**
 * Series and samples as tests write them. A value is given by its bits, as a plain number cannot hold every NaN.
 */
const float = new Float64Array(1);
const bits = new BigUint64Array(float.buffer);

export interface Sample {
  readonly timeMs: number;
  readonly valueBits: bigint;
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

/** How Prometheus marks the end of a series: a NaN with a payload of its own. */
export const STALE_BITS = 0x7ff0_0000_0000_0002n;
export const NAN_BITS = 0x7ff8_0000_0000_0001n;

export function bitsOf(value: number): bigint {
  float[0] = value;
  return bits[0] as bigint;
}

export function valueOf(valueBits: bigint): number {
  bits[0] = valueBits;
  return float[0] as number;
}

export function sample(timeMs: number, value: number): Sample {
  return { timeMs, valueBits: bitsOf(value) };
}

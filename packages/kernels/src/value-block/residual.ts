/**
 * Values that are nearly decimals, the plain twin: sums and multiples of decimals miss them by a few units
 * in the last place, so the decimals and the misses are kept apart, both as decimal.ts packs them. The few that
 * are far from any decimal (staleness markers) are exceptions there.
 */
import { ByteReader, ByteWriter } from "@tideline/common";
import { fitsDecimal, readDecimals } from "./decimal.ts";

/** Exponents are tried up to it. */
const EXPONENT_MAX = 12;
/** Units in the last place by which a sampled value may miss its decimal, and any value. */
const SAMPLED_MISS_MAX = 64;
const MISS_MAX = 512; // the kernel's addMisses has it too
const SAMPLE_COUNT = 64;
const ROUNDING = 1.5 * 2 ** 52;

/** Bits of one value, low word first, to count units in the last place. */
const scratch = new Float64Array(1);
const words = new Int32Array(scratch.buffer);

interface NearDecimals {
  readonly decimals: Float64Array;
  /** What is to be added to each bit pattern, as integers. */
  readonly misses: Float64Array;
}

/** @returns null when the values are not nearly decimals */
function splitNearDecimals(values: Float64Array): NearDecimals | null {
  const power = choosePower(values);
  if (power === 0) return null;
  const decimals = new Float64Array(values.length);
  const misses = new Float64Array(values.length);
  let farCount = 0;
  for (let i = 0; i < values.length; i += 1) {
    const miss = missOfDecimal(values[i] as number, power);
    if (Math.abs(miss) <= MISS_MAX) {
      decimals[i] = nearestDecimal(values[i] as number, power);
      misses[i] = miss;
    } else {
      // It stays as it is, bits and all: an exception among the decimals.
      decimals.set(values.subarray(i, i + 1), i);
      farCount += 1;
    }
  }
  if (farCount > values.length / 16 + 2) return null;
  return { decimals, misses };
}

/**
 * @param packDecimals decimal.ts or its quick twin; null when decimals do not pay
 * @returns null when this does not pay
 */
export function packResiduals(
  values: Float64Array,
  packDecimals: (values: Float64Array) => Uint8Array | null,
): Uint8Array | null {
  const near = splitNearDecimals(values);
  const misses = near && packDecimals(near.misses);
  const decimals = misses && packDecimals(near.decimals);
  if (!decimals) return null;
  const writer = new ByteWriter(misses.length + decimals.length + 3);
  writer.sized(misses);
  writer.raw(decimals);
  return writer.bytes();
}

/** The least power that brings nearly all of a sample near decimals; 0 when there is none. */
function choosePower(values: Float64Array): number {
  const step = values.length > SAMPLE_COUNT ? Math.floor(values.length / SAMPLE_COUNT) : 1;
  const farCountMax = Math.ceil(values.length / step / 32);
  for (let exponent = 0; exponent <= EXPONENT_MAX; exponent += 1) {
    const power = Number(`1e${exponent}`);
    let farCount = 0;
    for (let i = 0; i < values.length && farCount <= farCountMax; i += step) {
      if (Math.abs(missOfDecimal(values[i] as number, power)) > SAMPLED_MISS_MAX) farCount += 1;
    }
    if (farCount <= farCountMax) return power;
  }
  return 0;
}

function nearestDecimal(value: number, power: number): number {
  return (value * power + ROUNDING - ROUNDING) / power;
}

/** Infinity when there is no decimal of that power. */
function missOfDecimal(value: number, power: number): number {
  const decimal = nearestDecimal(value, power);
  return fitsDecimal(decimal, power) ? missOf(value, decimal) : Infinity;
}

/** Bit pattern of `value` less that of `decimal`, as signed 64-bit integers; a large one when it is large. */
function missOf(value: number, decimal: number): number {
  scratch[0] = value;
  const [valueLow = 0, valueHigh = 0] = words;
  scratch[0] = decimal;
  const [decimalLow = 0, decimalHigh = 0] = words;
  return (valueHigh - decimalHigh) * 2 ** 32 + ((valueLow >>> 0) - (decimalLow >>> 0));
}

/**
 * Reads what packResiduals made, up to the reader's end.
 *
 * @throws {RangeError} when the bytes are no block of `target.length` values
 */
export function readResiduals(reader: ByteReader, target: Float64Array): void {
  const misses = new Float64Array(target.length);
  readDecimals(new ByteReader(reader.sized()), misses);
  readDecimals(new ByteReader(reader.raw(reader.restSize)), target);
  const targetWords = new Uint32Array(target.buffer, target.byteOffset, target.length * 2);
  for (let i = 0; i < misses.length; i += 1) {
    const miss = misses[i] as number;
    if (!Number.isInteger(miss) || Math.abs(miss) > MISS_MAX) {
      throw new RangeError(`a miss of ${miss}`);
    }
    const low = (targetWords[i * 2] as number) + miss;
    targetWords[i * 2] = low;
    if (low < 0) targetWords[i * 2 + 1] = (targetWords[i * 2 + 1] as number) - 1;
    else if (low >= 2 ** 32) targetWords[i * 2 + 1] = (targetWords[i * 2 + 1] as number) + 1;
  }
}

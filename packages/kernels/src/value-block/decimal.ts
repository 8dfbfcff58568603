/**
 * Values as decimal integers, the plain twin: v = (x · g + base) / 10^e, with x as small as the data lets
 * it be, cut into four runs that are differenced and packed side by side (docs/formats/block.md#values).
 *
 * Division is correctly rounded, so every decimal of up to 15 digits comes back bit for bit; whatever
 * does not (NaN, -0, ±Inf, staleness markers) is kept beside as an exception.
 */
import { type ByteReader, ByteWriter } from "@tideline/common";
import {
  costOfMiniBlock,
  IMPOSSIBLE,
  MINI_STEPS,
  readMiniBlock,
  readSigned,
  writeMiniBlock,
  writeSigned,
} from "./mini-block.ts";

export const EXPONENT_MAX = 14;
const POWERS = Float64Array.from({ length: EXPONENT_MAX + 1 }, (_, e) => Number(`1e${e}`));

/** Integers stay below it in size, so that their differences are exact. */
const INTEGER_LIMIT = 2 ** 51;
/** Bounds of first differences for the two modes, so that the starts of the runs stay below 2^53. */
const DELTA_LIMIT = 2 ** 52;
const DELTA2_LIMIT = 2 ** 50;
/** Adding and taking it away rounds to the nearest integer, ties to even, for |x| < 2^51. */
const ROUNDING = 1.5 * 2 ** 52;

/** What the runs hold: the integers themselves, their differences, or the differences of those. */
const MODE_PLAIN = 0;
const MODE_DELTA = 1;
const MODE_DELTA2 = 2;
const FLAG_FACTOR = 0x40;
const FLAG_EXCEPTIONS = 0x80;

/** Runs longer than this are sampled to choose the mode. */
const SAMPLED_LENGTH_MIN = 6 * MINI_STEPS;
/** Values looked at to choose the exponent. */
const SAMPLE_COUNT = 64;

export function fitsDecimal(value: number, power: number): boolean {
  const integer = value * power + ROUNDING - ROUNDING;
  return Math.abs(integer) < INTEGER_LIMIT && Object.is(integer / power, value);
}

/** Length of a run: a quarter of the values, rounded up to an even number. The last run is padded. */
function runLength(count: number): number {
  const quarter = Math.ceil(count / 4);
  return quarter + (quarter % 2);
}

/** @returns a view of new bytes, or null when decimals do not pay for these values */
export function packDecimals(values: Float64Array): Uint8Array | null {
  const exponent = chooseExponent(values);
  if (exponent < 0) return null;
  const power = POWERS[exponent] as number;
  const length = runLength(values.length);
  const integers = new Float64Array(length * 4);
  const exceptionCount = toIntegers(values, power, integers);
  if (exceptionCount > Math.floor(values.length / 16) + 2) return null;
  const base = integers[0] as number;
  const factor = commonFactor(integers);
  for (let i = 0; i < integers.length; i += 1) {
    integers[i] = ((integers[i] as number) - base) / factor;
  }
  const firstDifferences = differences(integers, length);
  const plain = interleave(integers, length);
  const deltas = interleave(firstDifferences, length);
  const largest = deltas.reduce((most, delta) => Math.max(most, Math.abs(delta)), 0);
  const deltas2 = interleave(differences(firstDifferences, length), length);
  freeStarts(deltas, deltas2, length);
  const costs = [
    costOf(plain, length),
    largest < DELTA_LIMIT ? costOf(deltas, length) : IMPOSSIBLE,
    largest < DELTA2_LIMIT ? costOf(deltas2, length) : IMPOSSIBLE,
  ] as const;
  let mode = costs[2] < costs[1] ? MODE_DELTA2 : MODE_DELTA;
  if (costs[0] <= Math.min(costs[1], costs[2])) mode = MODE_PLAIN;
  if ((costs[mode] as number) >= IMPOSSIBLE) return null;
  const writer = new ByteWriter(values.byteLength);
  writer.u8(
    mode |
      (exponent << 2) |
      (factor > 1 ? FLAG_FACTOR : 0) |
      (exceptionCount > 0 ? FLAG_EXCEPTIONS : 0),
  );
  writeSigned(writer, base);
  if (factor > 1) writer.varint(factor);
  if (exceptionCount > 0) writeExceptions(writer, values, power, exceptionCount);
  writeStarts(writer, mode, integers, mode === MODE_DELTA2 ? deltas2 : deltas);
  const stream = mode === MODE_PLAIN ? plain : mode === MODE_DELTA ? deltas : deltas2;
  for (let t = 0; t < length; t += MINI_STEPS) {
    const mini = stream.subarray(t * 4, Math.min(t + MINI_STEPS, length) * 4);
    if (!writeMiniBlock(writer, mini)) return null;
  }
  return writer.bytes();
}

/** What the sums of each run begin with, so that its first integer comes out right. */
function writeStarts(
  writer: ByteWriter,
  mode: number,
  integers: Float64Array,
  stream: Float64Array,
): void {
  if (mode === MODE_PLAIN) return;
  const length = integers.length / 4;
  for (let run = 0; run < 4; run += 1) {
    const first = integers[run * length] as number;
    const step = (integers[run * length + 1] as number) - first;
    const head = stream[run] as number;
    if (mode === MODE_DELTA) {
      writeSigned(writer, first - head);
    } else {
      // The first two of the stream are equal, so the step grows by `head` twice.
      writeSigned(writer, step - 2 * head);
      writeSigned(writer, first - (step - head));
    }
  }
}

/** The least exponent under which few of a sample of values are exceptions, or -1. */
function chooseExponent(values: Float64Array): number {
  const step = values.length > SAMPLE_COUNT ? Math.floor(values.length / SAMPLE_COUNT) : 1;
  let best = -1;
  let bestMissCount = Infinity;
  let lookedAt = 0;
  for (let exponent = 0; exponent <= EXPONENT_MAX; exponent += 1) {
    const power = POWERS[exponent] as number;
    let missCount = 0;
    lookedAt = 0;
    for (let i = 0; i < values.length; i += step) {
      const value = values[i] as number;
      if (!Number.isFinite(value)) continue; // no exponent helps
      lookedAt += 1;
      if (!fitsDecimal(value, power)) missCount += 1;
    }
    if (missCount < bestMissCount) {
      bestMissCount = missCount;
      best = exponent;
      if (missCount === 0) break;
    }
  }
  return bestMissCount > Math.floor(lookedAt / 8) + 1 ? -1 : best;
}

/** Fills `integers`; where a value is an exception, and behind the end, stands the integer before it. */
function toIntegers(values: Float64Array, power: number, integers: Float64Array): number {
  let last = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    if (!fitsDecimal(value, power)) continue;
    last = value * power + ROUNDING - ROUNDING;
    break;
  }
  let exceptionCount = 0;
  for (let i = 0; i < integers.length; i += 1) {
    if (i < values.length) {
      const value = values[i] as number;
      if (fitsDecimal(value, power)) last = value * power + ROUNDING - ROUNDING;
      else exceptionCount += 1;
    }
    integers[i] = last;
  }
  return exceptionCount;
}

/** The greatest common divisor of all differences; 1 when there are none. */
function commonFactor(integers: Float64Array): number {
  let factor = 0;
  for (let i = 1; i < integers.length && factor !== 1; i += 1) {
    let a = Math.abs((integers[i] as number) - (integers[i - 1] as number));
    let b = factor;
    if (a === 0) continue;
    while (b !== 0) [a, b] = [b, a % b];
    factor = a;
  }
  return Math.max(1, factor);
}

/** Differences within each run; the first of a run is that to zero. */
function differences(runs: Float64Array, length: number): Float64Array {
  const result = new Float64Array(runs.length);
  for (let i = 0; i < runs.length; i += 1) {
    result[i] = (runs[i] as number) - (i % length === 0 ? 0 : (runs[i - 1] as number));
  }
  return result;
}

/** Runs side by side: element t of run r at 4t + r. */
function interleave(runs: Float64Array, length: number): Float64Array {
  const result = new Float64Array(runs.length);
  for (let i = 0; i < runs.length; i += 1) {
    result[(i % length) * 4 + Math.floor(i / length)] = runs[i] as number;
  }
  return result;
}

/** The first differences say nothing that the starts could not: they repeat their successors. */
function freeStarts(deltas: Float64Array, deltas2: Float64Array, length: number): void {
  for (let run = 0; run < 4; run += 1) {
    deltas[run] = deltas[4 + run] as number;
    const second = length > 2 ? (deltas2[8 + run] as number) : 0;
    deltas2[run] = second;
    deltas2[4 + run] = second;
  }
}

/** Cost of a stream as far as it is looked at: of many mini-blocks every third is a fair sample. */
function costOf(stream: Float64Array, length: number): number {
  const stride = length > SAMPLED_LENGTH_MIN ? 3 * MINI_STEPS : MINI_STEPS;
  let cost = 0;
  for (let t = 0; t < length; t += stride) {
    cost += costOfMiniBlock(stream.subarray(t * 4, Math.min(t + MINI_STEPS, length) * 4));
  }
  return Math.min(cost, IMPOSSIBLE);
}

function writeExceptions(
  writer: ByteWriter,
  values: Float64Array,
  power: number,
  exceptionCount: number,
): void {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  writer.varint(exceptionCount);
  let previous = 0;
  for (let i = 0; i < values.length; i += 1) {
    if (fitsDecimal(values[i] as number, power)) continue;
    writer.varint(i - previous);
    writer.raw(bytes.subarray(i * 8, i * 8 + 8));
    previous = i;
  }
}

/**
 * Reads what packDecimals made, up to the reader's end.
 *
 * @throws {RangeError} when the bytes are no block of `target.length` values
 */
export function readDecimals(reader: ByteReader, target: Float64Array): void {
  const length = runLength(target.length);
  const head = reader.u8();
  const mode = head & 3;
  const exponent = (head >> 2) & 15;
  if (mode > MODE_DELTA2 || exponent > EXPONENT_MAX)
    throw new RangeError(`no head of decimals: ${head}`);
  const power = POWERS[exponent] as number;
  const base = readSigned(reader);
  const factor = (head & FLAG_FACTOR) === 0 ? 1 : reader.varint();
  const exceptionCount = (head & FLAG_EXCEPTIONS) === 0 ? 0 : reader.varint();
  const exceptionsAt = reader.offset;
  for (let i = 0, at = 0; i < exceptionCount; i += 1) {
    at += reader.varint();
    if (at >= target.length) throw new RangeError(`exception ${at} of ${target.length} values`);
    reader.raw(8);
  }
  const steps = new Float64Array(4);
  const sums = new Float64Array(4);
  const startCount = mode === MODE_PLAIN ? 0 : 4;
  for (let run = 0; run < startCount; run += 1) {
    if (mode === MODE_DELTA2) steps[run] = readSigned(reader);
    sums[run] = readSigned(reader);
  }
  const stream = new Float64Array(MINI_STEPS * 4);
  for (let t = 0; t < length; t += MINI_STEPS) {
    const mini = stream.subarray(0, Math.min(MINI_STEPS, length - t) * 4);
    readMiniBlock(reader, mini);
    for (let i = 0; i < mini.length; i += 1) {
      const run = i % 4;
      let integer = mini[i] as number;
      if (mode === MODE_DELTA2) integer = steps[run] = (steps[run] as number) + integer;
      if (mode !== MODE_PLAIN) integer = sums[run] = (sums[run] as number) + integer;
      // Behind the end of a Float64Array this writes nothing: that is the padding.
      target[run * length + t + (i - run) / 4] = (integer * factor + base) / power;
    }
  }
  if (reader.restSize > 0) throw new RangeError(`${reader.restSize} bytes behind the values`);
  reader.offset = exceptionsAt;
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
  for (let i = 0, at = 0; i < exceptionCount; i += 1) {
    at += reader.varint();
    bytes.set(reader.raw(8), at * 8);
  }
}

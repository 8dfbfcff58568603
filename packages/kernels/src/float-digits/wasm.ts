/**
 * Digits of floats in WASM. Points of a row are written in one call: `,[1435781451.781,"0.1"]`.
 *
 * Measured: bench/engine.ts, 600,000 points with 17 digits.
 */
import { entryUrl } from "@tideline/common";
import { KernelMemory, loadKernel, regionSize } from "../kernel-memory.ts";
import { SAMPLE_TEXT_SIZE_MAX, sampleText, writeAscii } from "./plain.ts";

interface Exports {
  readonly init: (powersAt: number, pairsAt: number) => void;
  readonly writeFloat: (source: number, start: number) => number;
  readonly writePoints: (
    values: number,
    presence: number,
    count: number,
    first: number,
    openings: number,
    ends: number,
    skipsComma: number,
    start: number,
  ) => number;
}

const POWER_MIN = -292;
const POWER_MAX = 324;
const POWERS_SIZE = (POWER_MAX - POWER_MIN + 1) * 16;
/** Points that are written at a time. */
const SLICE_COUNT = 256;
/** `,[-9007199254740.991,"` and what may be written over behind it. */
const OPENING_SIZE_MAX = 32;
const OPENINGS_COUNT_MAX = 32 * 1024;
const OUT_SIZE = SLICE_COUNT * (OPENING_SIZE_MAX + SAMPLE_TEXT_SIZE_MAX + 2);

const memory = new KernelMemory(
  regionSize(POWERS_SIZE) +
    regionSize(200) +
    regionSize(SLICE_COUNT * 8) +
    regionSize(SLICE_COUNT) +
    regionSize(OPENINGS_COUNT_MAX * OPENING_SIZE_MAX) +
    regionSize(OPENINGS_COUNT_MAX * 4) +
    regionSize(OUT_SIZE),
);
const powersAt = memory.reserve(POWERS_SIZE);
const pairsAt = memory.reserve(200);
const valuesAt = memory.reserve(SLICE_COUNT * 8);
const presenceAt = memory.reserve(SLICE_COUNT);
const openingsAt = memory.reserve(OPENINGS_COUNT_MAX * OPENING_SIZE_MAX);
const endsAt = memory.reserve(OPENINGS_COUNT_MAX * 4);
const outAt = memory.reserve(OUT_SIZE);
const { buffer } = memory.memory;
const values = new Float64Array(buffer, valuesAt, SLICE_COUNT);
const presence = new Uint8Array(buffer, presenceAt, SLICE_COUNT);
const ends = new Uint32Array(buffer, endsAt, OPENINGS_COUNT_MAX);
const kernel = loadKernel(
  entryUrl(new URL("./float-digits.wasm", import.meta.url)),
  memory,
) as unknown as Exports;

let isReady = false;

/** Powers of ten, rounded up to 128 bits, highest bit set: two words each. 2 ms, when the first digits are wanted. */
function makeReady(): void {
  isReady = true;
  const words = new BigUint64Array(buffer, powersAt, POWERS_SIZE / 8);
  for (let k = POWER_MIN; k <= POWER_MAX; k += 1) {
    const power = rounded128(k);
    words[(k - POWER_MIN) * 2] = power >> 64n;
    words[(k - POWER_MIN) * 2 + 1] = power & 0xffff_ffff_ffff_ffffn;
  }
  for (let i = 0; i < 100; i += 1)
    writeAscii(String(i).padStart(2, "0"), memory.bytes, pairsAt + i * 2);
  kernel.init(powersAt, pairsAt);
}

/** 10^k times the power of two that brings it to 2^127 … 2^128, rounded up. */
function rounded128(k: number): bigint {
  const shift = 127n - BigInt(Math.floor((k * 1_741_647) / 2 ** 19));
  const power = 10n ** BigInt(Math.abs(k));
  if (k >= 0) return shift >= 0n ? power << shift : ((power - 1n) >> -shift) + 1n;
  return ((1n << shift) - 1n) / power + 1n;
}

/** Writes `value` at `start`. @param bytes with room for SAMPLE_TEXT_SIZE_MAX more. @returns where it ends */
export function writeSampleText(value: number, bytes: Uint8Array, start: number): number {
  if (!isReady) makeReady();
  values[0] = value;
  const size = kernel.writeFloat(valuesAt, outAt) - outAt;
  for (let i = 0; i < size; i += 1) bytes[start + i] = memory.bytes[outAt + i] as number;
  return start + size;
}

/** Takes what PointWriters write. */
export interface PointTarget {
  /** Appends bytes, which are borrowed. */
  raw(bytes: Uint8Array): void;
}

/** The openings that lie in the kernel's memory. */
let openingsIn: readonly Uint8Array[] = [];

/** Writes rows of points whose times are the same in all of them. */
export class PointWriter {
  readonly #openings: readonly Uint8Array[];
  readonly #isLarge: boolean;

  /** @param openings `,[time,"` for each step, at most 31 bytes; kept */
  constructor(openings: readonly Uint8Array[]) {
    this.#openings = openings;
    this.#isLarge = openings.length > OPENINGS_COUNT_MAX;
  }

  /** Writes the values of a row that are present, from rows[start] on; the first one without its comma. */
  writeRow(rows: Float64Array, isThere: Uint8Array, start: number, target: PointTarget): void {
    if (this.#isLarge) return this.#writeRowPlain(rows, isThere, start, target);
    if (openingsIn !== this.#openings) this.#moveIn();
    const { length } = this.#openings;
    let skipsComma = 1;
    for (let first = 0; first < length; first += SLICE_COUNT) {
      const count = Math.min(SLICE_COUNT, length - first);
      const at = start + first;
      values.set(rows.subarray(at, at + count));
      presence.set(isThere.subarray(at, at + count));
      const end = kernel.writePoints(
        valuesAt,
        presenceAt,
        count,
        first,
        openingsAt,
        endsAt,
        skipsComma,
        outAt,
      );
      if (end === outAt) continue;
      skipsComma = 0;
      target.raw(memory.bytes.subarray(outAt, end));
    }
  }

  #moveIn(): void {
    if (!isReady) makeReady();
    let end = 0;
    for (const [step, opening] of this.#openings.entries()) {
      memory.bytes.set(opening, openingsAt + end);
      end += opening.length;
      ends[step] = end;
    }
    openingsIn = this.#openings;
  }

  #writeRowPlain(
    rows: Float64Array,
    isThere: Uint8Array,
    start: number,
    target: PointTarget,
  ): void {
    let skips = 1;
    for (const [step, opening] of this.#openings.entries()) {
      if (isThere[start + step] === 0) continue;
      target.raw(opening.subarray(skips));
      skips = 0;
      target.raw(Buffer.from(`${sampleText(rows[start + step] as number)}"]`));
    }
  }
}

/** Angles brought near 0 by multiples of π/4, as Go does it: Cephes up to 2^29, Payne and Hanek beyond. */

/** π/4 in three parts; products of the first two and a whole number below 2^30 are exact. */
const PI4_A = 0.7853981256484985;
const PI4_B = 3.774894707930798e-8;
const PI4_C = 2.6951514290790595e-15;

/** From here on the three parts of π/4 do not suffice. */
const CEPHES_END = 2 ** 29;

/** What is left of the angle last reduced, between -π/4 and π/4. It is here so that no object is made for each value. */
export let reducedAngle = 0;

/**
 * Reduces an angle.
 *
 * @param angle radians, finite, not below 0
 * @returns how many times π/4 was taken away: an even number, modulo 8; `reducedAngle` is what is left
 */
export function reduceAngle(angle: number): number {
  if (angle >= CEPHES_END) return reduceHugeAngle(angle);
  let count = (angle * (4 / Math.PI)) | 0;
  count += count & 1;
  reducedAngle = angle - count * PI4_A - count * PI4_B - count * PI4_C;
  return count & 7;
}

/** 4/π in binary: digits of 16 bits, 64 of them (all but one are 0) before the point. */
const FOUR_OVER_PI = digitsOf(
  "0000000000000001" +
    "45f306dc9c882a53f84eafa3ea69bb81b6c52b3278872083fca2c757bd778ac3" +
    "6e48dc74849ba5c00c925dd413a32439fc3bd63962534e7dd1046bea5d768909" +
    "d338e04d68befc827323ac7306a673e93908bf177bf250763ff12fffbc0b301f" +
    "de5e2316b414da3eda6cfd9e4f96136e9e8c7ecd3cbfd45aea4f758fd7cbe2f6" +
    "7a0e73ef14a525d4d7f6bf623f1aba10ac06608df8f6d757",
);

function digitsOf(hexadecimal: string): Uint16Array {
  return Uint16Array.from({ length: hexadecimal.length / 4 }, (_, i) =>
    Number.parseInt(hexadecimal.slice(4 * i, 4 * i + 4), 16),
  );
}

/** Digits of 4/π that are taken: those that matter for the angle's octant and 128 bits after it. */
const TAKEN_COUNT = 12;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
/** The angle's fraction and the digits of 4/π that are taken, least digit first. */
const factor = new Float64Array(4);
const taken = new Float64Array(TAKEN_COUNT);
/** Their product modulo 2^192, likewise. */
const product = new Float64Array(TAKEN_COUNT);

/** By Payne and Hanek: of 4/π only those digits are multiplied that make up the octant and the fraction after it. */
function reduceHugeAngle(angle: number): number {
  float[0] = angle;
  const high = words[1] as number;
  const low = words[0] as number;
  factor[0] = low & 0xffff;
  factor[1] = low >>> 16;
  factor[2] = high & 0xffff;
  factor[3] = ((high >>> 16) & 0xf) | 0x10;
  takeDigits((high >>> 20) - 1023 - 52 + 61);
  multiply();

  // 128 bits of the product: three of the octant, then the fraction.
  const upper = (product[11] as number) * 65536 + (product[10] as number);
  const upperMiddle = (product[9] as number) * 65536 + (product[8] as number);
  const lowerMiddle = (product[7] as number) * 65536 + (product[6] as number);
  const lower = (product[5] as number) * 65536 + (product[4] as number);
  const count = upper >>> 29;
  const fraction = fractionFrom(
    (upper << 3) | (upperMiddle >>> 29),
    ((upperMiddle << 3) | (lowerMiddle >>> 29)) >>> 0,
    lowerMiddle,
    lower,
  );
  reducedAngle = ((count & 1) === 1 ? fraction - 1 : fraction) * (Math.PI / 4);
  return (count + (count & 1)) & 7;
}

/** @param start bits of 4/π that are left out at its front */
function takeDigits(start: number): void {
  const first = start >>> 4;
  const shift = start & 15;
  for (let i = 0; i < TAKEN_COUNT; i += 1) {
    const digit = FOUR_OVER_PI[first + i] as number;
    const next = FOUR_OVER_PI[first + i + 1] ?? 0;
    taken[TAKEN_COUNT - 1 - i] = (((digit << 16) | next) >>> (16 - shift)) & 0xffff;
  }
}

function multiply(): void {
  let carry = 0;
  for (let i = 0; i < TAKEN_COUNT; i += 1) {
    let sum = carry;
    for (let j = 0; j < 4 && j <= i; j += 1)
      sum += (factor[j] as number) * (taken[i - j] as number);
    carry = Math.floor(sum / 65536);
    product[i] = sum - carry * 65536;
  }
}

/**
 * The first 53 bits, from the first one that is set, of a fraction of 64 bits, cut off. Where the fraction runs out of bits,
 * Go fills up with the bits after the *octant's* word from its beginning, three of which were there already; so does this.
 *
 * @param high the fraction's upper 32 bits @param low its lower ones @param fillHigh what it is filled up with
 */
function fractionFrom(high: number, low: number, fillHigh: number, fillLow: number): number {
  const zeros = high === 0 ? 32 + Math.clz32(low) : Math.clz32(high);
  const missing = zeros - 11;
  if (missing <= 0) {
    const cut = (low & (-1 << -missing)) >>> 0;
    return ((high >>> 0) * 2 ** 32 + cut) * 2 ** -64;
  }
  const fill =
    missing <= 32
      ? fillHigh >>> (32 - missing)
      : fillHigh * 2 ** (missing - 32) + (fillLow >>> (64 - missing));
  return (((high >>> 0) * 2 ** 32 + low) * 2 ** missing + fill) * 2 ** (-64 - missing);
}

// Floats to their shortest digits, straight to bytes: Schubfach (Raffaello Giulietti, "The Schubfach way to render doubles", 2021).
// plain.ts defines what comes out.

let POWERS: usize = 0; // 617 pairs of u64, high and low: 10^k rounded up to 128 bits, k from -292 to 324
let PAIRS: usize = 0; // "00" to "99"

export function init(powers: usize, pairs: usize): void {
  POWERS = powers;
  PAIRS = pairs;
}

const POWER_MIN: i32 = -292;

let mulLow: u64 = 0;

// High half of a product of 128 bits; its low half in mulLow.
// @ts-ignore: decorators are AssemblyScript's
@inline function mulHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff, a1 = a >> 32, b0 = b & 0xffffffff, b1 = b >> 32;
  const p00 = a0 * b0, p01 = a0 * b1, p10 = a1 * b0, p11 = a1 * b1;
  const middle = (p00 >> 32) + (p01 & 0xffffffff) + (p10 & 0xffffffff);
  mulLow = (middle << 32) | (p00 & 0xffffffff);
  return p11 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
}

// The product of a power and a significand without its last 128 bits; odd where something was cut off.
// @ts-ignore
@inline function roundToOdd(high: u64, low: u64, significand: u64): u64 {
  const carried = mulHigh(low, significand);
  let top = mulHigh(high, significand);
  const bottom = mulLow + carried;
  if (bottom < carried) top += 1;
  return top | <u64>(bottom > 1);
}

let exponent10: i32 = 0;

// The shortest decimal that reads back: returned × 10^exponent10. For finite values that are not 0.
function shortest(bits: u64): u64 {
  const fraction = bits & 0x000fffffffffffff;
  const exponent = <i32>((bits >> 52) & 0x7ff);
  let c = fraction, q = -1074;
  if (exponent != 0) {
    c |= 0x0010000000000000;
    q = exponent - 1075;
    // Whole numbers below 2^53 are their own digits.
    if (q <= 0 && q > -53 && (c & ((<u64>1 << -q) - 1)) == 0) { exponent10 = 0; return c >> <u64>(-q); }
  }
  const isOdd = c & 1;
  const isCloser: i32 = fraction == 0 && exponent > 1 ? 1 : 0;
  const k = (q * 1262611 - (isCloser ? 524031 : 0)) >> 22;
  const h = <u64>(q + ((-k * 1741647) >> 19) + 1);
  const at = POWERS + (<usize>(-k - POWER_MIN) << 4);
  const high = load<u64>(at), low = load<u64>(at, 8);
  const below = roundToOdd(high, low, (4 * c - 2 + isCloser) << h);
  const value = roundToOdd(high, low, (4 * c) << h);
  const above = roundToOdd(high, low, (4 * c + 2) << h);
  const lower = below + isOdd, upper = above - isOdd;
  const s = value >> 2;
  if (s >= 10) {
    const tenth = s / 10;
    const isDown = lower <= 40 * tenth, isUp = 40 * tenth + 40 <= upper;
    if (isDown != isUp) { exponent10 = k + 1; return tenth + <u64>isUp; }
  }
  exponent10 = k;
  const isDown = lower <= 4 * s, isUp = 4 * s + 4 <= upper;
  if (isDown != isUp) return s + <u64>isUp;
  const middle = 4 * s + 2;
  return s + <u64>(value > middle || (value == middle && (s & 1) == 1));
}

function digitCountOf(digits: u64): i32 {
  if (digits < 100000000) {
    const d = <u32>digits;
    if (d < 10000) return d < 100 ? (d < 10 ? 1 : 2) : (d < 1000 ? 3 : 4);
    return d < 1000000 ? (d < 100000 ? 5 : 6) : (d < 10000000 ? 7 : 8);
  }
  let count = 9;
  for (let bound: u64 = 1000000000; digits >= bound; bound *= 10) count += 1;
  return count;
}

// Writes `count` digits that end before `end`.
function putDigits(digits: u64, count: i32, end: usize): void {
  let at = end, rest = digits, left = count;
  while (rest > 0xffffffff) {
    const eight = <u32>(rest % 100000000);
    rest /= 100000000;
    const high = eight / 10000, low = eight % 10000;
    store<u16>(at - 2, load<u16>(PAIRS + (<usize>(low % 100) << 1)));
    store<u16>(at - 4, load<u16>(PAIRS + (<usize>(low / 100) << 1)));
    store<u16>(at - 6, load<u16>(PAIRS + (<usize>(high % 100) << 1)));
    store<u16>(at - 8, load<u16>(PAIRS + (<usize>(high / 100) << 1)));
    at -= 8;
    left -= 8;
  }
  let small = <u32>rest;
  while (left >= 2) {
    at -= 2;
    store<u16>(at, load<u16>(PAIRS + (<usize>(small % 100) << 1)));
    small /= 100;
    left -= 2;
  }
  if (left > 0) store<u8>(at - 1, <u8>(48 + small % 10));
}

// Writes digits × 10^e with an exponent; no zero at the end of the digits.
function putScientific(digits: u64, count: i32, e: i32, start: usize): usize {
  let at = start;
  putDigits(digits, count, at + count + 1);
  store<u8>(at, load<u8>(at, 1));
  if (count > 1) { store<u8>(at, 46, 1); at += count + 1; } else at += 1;
  store<u16>(at, e < 0 ? 0x2d65 : 0x2b65); // e-, e+
  const size = <u32>(e < 0 ? -e : e), places = size >= 100 ? 3 : 2;
  putDigits(size, places, at + 2 + places);
  return at + 2 + places;
}

// Writes the float at `source`; returns where it ends. 25 bytes at most.
export function writeFloat(source: usize, start: usize): usize {
  let at = start;
  const bits = load<u64>(source);
  const size = bits & 0x7fffffffffffffff;
  if (size >= 0x7ff0000000000000) {
    if (size > 0x7ff0000000000000) { store<u16>(at, 0x614e); store<u8>(at, 0x4e, 2); return at + 3; } // NaN
    store<u32>(at, bits >> 63 ? 0x666e492d : 0x666e492b); // -Inf, +Inf
    return at + 4;
  }
  if (bits >> 63) store<u8>(at++, 45);
  if (size == 0) { store<u8>(at, 48); return at + 1; }
  let digits = shortest(size), e = exponent10;
  if (e < 0) {
    while (digits % 100000000 == 0 && e <= -8) { digits /= 100000000; e += 8; }
    while (digits % 10 == 0 && e < 0) { digits /= 10; e += 1; }
  }
  let count = digitCountOf(digits);
  if (count + e > 21 || count + e < -5) {
    while (digits % 10 == 0) { digits /= 10; e += 1; count -= 1; }
    return putScientific(digits, count, count + e - 1, at);
  }
  if (e >= 0) {
    putDigits(digits, count, at + count);
    at += count;
    memory.fill(at, 48, e);
    return at + e;
  }
  const pointAt = count + e; // digits before the point
  if (pointAt <= 0) {
    store<u16>(at, 0x2e30); // 0.
    memory.fill(at + 2, 48, -pointAt);
    at += 2 - pointAt + count;
    putDigits(digits, count, at);
    return at;
  }
  // All digits one place further, then those before the point moved back.
  putDigits(digits, count, at + count + 1);
  for (let i = 0; i < pointAt; i++) store<u8>(at + i, load<u8>(at + i, 1));
  store<u8>(at + pointAt, 46);
  return at + count + 1;
}

// Writes points: per value that is present its opening, the digits, and "]. The first one's comma is left out where it should be.
// Opening i lies from ends[i - 1] (0 for the first of all) to ends[i]. Returns where it ends.
export function writePoints(
  values: usize, presence: usize, count: i32, first: i32, openings: usize, ends: usize, skipsComma: bool, start: usize,
): usize {
  let at = start;
  let skips: usize = skipsComma ? 1 : 0;
  for (let i = 0; i < count; i++) {
    if (!load<u8>(presence + i)) continue;
    const step = first + i;
    const from = (step == 0 ? 0 : load<u32>(ends + (<usize>(step - 1) << 2))) + <u32>skips;
    const size = <usize>(load<u32>(ends + (<usize>step << 2)) - from);
    const source = openings + from;
    // Whole words: a few bytes too many are written over.
    for (let k: usize = 0; k < size; k += 8) store<u64>(at + k, load<u64>(source + k));
    skips = 0;
    at = writeFloat(values + (<usize>i << 3), at + size);
    store<u16>(at, 0x5d22);
    at += 2;
  }
  return at;
}

// Value blocks of codec 2 (decimals), four runs at a time. plain twin: decimal.ts, mini-block.ts; the
// bytes are the same, bit for bit. Layout: docs/formats/block.md#values.
//
// Memory, from 0 on: five planes of f64, then words. valuesAt is where values come in and go out.
// Bytes are untrusted: every read of them is checked against END, and FAILED says that one was not there.

const PLANE: usize = 65_664; // 8192 values and 128 bytes of slack
export const valuesAt: usize = 0;
const INTEGERS: usize = PLANE;
const PLAIN: usize = PLANE * 2;
const DELTAS: usize = PLANE * 3;
const DELTAS2: usize = PLANE * 4;
const WORDS: usize = PLANE * 5; // u32 × 256
const WIDES: usize = WORDS + 1_088; // f64 × 256
const COUNTS: usize = WIDES + 2_112; // u32 × 33
export const powersAt: usize = COUNTS + 192; // f64 × 15, written by the host
export const missesAt: usize = powersAt + 128; // the second plane of a residual block
export const bytesAt: usize = missesAt + PLANE; // a block, 192 KiB
export const markAt: usize = bytesAt + 196_608; // f64 × 11, see decodeMarked

const EXPONENT_MAX: i32 = 14;
const INTEGER_LIMIT: f64 = 2251799813685248.0; // 2^51
const DELTA_LIMIT: f64 = 4503599627370496.0; // 2^52
const DELTA2_LIMIT: f64 = 1125899906842624.0; // 2^50
const ROUNDING: f64 = 6755399441055744.0; // 1.5 · 2^52
const SAFE_MAX: u64 = 9007199254740991; // 2^53 - 1
const WIDE_LIMIT: f64 = 2147483648.0;
const STEPS: i32 = 64;
const MARK_STEPS: i32 = 512; // fewer are passed over each time
const IMPOSSIBLE: i32 = 1 << 20;

let W: usize = 0; // where the next byte is written
let R: usize = 0; // where the next byte is read
let END: usize = 0;
let FAILED: bool = false;

// ---- bytes ----

function putVarint(value: u64): void {
  while (value > 127) { store<u8>(W++, <u8>(value | 128)); value >>= 7; }
  store<u8>(W++, <u8>value);
}

function putSigned(value: f64): void {
  const size = <u64>abs<f64>(value);
  const low = <u8>((size & 63) << 1) | <u8>(value < 0);
  if (size < 64) { store<u8>(W++, low); return; }
  store<u8>(W++, low | 128);
  putVarint(size >> 6);
}

function varintSize(value: u64): i32 {
  let size = 1;
  while (value > 127) { value >>= 7; size += 1; }
  return size;
}

function signedSize(value: f64): i32 {
  const size = <u64>abs<f64>(value);
  return size < 64 ? 1 : 1 + varintSize(size >> 6);
}

// @ts-ignore: decorators are AssemblyScript's
@inline function getByte(): u32 {
  if (R >= END) { FAILED = true; return 0; }
  return load<u8>(R++);
}

function getVarint(): u64 {
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 56; shift += 7) {
    const byte = getByte();
    value |= <u64>(byte & 127) << shift;
    if (value > SAFE_MAX) break;
    if (byte < 128) return value;
  }
  FAILED = true;
  return 0;
}

function getSigned(): f64 {
  const low = getByte();
  let size: u64 = (low & 127) >> 1;
  if (low & 128) size += getVarint() << 6;
  if (size > SAFE_MAX) { FAILED = true; return 0; }
  return low & 1 ? 0 - <f64>size : <f64>size;
}

// ---- decimals ----

// @ts-ignore
@inline function rounded(value: f64, power: f64): f64 {
  return value * power + ROUNDING - ROUNDING;
}

// @ts-ignore
@inline function fits(value: f64, power: f64): bool {
  const integer = rounded(value, power);
  return abs<f64>(integer) < INTEGER_LIMIT &&
    reinterpret<i64>(integer / power) == reinterpret<i64>(value);
}

// @ts-ignore
@inline function at64(plane: usize, index: i32): usize { return plane + (<usize>index << 3); }

// @ts-ignore
@inline function powerOf(exponent: i32): f64 { return load<f64>(powersAt + (<usize>exponent << 3)); }

export function runLength(count: i32): i32 {
  const quarter = (count + 3) >> 2;
  return quarter + (quarter & 1);
}

function chooseExponent(values: usize, count: i32): i32 {
  const step = count > 64 ? count / 64 : 1;
  let best = -1, bestMissCount = i32.MAX_VALUE, lookedAt = 0;
  for (let exponent = 0; exponent <= EXPONENT_MAX; exponent++) {
    const power = powerOf(exponent);
    let missCount = 0;
    lookedAt = 0;
    for (let i = 0; i < count; i += step) {
      const value = load<f64>(at64(values, i));
      if (value - value != 0) continue; // NaN and ±Inf
      lookedAt += 1;
      if (!fits(value, power)) missCount += 1;
    }
    if (missCount < bestMissCount) {
      bestMissCount = missCount;
      best = exponent;
      if (missCount == 0) break;
    }
  }
  return bestMissCount > (lookedAt >> 3) + 1 ? -1 : best;
}

function toIntegers(values: usize, count: i32, power: f64, total: i32): i32 {
  let last: f64 = 0;
  for (let i = 0; i < count; i++) {
    const value = load<f64>(at64(values, i));
    if (fits(value, power)) { last = rounded(value, power); break; }
  }
  let exceptionCount = 0, i = 0;
  const powers = f64x2.splat(power), rounding = f64x2.splat(ROUNDING), limit = f64x2.splat(INTEGER_LIMIT);
  for (; i + 2 <= count; i += 2) {
    const value = v128.load(at64(values, i));
    const integer = f64x2.sub(f64x2.add(f64x2.mul(value, powers), rounding), rounding);
    const good = v128.and(i64x2.eq(f64x2.div(integer, powers), value), f64x2.lt(f64x2.abs(integer), limit));
    if (i64x2.all_true(good)) {
      v128.store(at64(INTEGERS, i), integer);
      last = f64x2.extract_lane(integer, 1);
    } else {
      if (i64x2.extract_lane(good, 0)) last = f64x2.extract_lane(integer, 0); else exceptionCount += 1;
      store<f64>(at64(INTEGERS, i), last);
      if (i64x2.extract_lane(good, 1)) last = f64x2.extract_lane(integer, 1); else exceptionCount += 1;
      store<f64>(at64(INTEGERS, i + 1), last);
    }
  }
  for (; i < total; i++) {
    if (i < count) {
      const value = load<f64>(at64(values, i));
      if (fits(value, power)) last = rounded(value, power); else exceptionCount += 1;
    }
    store<f64>(at64(INTEGERS, i), last);
  }
  return exceptionCount;
}

function commonFactor(total: i32): f64 {
  let factor: i64 = 0;
  let previous = load<f64>(INTEGERS);
  for (let i = 1; i < total && factor != 1; i++) {
    const integer = load<f64>(at64(INTEGERS, i));
    let a = <i64>abs<f64>(integer - previous);
    previous = integer;
    if (a == 0 || a == factor) continue;
    let b = factor;
    while (b != 0) { const rest = a % b; a = b; b = rest; }
    factor = a;
  }
  return factor == 0 ? 1 : <f64>factor;
}

// Fills PLAIN, DELTAS and DELTAS2, the runs side by side; the first difference of a run is that to zero.
function interleave(length: i32): void {
  for (let run = 0; run < 4; run++) {
    let previous: f64 = 0, previousDelta: f64 = 0;
    for (let t = 0; t < length; t++) {
      const integer = load<f64>(at64(INTEGERS, run * length + t));
      const delta = integer - previous;
      const at = t * 4 + run;
      store<f64>(at64(PLAIN, at), integer);
      store<f64>(at64(DELTAS, at), delta);
      store<f64>(at64(DELTAS2, at), delta - previousDelta);
      previous = integer;
      previousDelta = delta;
    }
  }
}

function freeStarts(length: i32): void {
  for (let run = 0; run < 4; run++) {
    store<f64>(at64(DELTAS, run), load<f64>(at64(DELTAS, 4 + run)));
    const second: f64 = length > 2 ? load<f64>(at64(DELTAS2, 8 + run)) : 0;
    store<f64>(at64(DELTAS2, run), second);
    store<f64>(at64(DELTAS2, 4 + run), second);
  }
}

function largestOf(plane: usize, total: i32): f64 {
  let most = f64x2.splat(0);
  for (let i = 0; i < total; i += 2) most = f64x2.pmax(most, f64x2.abs(v128.load(at64(plane, i))));
  return max<f64>(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
}

// ---- mini-blocks: planning and writing ----

let planWidth: i32 = 0;
let planZigzag: bool = false;
let planMin: f64 = 0;
let planWideCount: i32 = 0;

// @ts-ignore
@inline function packedSize(count: i32, width: i32): i32 { return 16 * ((count * width + 127) >> 7); }

// @ts-ignore
@inline function zigzag(integer: f64): u32 {
  if (abs<f64>(integer) >= WIDE_LIMIT) return 0;
  const whole = <i32>integer;
  return <u32>((whole << 1) ^ (whole >> 31));
}

let bestCost: i32 = 0;

// @ts-ignore
@inline function countOf(bits: i32): i32 { return load<i32>(COUNTS + (<usize>bits << 2)); }

// @ts-ignore
@inline function clearCounts(): void { // 33 words; memory.fill is a call out of the module
  const zero = i32x4.splat(0);
  for (let at: usize = 0; at < 144; at += 16) v128.store(COUNTS + at, zero);
}

// @ts-ignore
@inline function countBits(value: u32): void {
  const at = COUNTS + (<usize>(32 - <i32>clz<u32>(value)) << 2);
  store<i32>(at, load<i32>(at) + 1);
}

// The cheapest width by COUNTS; better than bestCost, or nothing changes. A value of n bits more than the width is patched for
// 1 + ceil(n / 7) bytes, so from one width to the next those that are 7, 14, … bits longer cost one more.
function tryWidths(count: i32, baseCost: i32, widthMax: i32, isZigzag: bool): void {
  let bitsMax = 32;
  while (bitsMax > 0 && countOf(bitsMax) == 0) bitsMax -= 1;
  let patchCount = 0, patchCost = 0;
  for (let width = bitsMax; width >= 0; width--) {
    if (width < bitsMax) {
      const n = countOf(width + 1);
      patchCount += n;
      patchCost += 2 * n;
      for (let bits = width + 8; bits <= bitsMax; bits += 7) patchCost += countOf(bits);
    }
    if (width > widthMax) continue;
    const base = baseCost + (patchCount > 0 ? 1 + patchCost : 0);
    if (patchCount > 64 || base >= bestCost) break;
    const cost = base + packedSize(count, width);
    if (cost < bestCost) { bestCost = cost; planWidth = width; planZigzag = isZigzag; }
  }
}

function planMini(at: usize, total: i32): i32 {
  let least = v128.load(at), most = least;
  for (let i = 2; i < total; i += 2) {
    const pair = v128.load(at64(at, i));
    least = f64x2.pmin(least, pair);
    most = f64x2.pmax(most, pair);
  }
  const low = min<f64>(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1));
  const high = max<f64>(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1));
  planMin = low;
  planWideCount = 0;
  planWidth = 0;
  if (low == high && abs<f64>(low) < WIDE_LIMIT) {
    planZigzag = low == 0;
    return low == 0 ? 1 : 1 + signedSize(low);
  }
  bestCost = IMPOSSIBLE;
  planZigzag = false;
  if (high - low < 4294967296.0) {
    clearCounts();
    for (let i = 0; i < total; i++) countBits(<u32>(load<f64>(at64(at, i)) - low));
    tryWidths(total, 1 + signedSize(low), 32, false);
  }
  let wideCost = 1;
  if (high >= WIDE_LIMIT || low <= -WIDE_LIMIT) {
    for (let i = 0; i < total; i++) {
      const integer = load<f64>(at64(at, i));
      if (abs<f64>(integer) < WIDE_LIMIT) continue;
      planWideCount += 1;
      wideCost += 1 + signedSize(integer);
    }
  }
  if (planWideCount <= 255) {
    clearCounts();
    for (let i = 0; i < total; i++) countBits(zigzag(load<f64>(at64(at, i))));
    tryWidths(total, 1 + (planWideCount > 0 ? wideCost : 0), planWideCount > 0 ? 30 : 32, true);
  }
  return bestCost;
}

let keptWidth: i32 = 0;
let keptZigzag: bool = false;
let keptMin: f64 = 0;
let keptWideCount: i32 = 0;

// @ts-ignore
@inline function keepPlan(): void {
  keptWidth = planWidth; keptZigzag = planZigzag; keptMin = planMin; keptWideCount = planWideCount;
}

// @ts-ignore
@inline function takeKeptPlan(): void {
  planWidth = keptWidth; planZigzag = keptZigzag; planMin = keptMin; planWideCount = keptWideCount;
}

// By the plan at hand.
function writeMini(at: usize, count: i32): void {
  const width = planWidth, isZigzag = planZigzag, low = planMin;
  const hasWides = isZigzag && planWideCount > 0;
  const head = W++;
  let field: i32 = hasWides ? 33 + width : width;
  if (isZigzag) field |= 64; else putSigned(low);
  let patchCount = 0;
  for (let i = 0; i < count; i++) {
    const integer = load<f64>(at64(at, i));
    const value: u32 = isZigzag ? zigzag(integer) : <u32>(integer - low);
    store<u32>(WORDS + (<usize>i << 2), value);
    if (width < 32 && value >> width) patchCount += 1;
  }
  if (patchCount > 0) {
    field |= 128;
    store<u8>(W++, <u8>patchCount);
    for (let i = 0; i < count; i++) {
      const word = WORDS + (<usize>i << 2);
      const value = load<u32>(word);
      if (!(value >> width)) continue;
      store<u8>(W++, <u8>i);
      putVarint(value >> width);
      store<u32>(word, value & ((1 << width) - 1));
    }
  }
  store<u8>(head, <u8>field);
  if (hasWides) {
    store<u8>(W++, <u8>planWideCount);
    for (let i = 0; i < count; i++) {
      const integer = load<f64>(at64(at, i));
      if (abs<f64>(integer) < WIDE_LIMIT) continue;
      store<u8>(W++, <u8>i);
      putSigned(integer);
    }
  }
  if (width == 0) return;
  let columns = i32x4.splat(0), used = 0;
  for (let i = 0; i < count; i += 4) {
    const values = v128.load(WORDS + (<usize>i << 2));
    columns = v128.or(columns, i32x4.shl(values, used));
    used += width;
    if (used < 32) continue;
    v128.store(W, columns);
    W += 16;
    used -= 32;
    // Shifts count modulo 32, so a whole word is told apart.
    columns = used > 0 ? i32x4.shr_u(values, width - used) : i32x4.splat(0);
  }
  if (used > 0) { v128.store(W, columns); W += 16; }
}

// ---- encoding ----

function costOf(plane: usize, length: i32): i32 {
  const stride = length > 6 * STEPS ? 3 * STEPS : STEPS;
  let cost = 0;
  for (let t = 0; t < length; t += stride) {
    cost += planMini(at64(plane, t * 4), min<i32>(STEPS, length - t) * 4);
  }
  return min<i32>(cost, IMPOSSIBLE);
}

// Writes decimals at `target`; returns their size, or -1 when decimals do not pay.
export function encode(values: usize, count: i32, target: usize): i32 {
  const exponent = chooseExponent(values, count);
  if (exponent < 0) return -1;
  const power = powerOf(exponent);
  const length = runLength(count), total = length * 4;
  const exceptionCount = toIntegers(values, count, power, total);
  if (exceptionCount > (count >> 4) + 2) return -1;
  const base = load<f64>(INTEGERS);
  const factor = commonFactor(total);
  const bases = f64x2.splat(base), factors = f64x2.splat(factor);
  for (let i = 0; i < total; i += 2) {
    const shifted = f64x2.sub(v128.load(at64(INTEGERS, i)), bases);
    v128.store(at64(INTEGERS, i), factor > 1 ? f64x2.div(shifted, factors) : shifted);
  }
  interleave(length);
  const largest = largestOf(DELTAS, total);
  freeStarts(length);
  let mode = 0;
  let cost = costOf(PLAIN, length);
  keepPlan();
  if (largest < DELTA_LIMIT) {
    const deltaCost = costOf(DELTAS, length);
    if (deltaCost < cost) { mode = 1; cost = deltaCost; keepPlan(); }
  }
  if (largest < DELTA2_LIMIT) {
    const delta2Cost = costOf(DELTAS2, length);
    if (delta2Cost < cost) { mode = 2; cost = delta2Cost; keepPlan(); }
  }
  if (cost >= IMPOSSIBLE) return -1;

  W = target;
  store<u8>(W++, <u8>(mode | (exponent << 2) | (factor > 1 ? 64 : 0) | (exceptionCount > 0 ? 128 : 0)));
  putSigned(base);
  if (factor > 1) putVarint(<u64>factor);
  if (exceptionCount > 0) {
    putVarint(exceptionCount);
    let previous = 0;
    for (let i = 0; i < count; i++) {
      if (fits(load<f64>(at64(values, i)), power)) continue;
      putVarint(i - previous);
      previous = i;
      store<u64>(W, load<u64>(at64(values, i)));
      W += 8;
    }
  }
  for (let run = 0; run < 4 && mode > 0; run++) {
    const first = load<f64>(at64(INTEGERS, run * length));
    const step = load<f64>(at64(INTEGERS, run * length + 1)) - first;
    if (mode == 1) {
      putSigned(first - load<f64>(at64(DELTAS, run)));
    } else {
      const second = load<f64>(at64(DELTAS2, run));
      putSigned(step - 2 * second);
      putSigned(first - (step - second));
    }
  }
  const plane = mode == 0 ? PLAIN : mode == 1 ? DELTAS : DELTAS2;
  for (let t = 0; t < length; t += STEPS) {
    const at = at64(plane, t * 4), size = min<i32>(STEPS, length - t) * 4;
    // A block of one mini-block was planned already, and the best plan kept.
    if (length <= STEPS) takeKeptPlan();
    else if (planMini(at, size) >= IMPOSSIBLE) return -1;
    writeMini(at, size);
  }
  return <i32>(W - target);
}

// ---- decoding ----

let miniMin: f64 = 0;
let miniZigzag: bool = false;
let miniZero: bool = false; // all packed values are zero
let miniWidth: i32 = 0;
let miniPatchCount: i32 = 0;
let miniPatchesAt: usize = 0;
let miniWideCount: i32 = 0;
let miniWidesAt: usize = 0;
let miniPackedAt: usize = 0;

// Reads all but the packed integers, which it steps over.
function readMiniHead(count: i32): void {
  const head = getByte();
  const field = <i32>(head & 63);
  const width = field >= 33 ? field - 33 : field;
  miniWidth = width;
  miniZigzag = (head & 64) != 0;
  if (field >= 33 && !miniZigzag) { FAILED = true; return; }
  miniMin = miniZigzag ? 0 : getSigned();
  miniPatchCount = head & 128 ? <i32>getByte() : 0;
  miniPatchesAt = R;
  for (let i = 0; i < miniPatchCount; i++) {
    const index = <i32>getByte();
    const high = getVarint();
    if (index >= count || width == 32 || high >> (32 - width)) FAILED = true;
  }
  miniWideCount = field >= 33 ? <i32>getByte() : 0;
  miniWidesAt = R;
  for (let i = 0; i < miniWideCount; i++) {
    if (<i32>getByte() >= count) FAILED = true;
    getSigned();
  }
  const size = <usize>packedSize(count, width);
  if (FAILED || END - R < size) { FAILED = true; return; }
  miniZero = width == 0 && miniPatchCount == 0;
  miniPackedAt = R;
  R += size;
}

// Fills WORDS with the mini-block whose head was read, unless they are all zero.
function unpackMini(count: i32): void {
  const width = miniWidth;
  if (miniZero && miniWideCount == 0) return;
  if (width == 0) {
    memory.fill(WORDS, 0, 1024);
  } else {
    const mask = i32x4.splat(width == 32 ? -1 : (1 << width) - 1), packed = miniPackedAt;
    let bit = 0;
    for (let i = 0; i < count; i += 4) {
      const from = packed + (<usize>(bit >> 5) << 4), shift = bit & 31;
      // Two shifts, since one by 32 would be one by none. Behind the end lies slack.
      const low = i32x4.shr_u(v128.load(from), shift);
      const high = i32x4.shl(i32x4.shl(v128.load(from, 16), 1), 31 - shift);
      v128.store(WORDS + (<usize>i << 2), v128.and(v128.or(low, high), mask));
      bit += width;
    }
  }
  if (miniPatchCount > 0) {
    const after = R;
    R = miniPatchesAt;
    for (let i = 0; i < miniPatchCount; i++) {
      const word = WORDS + (<usize>getByte() << 2);
      store<u32>(word, load<u32>(word) | (<u32>getVarint() << width));
    }
    R = after;
  }
  if (miniZigzag) {
    const one = i32x4.splat(1);
    for (let i = 0; i < count; i += 4) {
      const at = WORDS + (<usize>i << 2), value = v128.load(at);
      v128.store(at, v128.xor(i32x4.shr_u(value, 1), i32x4.neg(v128.and(value, one))));
    }
  }
}

// Wide integers stand beside: all of the mini-block's integers are laid out as f64 for once.
function spreadWides(count: i32): void {
  for (let i = 0; i < count; i++) store<f64>(at64(WIDES, i), <f64>load<i32>(WORDS + (<usize>i << 2)));
  const after = R;
  R = miniWidesAt;
  for (let i = 0; i < miniWideCount; i++) {
    const index = getByte();
    store<f64>(at64(WIDES, index), getSigned());
  }
  R = after;
}

let step01: v128 = f64x2.splat(0);
let step23: v128 = f64x2.splat(0);
let sum01: v128 = f64x2.splat(0);
let sum23: v128 = f64x2.splat(0);

const SHORT_WIDTH: i32 = 18; // 64 sums of 64 integers of that width fit 32 bits
const CALM_LIMIT: f64 = 1099511627776.0; // 2^40
const CALM_SUM_LIMIT: f64 = 4503599627370496.0; // 2^52

// @ts-ignore
@inline function isWithin(pair: v128, limit: f64): bool {
  return i64x2.all_true(f64x2.lt(f64x2.abs(pair), f64x2.splat(limit)));
}

// Adds up the packed integers of each run as they come out of their words, and their sums; patches in f64 on top of that.
let once: v128 = i32x4.splat(0);
let twice: v128 = i32x4.splat(0);

function addPacked(steps: i32): void {
  const width = miniWidth, packed = miniPackedAt;
  const mask = i32x4.splat((1 << width) - 1), one = i32x4.splat(1);
  let sum = i32x4.splat(0), sums = sum, bit = 0;
  for (let i = 0; i < steps; i++) {
    const from = packed + (<usize>(bit >> 5) << 4), shift = bit & 31;
    const low = i32x4.shr_u(v128.load(from), shift);
    const high = i32x4.shl(i32x4.shl(v128.load(from, 16), 1), 31 - shift);
    let value = v128.and(v128.or(low, high), mask);
    if (miniZigzag) value = v128.xor(i32x4.shr_u(value, 1), i32x4.neg(v128.and(value, one)));
    sum = i32x4.add(sum, value);
    sums = i32x4.add(sums, sum);
    bit += width;
  }
  once = sum;
  twice = sums;
}

// What patches add to the sums of each run: four f64 at WIDES, and four for the sums of sums behind them.
function addPatches(steps: i32): void {
  memory.fill(WIDES, 0, 64);
  const after = R;
  R = miniPatchesAt;
  for (let i = 0; i < miniPatchCount; i++) {
    const index = <i32>getByte();
    const extra = <f64>(getVarint() << miniWidth);
    const at = WIDES + (<usize>(index & 3) << 3);
    store<f64>(at, load<f64>(at) + extra);
    store<f64>(at, load<f64>(at, 32) + extra * <f64>(steps - (index >> 2)), 32);
  }
  R = after;
}

// Moves steps and sums on by a mini-block whose integers nobody wants. Whole numbers below 2^53 come to the same in any order:
// where that is certain, the integers are added up as they lie.
function passMini(steps: i32, mode: i32): void {
  const isPatched = miniPatchCount > 0;
  const isCalm = miniWidth <= SHORT_WIDTH && miniWideCount == 0 && !(isPatched && miniZigzag) &&
    abs<f64>(miniMin) < CALM_LIMIT && isWithin(sum01, CALM_SUM_LIMIT) && isWithin(sum23, CALM_SUM_LIMIT) &&
    isWithin(step01, CALM_LIMIT) && isWithin(step23, CALM_LIMIT);
  if (!isCalm) {
    unpackMini(steps * 4);
    return passInTurn(steps, mode);
  }
  if (miniWidth > 0) addPacked(steps);
  else { once = i32x4.splat(0); twice = once; }
  if (isPatched) addPatches(steps);
  const low = f64x2.splat(<f64>steps * miniMin);
  let once01 = f64x2.add(low, f64x2.convert_low_i32x4_s(once));
  let once23 = f64x2.add(low, f64x2.convert_low_i32x4_s(i64x2.shuffle(once, once, 1, 1)));
  if (isPatched) {
    once01 = f64x2.add(once01, v128.load(WIDES));
    once23 = f64x2.add(once23, v128.load(WIDES, 16));
  }
  if (mode == 1) {
    sum01 = f64x2.add(sum01, once01);
    sum23 = f64x2.add(sum23, once23);
    return;
  }
  const count = f64x2.splat(<f64>steps), lows = f64x2.splat(<f64>(steps * (steps + 1) / 2) * miniMin);
  let twice01 = f64x2.add(lows, f64x2.convert_low_i32x4_s(twice));
  let twice23 = f64x2.add(lows, f64x2.convert_low_i32x4_s(i64x2.shuffle(twice, twice, 1, 1)));
  if (isPatched) {
    twice01 = f64x2.add(twice01, v128.load(WIDES, 32));
    twice23 = f64x2.add(twice23, v128.load(WIDES, 48));
  }
  sum01 = f64x2.add(sum01, f64x2.add(f64x2.mul(count, step01), twice01));
  sum23 = f64x2.add(sum23, f64x2.add(f64x2.mul(count, step23), twice23));
  step01 = f64x2.add(step01, once01);
  step23 = f64x2.add(step23, once23);
}

// The same, integer by integer.
function passInTurn(steps: i32, mode: i32): void {
  const lows = f64x2.splat(miniMin), isWide = miniWideCount > 0, isZero = miniZero && !isWide, isSigned = miniZigzag;
  if (isWide) spreadWides(steps * 4);
  for (let i = 0; i < steps; i++) {
    let x01 = lows, x23 = lows;
    if (isWide) {
      const at = at64(WIDES, i * 4);
      x01 = v128.load(at); x23 = v128.load(at, 16);
    } else if (!isZero) {
      const x = v128.load(WORDS + (<usize>i << 4)), xHigh = i64x2.shuffle(x, x, 1, 1);
      if (isSigned) {
        x01 = f64x2.convert_low_i32x4_s(x); x23 = f64x2.convert_low_i32x4_s(xHigh);
      } else {
        x01 = f64x2.add(lows, f64x2.convert_low_i32x4_u(x)); x23 = f64x2.add(lows, f64x2.convert_low_i32x4_u(xHigh));
      }
    }
    if (mode == 2) {
      x01 = step01 = f64x2.add(step01, x01);
      x23 = step23 = f64x2.add(step23, x23);
    }
    sum01 = f64x2.add(sum01, x01);
    sum23 = f64x2.add(sum23, x23);
  }
}

// Reads the `size` bytes at `block` as `count` decimals into `target`; true when they were that. Only the values `from` to `to`
// (exclusive) are sure to be there then: what lies before and behind them in their run is passed over.
export function decode(block: usize, size: i32, count: i32, target: usize, from: i32, to: i32): bool {
  return decodePart(block, size, count, target, from, to, false);
}

// The same, from the mark on if that is not behind `from`; and leaves a mark where the wanted values begin, unless the one there
// is close. A mark, at markAt: f64 steps before it (0: there is none), size of what comes before the mini-blocks, where its
// mini-block starts, then step and sum of the four runs. The bytes between those two places need not be there.
export function decodeMarked(block: usize, size: i32, count: i32, target: usize, from: i32, to: i32): bool {
  return decodePart(block, size, count, target, from, to, true);
}

function decodePart(
  block: usize, size: i32, count: i32, target: usize, from: i32, to: i32, isMarked: bool,
): bool {
  R = block;
  END = block + size;
  FAILED = false;
  const length = runLength(count);
  const head = <i32>getByte();
  const mode = head & 3, exponent = (head >> 2) & 15;
  if (mode > 2 || exponent > EXPONENT_MAX) return false;
  const base = getSigned();
  const factor: f64 = head & 64 ? <f64>getVarint() : 1;
  const exceptionCount = head & 128 ? getVarint() : 0;
  const exceptionsAt = R;
  let place: u64 = 0;
  for (let i: u64 = 0; i < exceptionCount; i++) {
    place += getVarint();
    if (FAILED || place >= <u64>count || END - R < 8) return false;
    R += 8;
  }
  step01 = f64x2.splat(0); step23 = step01; sum01 = step01; sum23 = step01;
  if (mode == 1) {
    const a = getSigned(), b = getSigned(), c = getSigned(), d = getSigned();
    sum01 = f64x2(a, b); sum23 = f64x2(c, d);
  } else if (mode == 2) {
    const a1 = getSigned(), a = getSigned(), b1 = getSigned(), b = getSigned();
    const c1 = getSigned(), c = getSigned(), d1 = getSigned(), d = getSigned();
    step01 = f64x2(a1, b1); step23 = f64x2(c1, d1);
    sum01 = f64x2(a, b); sum23 = f64x2(c, d);
  }
  // Wanted elements of the runs; all of them where the values lie in several runs.
  const isOneRun = from / length == (to - 1) / length;
  const wantedFrom = isOneRun ? from % length : 0, wantedTo = isOneRun ? (to - 1) % length + 1 : length;
  const factors = f64x2.splat(factor), bases = f64x2.splat(base), powers = f64x2.splat(powerOf(exponent));
  let start = 0, markFrom = isMarked ? wantedFrom : i32.MAX_VALUE;
  const headSize = R - block;
  if (isMarked) {
    const markSteps = <i32>load<f64>(markAt);
    if (markSteps > 0 && markSteps <= wantedFrom) {
      const at = <usize>load<f64>(markAt, 16);
      if (at >= <usize>size) return false;
      R = block + at;
      start = markSteps;
      if (wantedFrom - start < MARK_STEPS) markFrom = i32.MAX_VALUE;
      step01 = v128.load(markAt, 24); step23 = v128.load(markAt, 40);
      sum01 = v128.load(markAt, 56); sum23 = v128.load(markAt, 72);
    }
  }
  for (let t = start; t < length; t += STEPS) {
    if (start > 0 && t >= wantedTo) break;
    if (t + STEPS > markFrom) {
      markFrom = i32.MAX_VALUE;
      store<f64>(markAt, <f64>t);
      store<f64>(markAt, <f64>headSize, 8);
      store<f64>(markAt, <f64>(R - block), 16);
      v128.store(markAt, step01, 24); v128.store(markAt, step23, 40);
      v128.store(markAt, sum01, 56); v128.store(markAt, sum23, 72);
    }
    const steps = min<i32>(STEPS, length - t);
    readMiniHead(steps * 4);
    if (FAILED) return false;
    if (t >= wantedTo) continue;
    if (t + steps > wantedFrom) {
      unpackMini(steps * 4);
      emitMini(steps, mode, length, at64(target, t), exponent, factor, factors, bases, powers);
    } else if (mode > 0) {
      passMini(steps, mode);
    }
  }
  if (start == 0 && R != END) return false;
  R = exceptionsAt;
  place = 0;
  for (let i: u64 = 0; i < exceptionCount; i++) {
    place += getVarint();
    store<u64>(at64(target, <i32>place), load<u64>(R));
    R += 8;
  }
  return true;
}

// The values of an unpacked mini-block, from `target` on in the first run.
// @ts-ignore
@inline function emitMini(
  steps: i32, mode: i32, length: i32, target: usize, exponent: i32, factor: f64, factors: v128, bases: v128, powers: v128,
): void {
  const run = <usize>length << 3;
  const lows = f64x2.splat(miniMin);
  const isWide = miniWideCount > 0, isZero = miniZero && !isWide, isSigned = miniZigzag;
  if (isWide) spreadWides(steps * 4);
  let ownStep01 = step01, ownStep23 = step23, ownSum01 = sum01, ownSum23 = sum23;
  let out = target;
  for (let i = 0; i < steps; i += 2) {
    let x01 = lows, x23 = lows, y01 = lows, y23 = lows; // two steps of four integers
    if (isWide) {
      const at = at64(WIDES, i * 4);
      x01 = v128.load(at); x23 = v128.load(at, 16); y01 = v128.load(at, 32); y23 = v128.load(at, 48);
    } else if (!isZero) {
      const x = v128.load(WORDS + (<usize>i << 4)), y = v128.load(WORDS + (<usize>i << 4), 16);
      const xHigh = i64x2.shuffle(x, x, 1, 1), yHigh = i64x2.shuffle(y, y, 1, 1);
      if (isSigned) {
        x01 = f64x2.convert_low_i32x4_s(x); x23 = f64x2.convert_low_i32x4_s(xHigh);
        y01 = f64x2.convert_low_i32x4_s(y); y23 = f64x2.convert_low_i32x4_s(yHigh);
      } else {
        x01 = f64x2.add(lows, f64x2.convert_low_i32x4_u(x)); x23 = f64x2.add(lows, f64x2.convert_low_i32x4_u(xHigh));
        y01 = f64x2.add(lows, f64x2.convert_low_i32x4_u(y)); y23 = f64x2.add(lows, f64x2.convert_low_i32x4_u(yHigh));
      }
    }
    if (mode == 2) {
      x01 = f64x2.add(ownStep01, x01); x23 = f64x2.add(ownStep23, x23);
      y01 = ownStep01 = f64x2.add(x01, y01); y23 = ownStep23 = f64x2.add(x23, y23);
    }
    if (mode > 0) {
      x01 = f64x2.add(ownSum01, x01); x23 = f64x2.add(ownSum23, x23);
      y01 = ownSum01 = f64x2.add(x01, y01); y23 = ownSum23 = f64x2.add(x23, y23);
    }
    // From two steps of four runs to four runs of two values.
    let a = i64x2.shuffle(x01, y01, 0, 2), b = i64x2.shuffle(x01, y01, 1, 3);
    let c = i64x2.shuffle(x23, y23, 0, 2), d = i64x2.shuffle(x23, y23, 1, 3);
    if (factor != 1) {
      a = f64x2.mul(a, factors); b = f64x2.mul(b, factors); c = f64x2.mul(c, factors); d = f64x2.mul(d, factors);
    }
    a = f64x2.add(a, bases); b = f64x2.add(b, bases); c = f64x2.add(c, bases); d = f64x2.add(d, bases);
    if (exponent > 0) {
      a = f64x2.div(a, powers); b = f64x2.div(b, powers); c = f64x2.div(c, powers); d = f64x2.div(d, powers);
    }
    v128.store(out, a);
    v128.store(out + run, b);
    v128.store(out + run * 2, c);
    v128.store(out + run * 3, d);
    out += 16;
  }
  step01 = ownStep01; step23 = ownStep23; sum01 = ownSum01; sum23 = ownSum23;
}

// Moves the values `from` to `to` (exclusive) by their misses, in units of the last place; false when one is no integer up to 512.
export function addMisses(target: usize, from: i32, to: i32): bool {
  for (let i = from; i < to; i++) {
    const miss = load<f64>(at64(missesAt, i)), at = at64(target, i);
    if (!(abs<f64>(miss) <= 512) || trunc<f64>(miss) != miss) return false;
    store<i64>(at, load<i64>(at) + <i64>miss);
  }
  return true;
}

// ---- differing bits (xor.ts) ----

let pendingBits: u64 = 0;
let pendingCount: i32 = 0;

function putBits(value: u64, count: i32): void {
  if (count > 32) {
    putBits(value >> 32, count - 32);
    count = 32;
  }
  pendingBits = (pendingBits << count) | (value & ((<u64>1 << count) - 1));
  pendingCount += count;
  while (pendingCount >= 8) {
    pendingCount -= 8;
    store<u8>(W++, <u8>(pendingBits >> pendingCount));
  }
}

function getBits(count: i32): u64 {
  if (count > 32) {
    const upper = getBits(count - 32);
    return upper << 32 | getBits(32);
  }
  while (pendingCount < count) {
    pendingBits = (pendingBits << 8) | getByte();
    pendingCount += 8;
  }
  pendingCount -= count;
  return (pendingBits >> pendingCount) & ((<u64>1 << count) - 1);
}

// Writes the values at `values` by their differing bits; returns the size.
export function encodeXor(values: usize, count: i32, target: usize): i32 {
  W = target;
  pendingBits = 0;
  pendingCount = 0;
  let leading = 0, width = 64;
  let before = load<u64>(values);
  putBits(before, 64);
  for (let i = 1; i < count; i++) {
    const value = load<u64>(at64(values, i)), different = value ^ before;
    before = value;
    if (different == 0) {
      putBits(0, 1);
      continue;
    }
    const ownLeading = min<i32>(31, <i32>clz<u64>(different)), ownTrailing = <i32>ctz<u64>(different);
    const ownWidth = 64 - ownLeading - ownTrailing;
    if (ownLeading >= leading && ownTrailing >= 64 - leading - width && width <= ownWidth + 11) {
      putBits(2, 2);
    } else {
      leading = ownLeading;
      width = ownWidth;
      putBits(3 << 11 | leading << 6 | (width & 63), 13);
    }
    putBits(different >> (64 - leading - width), width);
  }
  if (pendingCount > 0) putBits(0, 8 - pendingCount);
  return <i32>(W - target);
}

// Reads the `size` bytes at `block` as `count` values into `target`; true when they were that.
export function decodeXor(block: usize, size: i32, count: i32, target: usize): bool {
  R = block;
  END = block + size;
  FAILED = false;
  pendingBits = 0;
  pendingCount = 0;
  let leading = 0, width = 64;
  let value = getBits(64);
  store<u64>(target, value);
  for (let i = 1; i < count; i++) {
    if (getBits(1)) {
      if (getBits(1)) {
        leading = <i32>getBits(5);
        width = <i32>getBits(6);
        if (width == 0) width = 64;
        if (leading + width > 64) return false;
      }
      value ^= getBits(width) << (64 - leading - width);
    }
    if (FAILED) return false;
    store<u64>(at64(target, i), value);
  }
  return !FAILED && R == END;
}

// Packing of codec 2: decimals, planning of mini-blocks, encoding.

import {
  COUNTS,
  DELTA2_LIMIT,
  DELTAS,
  DELTAS2,
  DELTA_LIMIT,
  EXPONENT_MAX,
  IMPOSSIBLE,
  INTEGERS,
  INTEGER_LIMIT,
  PLAIN,
  ROUNDING,
  STEPS,
  W,
  WIDE_LIMIT,
  WORDS,
  at64,
  powerOf,
  putSigned,
  putVarint,
  signedSize,
} from "./memory.part.as";

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
@inline export function packedSize(count: i32, width: i32): i32 { return 16 * ((count * width + 127) >> 7); }

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

// Unpacking of codec 2, whole or from a place on, and what passes over the values before it.

import {
  END,
  EXPONENT_MAX,
  FAILED,
  MARK_STEPS,
  R,
  STEPS,
  WIDES,
  WORDS,
  at64,
  getByte,
  getSigned,
  getVarint,
  markAt,
  missesAt,
  powerOf,
} from "./memory.part.as";
import { packedSize, runLength } from "./pack.part.as";

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

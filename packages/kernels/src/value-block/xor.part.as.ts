// Codec 4, differing bits: plain twin xor.ts.

import { END, FAILED, R, W, at64, getByte } from "./memory.part.as";

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

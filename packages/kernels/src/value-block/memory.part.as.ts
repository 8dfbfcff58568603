// The memory of the value-block kernel, from 0 on: five planes of f64, then words; valuesAt is where values come in and go out. And its
// bytes: read where R is up to END, written where W is. Bytes are untrusted: every read of them is checked against END, and FAILED says
// that one was not there.

const PLANE: usize = 65_664; // 8192 values and 128 bytes of slack
export const valuesAt: usize = 0;
export const INTEGERS: usize = PLANE;
export const PLAIN: usize = PLANE * 2;
export const DELTAS: usize = PLANE * 3;
export const DELTAS2: usize = PLANE * 4;
export const WORDS: usize = PLANE * 5; // u32 × 256
export const WIDES: usize = WORDS + 1_088; // f64 × 256
export const COUNTS: usize = WIDES + 2_112; // u32 × 33
export const powersAt: usize = COUNTS + 192; // f64 × 15, written by the host
export const missesAt: usize = powersAt + 128; // the second plane of a residual block
export const bytesAt: usize = missesAt + PLANE; // a block, 192 KiB
export const markAt: usize = bytesAt + 196_608; // f64 × 11, see decodeMarked

export const EXPONENT_MAX: i32 = 14;
export const INTEGER_LIMIT: f64 = 2251799813685248.0; // 2^51
export const DELTA_LIMIT: f64 = 4503599627370496.0; // 2^52
export const DELTA2_LIMIT: f64 = 1125899906842624.0; // 2^50
export const ROUNDING: f64 = 6755399441055744.0; // 1.5 · 2^52
const SAFE_MAX: u64 = 9007199254740991; // 2^53 - 1
export const WIDE_LIMIT: f64 = 2147483648.0;
export const STEPS: i32 = 64;
export const MARK_STEPS: i32 = 512; // fewer are passed over each time
export const IMPOSSIBLE: i32 = 1 << 20;

export let W: usize = 0; // where the next byte is written
export let R: usize = 0; // where the next byte is read
export let END: usize = 0;
export let FAILED: bool = false;

// ---- bytes ----

export function putVarint(value: u64): void {
  while (value > 127) { store<u8>(W++, <u8>(value | 128)); value >>= 7; }
  store<u8>(W++, <u8>value);
}

export function putSigned(value: f64): void {
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

export function signedSize(value: f64): i32 {
  const size = <u64>abs<f64>(value);
  return size < 64 ? 1 : 1 + varintSize(size >> 6);
}

// @ts-ignore: decorators are AssemblyScript's
@inline export function getByte(): u32 {
  if (R >= END) { FAILED = true; return 0; }
  return load<u8>(R++);
}

export function getVarint(): u64 {
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

export function getSigned(): f64 {
  const low = getByte();
  let size: u64 = (low & 127) >> 1;
  if (low & 128) size += getVarint() << 6;
  if (size > SAFE_MAX) { FAILED = true; return 0; }
  return low & 1 ? 0 - <f64>size : <f64>size;
}

// @ts-ignore
@inline export function at64(plane: usize, index: i32): usize { return plane + (<usize>index << 3); }

// @ts-ignore
@inline export function powerOf(exponent: i32): f64 { return load<f64>(powersAt + (<usize>exponent << 3)); }

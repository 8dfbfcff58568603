/**
 * XXH64, 64 bits, for placement and tables; not for identity (under a known seed collisions are made on
 * purpose in milliseconds, law 3).
 *
 * The definition: 64-bit arithmetic in BigInt, some 100 times slower than the WASM twin.
 */

const PRIME_1 = 0x9e37_79b1_85eb_ca87n;
const PRIME_2 = 0xc2b2_ae3d_27d4_eb4fn;
const PRIME_3 = 0x1656_67b1_9e37_79f9n;
const PRIME_4 = 0x85eb_ca77_c2b2_ae63n;
const PRIME_5 = 0x27d4_eb2f_1656_67c5n;

const wrap = (n: bigint): bigint => BigInt.asUintN(64, n);

function rotate(n: bigint, bits: bigint): bigint {
  return wrap(n << bits) | (n >> (64n - bits));
}

function round(lane: bigint, input: bigint): bigint {
  return wrap(rotate(wrap(lane + input * PRIME_2), 31n) * PRIME_1);
}

function merge(hash: bigint, lane: bigint): bigint {
  return wrap((hash ^ round(0n, lane)) * PRIME_1 + PRIME_4);
}

/**
 * @param bytes borrowed
 * @param seed unsigned 64 bits
 * @returns unsigned 64 bits
 */
export function xxh64Plain(bytes: Uint8Array, seed = 0n): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length;
  let at = 0;
  let hash: bigint;
  if (size >= 32) {
    let a = wrap(seed + PRIME_1 + PRIME_2);
    let b = wrap(seed + PRIME_2);
    let c = seed;
    let d = wrap(seed - PRIME_1);
    for (; at + 32 <= size; at += 32) {
      a = round(a, view.getBigUint64(at, true));
      b = round(b, view.getBigUint64(at + 8, true));
      c = round(c, view.getBigUint64(at + 16, true));
      d = round(d, view.getBigUint64(at + 24, true));
    }
    hash = wrap(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n));
    for (const lane of [a, b, c, d]) hash = merge(hash, lane);
  } else {
    hash = wrap(seed + PRIME_5);
  }
  hash = wrap(hash + BigInt(size));
  for (; at + 8 <= size; at += 8) {
    hash ^= round(0n, view.getBigUint64(at, true));
    hash = wrap(rotate(hash, 27n) * PRIME_1 + PRIME_4);
  }
  if (at + 4 <= size) {
    hash ^= wrap(BigInt(view.getUint32(at, true)) * PRIME_1);
    hash = wrap(rotate(hash, 23n) * PRIME_2 + PRIME_3);
    at += 4;
  }
  for (; at < size; at += 1) {
    hash ^= wrap(BigInt(view.getUint8(at)) * PRIME_5);
    hash = wrap(rotate(hash, 11n) * PRIME_1);
  }
  hash = wrap((hash ^ (hash >> 33n)) * PRIME_2);
  hash = wrap((hash ^ (hash >> 29n)) * PRIME_3);
  return hash ^ (hash >> 32n);
}

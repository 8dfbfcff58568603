/**
 * Mini-blocks, the plain twin: up to 64 steps of four integers side by side, packed with a width of
 * their own. The few that need more bits are patched (docs/formats/block.md#mini-blocks).
 *
 * Integers are below 2^53 in size. They are packed above their minimum, or by zigzag (0, -1, 1, -2, …);
 * with zigzag those of 2^31 and more stand in a list of their own, as zero among the packed.
 */
import type { ByteReader, ByteWriter } from "@tideline/common";

export const MINI_STEPS = 64;
/** More than any cost in bytes. */
export const IMPOSSIBLE = 2 ** 20;

const FLAG_ZIGZAG = 0x40;
const FLAG_PATCHES = 0x80;
/** A width field of 33 + width says that a list of wide integers follows. */
const WIDE_FIELD = 33;
const WIDE_WIDTH_MAX = 30;
const WIDE_COUNT_MAX = 255;
const WIDE_LIMIT = 2 ** 31;
const PATCH_COUNT_MAX = 64;

/** One byte of sign and six bits, then seven bits each, low ones first. */
export function writeSigned(writer: ByteWriter, integer: number): void {
  const size = Math.abs(integer);
  const low = (size % 64) * 2 + (integer < 0 ? 1 : 0);
  if (size < 64) return writer.u8(low);
  writer.u8(low | 0x80);
  writer.varint(Math.floor(size / 64));
}

/** @throws {RangeError} past the end, or of 2^53 and more */
export function readSigned(reader: ByteReader): number {
  const low = reader.u8();
  const size = ((low & 0x7f) >> 1) + (low < 0x80 ? 0 : reader.varint() * 64);
  if (size > Number.MAX_SAFE_INTEGER) throw new RangeError("an integer over 2^53");
  return (low & 1) === 0 ? size : 0 - size; // never -0
}

function signedSize(integer: number): number {
  const size = Math.abs(integer);
  return size < 64 ? 1 : 1 + varintSize(Math.floor(size / 64));
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

interface MiniPlan {
  readonly cost: number;
  readonly width: number;
  readonly isZigzag: boolean;
}

export function costOfMiniBlock(integers: Float64Array): number {
  return planMiniBlock(integers).cost;
}

function planMiniBlock(integers: Float64Array): MiniPlan {
  let min = Infinity;
  let max = -Infinity;
  for (const integer of integers) {
    min = Math.min(min, integer);
    max = Math.max(max, integer);
  }
  const aboveMin =
    max - min < 2 ** 32
      ? bestWidth(integers, (integer) => integer - min, 1 + signedSize(min), 32)
      : { cost: IMPOSSIBLE, width: 0 };
  let wideCount = 0;
  let wideCost = 1;
  for (const integer of integers) {
    if (Math.abs(integer) < WIDE_LIMIT) continue;
    wideCount += 1;
    wideCost += 1 + signedSize(integer);
  }
  const zigzagged =
    wideCount <= WIDE_COUNT_MAX
      ? bestWidth(
          integers,
          zigzag,
          1 + (wideCount > 0 ? wideCost : 0),
          wideCount > 0 ? WIDE_WIDTH_MAX : 32,
        )
      : { cost: IMPOSSIBLE, width: 0 };
  return zigzagged.cost < aboveMin.cost
    ? { ...zigzagged, isZigzag: true }
    : { ...aboveMin, isZigzag: false };
}

/** Unsigned 32 bits; wide integers are zero here. */
function zigzag(integer: number): number {
  if (Math.abs(integer) >= WIDE_LIMIT) return 0;
  return integer < 0 ? -2 * integer - 1 : 2 * integer;
}

/**
 * The cheapest width, the greatest of equals, by a count of the bits that each integer needs; none is
 * looked at that all integers leave unused.
 */
function bestWidth(
  integers: Float64Array,
  packed: (integer: number) => number,
  baseCost: number,
  widthMax: number,
): { cost: number; width: number } {
  const countByBits = new Uint32Array(33);
  for (const integer of integers) {
    const bits = 32 - Math.clz32(packed(integer));
    countByBits[bits] = (countByBits[bits] as number) + 1;
  }
  const bitsMax = countByBits.findLastIndex((count) => count > 0);
  let best = { cost: IMPOSSIBLE, width: 0 };
  for (let width = Math.min(bitsMax, widthMax); width >= 0; width -= 1) {
    let patchCount = 0;
    let patchCost = 0;
    for (let bits = width + 1; bits <= bitsMax; bits += 1) {
      const count = countByBits[bits] as number;
      patchCount += count;
      patchCost += count * (1 + Math.ceil((bits - width) / 7));
    }
    if (patchCount > PATCH_COUNT_MAX) break;
    const cost =
      baseCost + packedSize(integers.length, width) + (patchCount > 0 ? 1 + patchCost : 0);
    if (cost < best.cost) best = { cost, width };
  }
  return best;
}

/** Four columns of 32-bit words. */
function packedSize(count: number, width: number): number {
  return 16 * Math.ceil((count * width) / 128);
}

/**
 * @param integers a multiple of four, up to 4 · MINI_STEPS
 * @returns false when a mini-block cannot hold them
 */
export function writeMiniBlock(writer: ByteWriter, integers: Float64Array): boolean {
  const { cost, width, isZigzag } = planMiniBlock(integers);
  if (cost >= IMPOSSIBLE) return false;
  const min = isZigzag ? 0 : integers.reduce((a, b) => Math.min(a, b));
  const packed = new Uint32Array(integers.length);
  const patches: number[] = [];
  const wides: number[] = [];
  for (let i = 0; i < integers.length; i += 1) {
    const integer = integers[i] as number;
    packed[i] = isZigzag ? zigzag(integer) : integer - min;
    if (width < 32 && (packed[i] as number) >= 2 ** width) patches.push(i);
    if (isZigzag && Math.abs(integer) >= WIDE_LIMIT) wides.push(i);
  }
  writer.u8(
    (wides.length > 0 ? WIDE_FIELD + width : width) |
      (isZigzag ? FLAG_ZIGZAG : 0) |
      (patches.length > 0 ? FLAG_PATCHES : 0),
  );
  if (!isZigzag) writeSigned(writer, min);
  if (patches.length > 0) writer.u8(patches.length);
  for (const i of patches) {
    writer.u8(i);
    writer.varint((packed[i] as number) >>> width);
  }
  if (wides.length > 0) writer.u8(wides.length);
  for (const i of wides) {
    writer.u8(i);
    writeSigned(writer, integers[i] as number);
  }
  const words = new Uint32Array(packedSize(integers.length, width) / 4);
  const packedCount = width > 0 ? packed.length : 0;
  for (let i = 0; i < packedCount; i += 1) {
    const bit = (i >> 2) * width;
    const at = (bit >> 5) * 4 + (i & 3);
    const low = width === 32 ? (packed[i] as number) : (packed[i] as number) & (2 ** width - 1);
    words[at] = (words[at] as number) | (low << (bit & 31));
    if ((bit & 31) + width > 32) words[at + 4] = low >>> (32 - (bit & 31));
  }
  writer.raw(new Uint8Array(words.buffer));
  return true;
}

/** @throws {RangeError} */
export function readMiniBlock(reader: ByteReader, target: Float64Array): void {
  const head = reader.u8();
  const field = head & 0x3f;
  const hasWides = field >= WIDE_FIELD;
  const width = hasWides ? field - WIDE_FIELD : field;
  const isZigzag = (head & FLAG_ZIGZAG) !== 0;
  if (hasWides && !isZigzag) throw new RangeError(`no head of a mini-block: ${head}`);
  const min = isZigzag ? 0 : readSigned(reader);
  const patches: [number, number][] = [];
  const patchCount = (head & FLAG_PATCHES) === 0 ? 0 : reader.u8();
  for (let n = 0; n < patchCount; n += 1) {
    const patch: [number, number] = [checkedIndex(reader, target), reader.varint()];
    if (width === 32 || patch[1] >= 2 ** (32 - width)) throw new RangeError("a patch over 32 bits");
    patches.push(patch);
  }
  const wides: [number, number][] = [];
  const wideCount = hasWides ? reader.u8() : 0;
  for (let n = 0; n < wideCount; n += 1) {
    wides.push([checkedIndex(reader, target), readSigned(reader)]);
  }
  const bytes = reader.raw(packedSize(target.length, width));
  const words = new Uint32Array(bytes.slice().buffer);
  const packed = new Uint32Array(target.length);
  const packedCount = width > 0 ? packed.length : 0;
  const mask = 2 ** width - 1;
  for (let i = 0; i < packedCount; i += 1) {
    const bit = (i >> 2) * width;
    const at = (bit >> 5) * 4 + (i & 3);
    let low = (words[at] as number) >>> (bit & 31);
    if ((bit & 31) + width > 32) low |= (words[at + 4] as number) << (32 - (bit & 31));
    packed[i] = low & mask;
  }
  for (const [i, high] of patches) packed[i] = (packed[i] as number) | (high << width);
  for (let i = 0; i < target.length; i += 1) {
    const value = packed[i] as number;
    if (isZigzag) target[i] = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    else target[i] = min + value;
  }
  for (const [i, wide] of wides) target[i] = wide;
}

function checkedIndex(reader: ByteReader, target: Float64Array): number {
  const index = reader.u8();
  if (index >= target.length) throw new RangeError(`place ${index} of ${target.length}`);
  return index;
}

/**
 * Walking a series key without making text of it (docs/formats/identity.md): tenant (8 bytes), then per
 * label a pair: varint size, name, varint size, value.
 */
import { ByteReader, ByteWriter } from "@tideline/common";

export const TENANT_SIZE = 8;

/** A series frame holds a whole key, and must fit a ring; a posting key tells the size of a name in 16 bits. */
const KEY_SIZE_MAX = 1024 * 1024;
const NAME_SIZE_MAX = 0xffff;

/**
 * Checks the shape of a key and finds where each label ends.
 *
 * @param ends is overwritten
 * @returns false for bytes that are no canonical key: sizes that lie, no labels, names out of order,
 * an empty name or value, or more than can be kept. That text is UTF-8 is not looked at.
 */
export function parseKey(key: Uint8Array, ends: number[]): boolean {
  ends.length = 0;
  if (key.length > KEY_SIZE_MAX) return false;
  let at = TENANT_SIZE;
  let previousStart = 0;
  let previousEnd = 0;
  while (at < key.length) {
    const nameSize = sizeAt(key, at);
    const nameStart = at + prefixSize(nameSize);
    const nameEnd = nameStart + nameSize;
    if (nameSize === 0 || nameSize > NAME_SIZE_MAX || nameEnd >= key.length) return false;
    const valueSize = sizeAt(key, nameEnd);
    at = nameEnd + prefixSize(valueSize) + valueSize;
    if (valueSize === 0 || at > key.length) return false;
    if (ends.length > 0 && !ascends(key, previousStart, previousEnd, nameStart, nameEnd))
      return false;
    previousStart = nameStart;
    previousEnd = nameEnd;
    ends.push(at);
  }
  return ends.length > 0;
}

/**
 * Where the label that lies at `at` ends.
 *
 * @returns 0 when no label lies there: sizes that lie, an empty name or value, or a name that cannot be kept
 */
export function labelEnd(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) return 0;
  const nameSize = sizeAt(bytes, at);
  const nameEnd = at + prefixSize(nameSize) + nameSize;
  if (nameSize === 0 || nameSize > NAME_SIZE_MAX || nameEnd >= bytes.length) return 0;
  const valueSize = sizeAt(bytes, nameEnd);
  const end = nameEnd + prefixSize(valueSize) + valueSize;
  return valueSize === 0 || end > bytes.length ? 0 : end;
}

/** A minimal varint of up to three bytes; anything else gives a size that fails the caller's checks. */
function sizeAt(key: Uint8Array, at: number): number {
  const a = key[at] as number;
  if (a < 0x80) return a;
  const b = key[at + 1] ?? 0;
  if (b < 0x80) return b === 0 ? 0 : (a & 0x7f) | (b << 7);
  const c = key[at + 2] ?? 0;
  return c === 0 || c >= 0x80 ? 0 : (a & 0x7f) | ((b & 0x7f) << 7) | (c << 14);
}

function prefixSize(size: number): number {
  if (size < 0x80) return 1;
  return size < 0x4000 ? 2 : 3;
}

function ascends(key: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  const size = Math.min(aEnd - a, bEnd - b);
  for (let i = 0; i < size; i += 1) {
    const difference = (key[b + i] as number) - (key[a + i] as number);
    if (difference !== 0) return difference > 0;
  }
  return bEnd - b > aEnd - a;
}

/** A label as it lies in a key. */
export function pairBytes(name: string, value: string): Uint8Array {
  const writer = new ByteWriter(name.length + value.length + 8);
  writer.text(name);
  writer.text(value);
  return writer.bytes();
}

export function pairName(pair: Uint8Array): string {
  return textOf(new ByteReader(pair).sized());
}

/** Where in a pair the name ends, and the size of the value begins. */
export function pairNameEnd(name: string): number {
  const size = Buffer.byteLength(name);
  return prefixSize(size) + size;
}

export function pairValue(pair: Uint8Array): string {
  const reader = new ByteReader(pair);
  reader.sized();
  return textOf(reader.sized());
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}

// Reading of protobuf and of labels and samples as remote write has them.

import { GROUP_DEPTH_MAX, ROW_TIMES, ROW_VALUES, cursor, rowCount, sampleTime, sampleValue } from "./memory.part.as";

// @ts-ignore: decorators are AssemblyScript's
@inline function compact(x: u64): u64 {
  x = (x & 0x007f007f007f007f) | ((x & 0x7f007f007f007f00) >> 1);
  x = (x & 0x00003fff00003fff) | ((x & 0x3fff00003fff0000) >> 2);
  return (x & 0x000000000fffffff) | ((x & 0x0fffffff00000000) >> 4);
}

/** A varint of nine or ten bytes: the first eight all have their continuation bit. */
function readLongVarint(at: usize, end: usize, first: u64): u64 {
  cursor = 0;
  if (end - at < 9) return 0;
  const ninth = <u64>load<u8>(at, 8);
  let value = compact(first) | ((ninth & 0x7f) << 56);
  if (ninth < 0x80) {
    cursor = at + 9;
    return value;
  }
  if (end - at < 10) return 0;
  const tenth = <u64>load<u8>(at, 9);
  // Only one of 64 bits is left.
  if (tenth > 1) return 0;
  cursor = at + 10;
  return value | (tenth << 63);
}

// @ts-ignore
@inline function readVarint(at: usize, end: usize): u64 {
  const bytes = load<u64>(at);
  const stops = ~bytes & 0x8080808080808080;
  if (stops == 0) return readLongVarint(at, end, bytes);
  const bitCount = ctz<u64>(stops) + 1;
  const next = at + (<usize>bitCount >> 3);
  cursor = next <= end ? next : 0;
  return compact(bytes & (<u64>0xffffffffffffffff >> (64 - bitCount)));
}

/** The size of a length-delimited field that fits before `end`. */
export function readLength(at: usize, end: usize): u32 {
  if (at >= end) {
    cursor = 0;
    return 0;
  }
  const byte = <u32>load<u8>(at);
  if (byte < 0x80) {
    cursor = byte <= <u32>(end - at - 1) ? at + 1 : 0;
    return byte;
  }
  const value = readVarint(at, end);
  if (cursor != 0 && value > <u64>(end - cursor)) cursor = 0;
  return <u32>value;
}

export function readTag(at: usize, end: usize): u32 {
  const tag = readVarint(at, end);
  if (tag > 0xffffffff || tag < 8) cursor = 0;
  return <u32>tag;
}

/** Skips the value of an unknown field. @returns what is behind it, or 0 */
export function skip(at: usize, end: usize, tag: u32, depth: u32): usize {
  const wire = tag & 7;
  if (wire == 0) {
    readVarint(at, end);
    return cursor;
  }
  if (wire == 1) return end - at >= 8 ? at + 8 : 0;
  if (wire == 5) return end - at >= 4 ? at + 4 : 0;
  if (wire == 2) {
    const size = readLength(at, end);
    return cursor == 0 ? 0 : cursor + size;
  }
  if (wire != 3 || depth == GROUP_DEPTH_MAX) return 0;
  while (at < end) {
    const inner = readTag(at, end);
    if (cursor == 0) return 0;
    at = cursor;
    if ((inner & 7) == 4) return inner >> 3 == tag >> 3 ? at : 0;
    at = skip(at, end, inner, depth + 1);
    if (at == 0) return 0;
  }
  return 0;
}

/** Whether the bytes are label records, each with a well-formed Label inside. */
export function areLabels(at: usize, end: usize): bool {
  while (at < end) {
    readTag(at, end); // 0x0a: whoever calls has seen to it
    const size = readLength(cursor, end);
    if (cursor == 0) return false;
    at = cursor;
    const labelEnd = at + size;
    while (at < labelEnd) {
      const tag = readTag(at, labelEnd);
      if (cursor == 0) return false;
      at = cursor;
      const field = tag >> 3;
      if (field <= 2 && (tag & 7) != 2) return false;
      at = skip(at, labelEnd, tag, 0);
      if (at == 0) return false;
    }
  }
  return true;
}

/**
 * Takes the next row from a field 2 as senders write it: 12 <size> 09 <value> 10 <time>, the time positive and of at
 * most seven bytes. @returns what is behind it; 0: it is spelled in another way, and nothing is taken
 */
// @ts-ignore
@inline export function takeUsualSample(at: usize, end: usize): usize {
  const size = <usize>load<u8>(at, 1);
  const sampleEnd = at + 2 + size;
  if (size - 11 > 6 || sampleEnd > end || load<u8>(at, 2) != 0x09 || load<u8>(at, 11) != 0x10) return 0;
  const bytes = load<u64>(at, 12);
  const stops = ~bytes & 0x8080808080808080;
  const bitCount = ctz<u64>(stops) + 1;
  if (stops == 0 || at + 12 + (<usize>bitCount >> 3) != sampleEnd) return 0;
  const row = <usize>rowCount << 3;
  store<f64>(ROW_TIMES + row, <f64>compact(bytes & (<u64>0xffffffffffffffff >> (64 - bitCount))));
  store<u64>(ROW_VALUES + row, load<u64>(at, 3));
  rowCount += 1;
  return sampleEnd;
}

/** Reads a Sample to sampleTime and sampleValue. */
export function readSample(at: usize, end: usize): bool {
  if (end - at >= 11 && load<u8>(at) == 0x09 && load<u8>(at, 9) == 0x10) {
    sampleValue = load<u64>(at, 1);
    sampleTime = <i64>readVarint(at + 10, end);
    if (cursor == end) return true;
  }
  sampleValue = 0;
  sampleTime = 0;
  while (at < end) {
    const tag = readTag(at, end);
    if (cursor == 0) return false;
    at = cursor;
    if (tag == 0x09) {
      if (end - at < 8) return false;
      sampleValue = load<u64>(at);
      at += 8;
    } else if (tag == 0x10) {
      if (at >= end) return false;
      sampleTime = <i64>readVarint(at, end);
      if (cursor == 0) return false;
      at = cursor;
    } else {
      if (tag >> 3 <= 2) return false;
      at = skip(at, end, tag, 0);
      if (at == 0) return false;
    }
  }
  return true;
}

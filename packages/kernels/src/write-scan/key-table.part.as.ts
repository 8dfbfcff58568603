// The table of keys and labels that the write scan knows.

import {
  ARENA,
  FACTS,
  GATHER,
  HEADER_SIZE,
  LABEL_HEADER_SIZE,
  LABEL_SLOTS,
  MASKS,
  NEXT,
  NOISE,
  NOISE_SIZE,
  NONE,
  REF,
  SLOTS,
  TENANT,
  account,
  cursor,
  firstLabelSlot,
  firstSlot,
  gatherOver,
  gatherSize,
  keyCount,
  keyCountMax,
  keySizeMax,
  keysEnd,
  labelCount,
  labelCountMax,
  labelSlotCount,
  labelsStart,
  place,
  project,
  slotCount,
  slotKeyCountMax,
  slotLabelCountMax,
  slotsFull,
  tenant,
} from "./memory.part.as";
import { areLabels, readLength, readTag } from "./protobuf.part.as";

/** Whether `size` bytes, at most 32, are equal; without a branch on the size. */
// @ts-ignore
@inline function equalShort(a: usize, b: usize, size: u32): bool {
  const mask = MASKS + 32 - size;
  const low = v128.and(v128.xor(v128.load(a), v128.load(b)), v128.load(mask));
  const high = v128.and(v128.xor(v128.load(a, 16), v128.load(b, 16)), v128.load(mask, 16));
  return !v128.any_true(v128.or(low, high));
}

// @ts-ignore
@inline function equal(a: usize, b: usize, size: u32): bool {
  while (size > 32) {
    const low = v128.xor(v128.load(a), v128.load(b));
    const high = v128.xor(v128.load(a, 16), v128.load(b, 16));
    if (v128.any_true(v128.or(low, high))) return false;
    a += 32;
    b += 32;
    size -= 32;
  }
  return equalShort(a, b, size);
}

/**
 * Hash of tenant and label records under the table's noise: NH (the universal hash of UMAC) over pieces
 * of NOISE_SIZE bytes, chained. Whoever does not know the noise cannot make keys collide on purpose.
 */
export function hashOf(at: usize, size: u32, accountId: u32, projectId: u32): u32 {
  let hash = <u64>(accountId + load<u32>(NOISE, 1024)) * <u64>(projectId + load<u32>(NOISE, 1028));
  const odd = load<u64>(NOISE, 1032) | 1;
  hash += <u64>size;
  let rest = size;
  do {
    const pieceSize = min<u32>(rest, NOISE_SIZE);
    let a = i64x2.splat(0);
    let b = i64x2.splat(0);
    let noise = NOISE;
    let left = pieceSize;
    while (left >= 32) {
      const x = i32x4.add(v128.load(at), v128.load(noise));
      const y = i32x4.add(v128.load(at, 16), v128.load(noise, 16));
      a = i64x2.add(a, i64x2.extmul_low_i32x4_u(x, y));
      b = i64x2.add(b, i64x2.extmul_high_i32x4_u(x, y));
      at += 32;
      noise += 32;
      left -= 32;
    }
    if (left > 0) {
      // mask(left) reaches over both halves: bytes from `left` on read as zero.
      const x = i32x4.add(v128.and(v128.load(at), v128.load(MASKS + 32 - left)), v128.load(noise));
      const y = i32x4.add(v128.and(v128.load(at, 16), v128.load(MASKS + 48 - left)), v128.load(noise, 16));
      a = i64x2.add(a, i64x2.extmul_low_i32x4_u(x, y));
      b = i64x2.add(b, i64x2.extmul_high_i32x4_u(x, y));
      at += left;
    }
    a = i64x2.add(a, b);
    hash = (hash + <u64>i64x2.extract_lane(a, 0) + <u64>i64x2.extract_lane(a, 1)) * odd;
    hash ^= hash >> 32;
    rest -= pieceSize;
  } while (rest > 0);
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53;
  return <u32>(hash >> 32);
}

/** The slot of a label, or the free one where it belongs. */
export function labelSlotOf(hash: u32, at: usize, size: u32): usize {
  let slot = firstLabelSlot(hash);
  while (true) {
    const place = LABEL_SLOTS + (<usize>slot << 3);
    const entry = load<u64>(place);
    if (entry == 0) return place;
    if (<u32>(entry >> 32) == hash) {
      const label = ARENA + (<u32>entry - 1);
      if (load<u32>(label) == size && equal(label + LABEL_HEADER_SIZE, at, size)) return place;
    }
    slot = slot + 1 == labelSlotCount ? 0 : slot + 1;
  }
}

/** The label of these bytes; a new one if it leaves the arena free below `floor`. NONE: there is no room. */
function labelOf(at: usize, size: u32, floor: u32): u32 {
  const hash = hashOf(at, size, 0, 0);
  const slot = labelSlotOf(hash, at, size);
  const entry = load<u64>(slot);
  if (entry != 0) return <u32>entry - 1;
  const labelSize = LABEL_HEADER_SIZE + ((size + 3) & ~3);
  if (labelCount == labelCountMax || labelSize > labelsStart - floor) return NONE;
  if (labelCount == slotLabelCountMax) {
    slotsFull = true;
    return NONE;
  }
  labelCount += 1;
  labelsStart -= labelSize;
  store<u32>(ARENA + labelsStart, size);
  memory.copy(ARENA + labelsStart + LABEL_HEADER_SIZE, at, size);
  store<u64>(slot, (<u64>hash << 32) | <u64>(labelsStart + 1));
  return labelsStart;
}

/** The eight bytes of the running scan's tenant. */
// @ts-ignore
@inline export function tenantBytes(): usize {
  return FACTS + 48;
}

/** How many bytes from `at` on are the labels of a key, one after the other; NONE: others stand there. */
// @ts-ignore
@inline export function matchKey(record: usize, at: usize, end: usize): u32 {
  // Globals are read anew wherever memory may have changed: locals are not.
  const arena = ARENA;
  const masks = MASKS + 32;
  const start = at;
  let label = record + HEADER_SIZE;
  const labelsEnd = label + (<usize>load<u32>(record) << 2);
  while (label < labelsEnd) {
    const known = arena + load<u32>(label);
    const size = load<u32>(known);
    if (size > <u32>(end - at)) return NONE;
    if (size > 32) {
      if (!equal(known + LABEL_HEADER_SIZE, at, size)) return NONE;
    } else {
      const low = v128.and(v128.xor(v128.load(known, LABEL_HEADER_SIZE), v128.load(at)), v128.load(masks - size));
      const high = v128.and(v128.xor(v128.load(known, LABEL_HEADER_SIZE + 16), v128.load(at, 16)), v128.load(masks - size, 16));
      if (v128.any_true(v128.or(low, high))) return NONE;
    }
    at += size;
    label += 4;
  }
  return <u32>(at - start);
}

/** The key of these records; a new one if they are well-formed and there is room. NONE with `cursor` 0: they are broken. */
export function keyOf(at: usize, size: u32, checked: bool): u32 {
  const hash = hashOf(at, size, account, project);
  let slot = firstSlot(hash);
  while (true) {
    const entry = load<u64>(SLOTS + (<usize>slot << 3));
    if (entry == 0) break;
    if (<u32>(entry >> 32) == hash) {
      const key = <u32>entry - 1;
      const record = ARENA + key;
      if (load<u32>(record, TENANT) == tenant && matchKey(record, at, at + size) == size) return key;
    }
    slot = slot + 1 == slotCount ? 0 : slot + 1;
  }
  if (!checked && !areLabels(at, at + size)) {
    cursor = 0;
    return NONE;
  }
  const key = addKey(at, size);
  if (key != NONE) store<u64>(SLOTS + (<usize>slot << 3), (<u64>hash << 32) | <u64>(key + 1));
  cursor = at;
  return key;
}

/** A new key of well-formed records, in no slot yet. NONE: there is no room; its labels may have been added. */
function addKey(at: usize, size: u32): u32 {
  if (keyCount == keyCountMax) return NONE;
  if (keyCount == slotKeyCountMax) {
    slotsFull = true;
    return NONE;
  }
  let recordEnd = keysEnd + HEADER_SIZE;
  if (recordEnd > labelsStart) return NONE;
  if (tenant == NONE) {
    tenant = labelOf(tenantBytes(), 8, recordEnd);
    if (tenant == NONE) return NONE;
  }
  const end = at + size;
  while (at < end) {
    const start = at;
    readTag(at, end);
    const labelSize = readLength(cursor, end);
    at = cursor + labelSize;
    const place = recordEnd;
    recordEnd += 4;
    if (recordEnd > labelsStart) return NONE;
    const label = labelOf(start, <u32>(at - start), recordEnd);
    if (label == NONE) return NONE;
    store<u32>(ARENA + place, label);
  }
  const key = keysEnd;
  const record = ARENA + key;
  store<u32>(record, (recordEnd - key - HEADER_SIZE) >> 2);
  store<u32>(record, tenant, TENANT);
  store<u32>(record, NONE, REF);
  store<u32>(record, NONE, NEXT);
  keysEnd = recordEnd;
  keyCount += 1;
  return key;
}

/** Puts the records of a key together at GATHER. @returns their size */
export function gatherKey(key: u32): u32 {
  let label = ARENA + key + HEADER_SIZE;
  const labelsEnd = label + (<usize>load<u32>(ARENA + key) << 2);
  let at = GATHER;
  for (; label < labelsEnd; label += 4) {
    const known = ARENA + load<u32>(label);
    const size = load<u32>(known);
    memory.copy(at, known + LABEL_HEADER_SIZE, size);
    at += size;
  }
  return <u32>(at - GATHER);
}

/**
 * Takes back the keys of the running scan, from `firstKey` on, and its labels, before `labelsEnd`. They were the last
 * to come: so nothing that stays was put aside for them.
 */
export function rollBack(firstKey: u32, labelsEnd: u32): void {
  for (let key = firstKey; key < keysEnd;) {
    const hash = hashOf(GATHER, gatherKey(key), account, project);
    let slot = firstSlot(hash);
    while (<u32>load<u64>(SLOTS + (<usize>slot << 3)) != key + 1) {
      slot = slot + 1 == slotCount ? 0 : slot + 1;
    }
    store<u64>(SLOTS + (<usize>slot << 3), 0);
    keyCount -= 1;
    key += HEADER_SIZE + (load<u32>(ARENA + key) << 2);
  }
  keysEnd = firstKey;
  while (labelsStart < labelsEnd) {
    const label = ARENA + labelsStart;
    const size = load<u32>(label);
    const at = label + LABEL_HEADER_SIZE;
    store<u64>(labelSlotOf(hashOf(at, size, 0, 0), at, size), 0);
    labelCount -= 1;
    labelsStart += LABEL_HEADER_SIZE + ((size + 3) & ~3);
  }
}

export function gather(at: usize, size: u32): bool {
  if (!areLabels(at, at + size)) return false;
  if (gatherOver || size > keySizeMax - gatherSize) {
    gatherOver = true;
  } else {
    memory.copy(GATHER + gatherSize, at, size);
    gatherSize += size;
  }
  return true;
}

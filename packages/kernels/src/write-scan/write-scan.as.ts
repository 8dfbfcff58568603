// Scan of a remote-write body. What it does: scanner.ts; its definition: plain.ts.
//
// Reads never leave [at, end) in effect: vector and eight-byte loads may touch the slack behind a region,
// and what they bring from there is masked or refused before it counts.

const BROKEN: i32 = -1;
const ROWS_FULL: i32 = -2;
const TABLE_FULL: i32 = -3;
/** More slots are needed; not seen outside of wasm.ts. */
const SLOTS_FULL: i32 = -4;

const GROUP_DEPTH_MAX: u32 = 64;

// The arena has two ends. A label (a record of one, byte for byte) lies there once, however many series have it:
// labels grow from its end downwards, each a size and its bytes, and stand for a place in the arena. Keys grow from
// its start: how many labels, the tenant (eight bytes that are kept as a label is), ref, the key that followed
// last time (or NONE), and the labels. A series of eleven labels takes 60 bytes in place of 230, and is compared as fast.
const TENANT: usize = 4;
const REF: usize = 8;
const NEXT: usize = 12;
const HEADER_SIZE: u32 = 16;
const LABEL_HEADER_SIZE: u32 = 4;

/** No key, and also the key of rows whose labels are too large to keep. */
const NONE: u32 = 0xffffffff;
const REF_BAD_FIRST: u32 = 0xffffff00;
const REASON_KEY_TOO_LARGE: u32 = 253;
const REASON_SMALL_TIMESTAMP: u32 = 254;
const REASON_BIG_TIMESTAMP: u32 = 255;
const SAFE_MAX: i64 = 9007199254740991;

/** Random bytes that the hash draws on, and how many of them are used in a round. */
const NOISE_SIZE: u32 = 1024;

// Regions, set by init.
let NOISE: usize = 0;      // NOISE_SIZE + 64 random bytes
let MASKS: usize = 0;      // 32 bytes 0xff, then 32 bytes 0
let SLOTS: usize = 0;      // u64 per slot: hash << 32 | key + 1; 0 = free
let LABEL_SLOTS: usize = 0; // the same for labels
let ARENA: usize = 0;      // keys and labels
let GATHER: usize = 0;     // label records that do not lie together
let ROW_KEYS: usize = 0;   // u32 per row: key; after resolve: ref
let ROW_TIMES: usize = 0;  // f64 per row
let ROW_VALUES: usize = 0; // u64 per row
let METADATA: usize = 0;   // u32 pairs
let FACTS: usize = 0;      // u32: see the end of scan
let IGNORED: usize = 0;    // u32 per reason
let slotCount: u32 = 0;
/** Keys that the slots in use are meant for. */
let slotKeyCountMax: u32 = 0;
let labelSlotCount: u32 = 0;
let slotLabelCountMax: u32 = 0;
let slotsFull: bool = false;
let keyCountMax: u32 = 0;
let labelCountMax: u32 = 0;
let arenaSizeMax: u32 = 0;
let keySizeMax: u32 = 0;
let rowCountMax: u32 = 0;
let metadataCountMax: u32 = 0;

// The table.
let keyCount: u32 = 0;
let labelCount: u32 = 0;
/** Where the next key goes, and where the last label starts. */
let keysEnd: u32 = 0;
let labelsStart: u32 = 0;

// The running scan.
let account: u32 = 0;
let project: u32 = 0;
/** Both as a label; NONE while no key has it. */
let tenant: u32 = NONE;
let previous: u32 = NONE;
let rowCount: u32 = 0;
let seriesCount: u32 = 0;
let metadataCount: u32 = 0;
let exemplarCount: u32 = 0;
let histogramCount: u32 = 0;
let predictedCount: u32 = 0;
let gatherSize: u32 = 0;
let gatherOver: bool = false;
let sampleTime: i64 = 0;
let sampleValue: u64 = 0;
/** Behind what was read last; 0 = it could not be read. */
let cursor: usize = 0;

export function initRegions(
  noise: usize, masks: usize, slots: usize, labelSlots: usize, arena: usize, gather: usize, rowKeys: usize, rowTimes: usize, rowValues: usize, metadata: usize, facts: usize, ignored: usize,
): void {
  NOISE = noise; MASKS = masks; SLOTS = slots; LABEL_SLOTS = labelSlots; ARENA = arena; GATHER = gather; ROW_KEYS = rowKeys; ROW_TIMES = rowTimes; ROW_VALUES = rowValues; METADATA = metadata;
  FACTS = facts; IGNORED = ignored;
}

export function initLimits(keys: u32, labels: u32, arena: u32, keySize: u32, rows: u32, metadata: u32): void {
  keyCountMax = keys; labelCountMax = labels; arenaSizeMax = arena & ~3; keySizeMax = keySize; rowCountMax = rows;
  metadataCountMax = metadata;
  labelsStart = arenaSizeMax;
}

/** Sets how many slots are used; all of them must be free, and `place` puts the keys back. */
export function setSlots(slots: u32, keys: u32): void {
  slotCount = slots;
  slotKeyCountMax = keys;
}

/** The same for the slots of labels. */
export function setLabelSlots(slots: u32, labels: u32): void {
  labelSlotCount = slots;
  slotLabelCountMax = labels;
}

/** Puts a key into the first free slot for its hash. */
export function place(hash: u32, key: u32): void {
  let slot = firstSlot(hash);
  while (load<u64>(SLOTS + (<usize>slot << 3)) != 0) slot = slot + 1 == slotCount ? 0 : slot + 1;
  store<u64>(SLOTS + (<usize>slot << 3), (<u64>hash << 32) | <u64>(key + 1));
}

/** Puts a label into the first free slot for its hash. */
export function placeLabel(hash: u32, label: u32): void {
  let slot = firstLabelSlot(hash);
  while (load<u64>(LABEL_SLOTS + (<usize>slot << 3)) != 0) slot = slot + 1 == labelSlotCount ? 0 : slot + 1;
  store<u64>(LABEL_SLOTS + (<usize>slot << 3), (<u64>hash << 32) | <u64>(label + 1));
}

export function reset(): void {
  memory.fill(SLOTS, 0, <usize>slotCount << 3);
  memory.fill(LABEL_SLOTS, 0, <usize>labelSlotCount << 3);
  keyCount = 0;
  labelCount = 0;
  keysEnd = 0;
  labelsStart = arenaSizeMax;
  storeTableFacts();
}

function storeTableFacts(): void {
  store<u32>(FACTS, keyCount);
  store<u32>(FACTS, keysEnd, 4);
  store<u32>(FACTS, arenaSizeMax - labelsStart, 32);
}

// ---- protobuf ----

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
function readLength(at: usize, end: usize): u32 {
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

function readTag(at: usize, end: usize): u32 {
  const tag = readVarint(at, end);
  if (tag > 0xffffffff || tag < 8) cursor = 0;
  return <u32>tag;
}

/** Skips the value of an unknown field. @returns what is behind it, or 0 */
function skip(at: usize, end: usize, tag: u32, depth: u32): usize {
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
function areLabels(at: usize, end: usize): bool {
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
@inline function takeUsualSample(at: usize, end: usize): usize {
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
function readSample(at: usize, end: usize): bool {
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

// ---- the key table ----

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
function hashOf(at: usize, size: u32, accountId: u32, projectId: u32): u32 {
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

/** The slot where a probe for `hash` starts. */
// @ts-ignore
@inline function firstSlot(hash: u32): u32 {
  return <u32>((<u64>hash * <u64>slotCount) >> 32);
}

// @ts-ignore
@inline function firstLabelSlot(hash: u32): u32 {
  return <u32>((<u64>hash * <u64>labelSlotCount) >> 32);
}

/** The slot of a label, or the free one where it belongs. */
function labelSlotOf(hash: u32, at: usize, size: u32): usize {
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
@inline function tenantBytes(): usize {
  return FACTS + 48;
}

/** How many bytes from `at` on are the labels of a key, one after the other; NONE: others stand there. */
// @ts-ignore
@inline function matchKey(record: usize, at: usize, end: usize): u32 {
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
function keyOf(at: usize, size: u32, checked: bool): u32 {
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
function rollBack(firstKey: u32, labelsEnd: u32): void {
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

// ---- the scan ----

function gather(at: usize, size: u32): bool {
  if (!areLabels(at, at + size)) return false;
  if (gatherOver || size > keySizeMax - gatherSize) {
    gatherOver = true;
  } else {
    memory.copy(GATHER + gatherSize, at, size);
    gatherSize += size;
  }
  return true;
}

function scanSeries(start: usize, end: usize): i32 {
  let at = start;
  const firstRow = rowCount;
  let key: u32 = NONE;
  // Senders repeat the order of their series: after key X came Y last time, so compare with Y before
  // anything is looked at. The comparison is exact, so a wrong guess costs time and nothing else.
  if (previous != NONE) {
    const candidate = load<u32>(ARENA + previous, NEXT);
    if (candidate != NONE) {
      const record = ARENA + candidate;
      if (load<u32>(record, TENANT) == tenant) {
        const size = matchKey(record, at, end);
        if (size != NONE && size < <u32>(end - at) && load<u8>(at + size) == 0x12) {
          key = candidate;
          at += size;
        }
      }
    }
  }
  const predicted = key != NONE;
  if (!predicted) {
    while (at < end && load<u8>(at) == 0x0a) {
      const size = readLength(at + 1, end);
      if (cursor == 0) return BROKEN;
      at = cursor + size;
    }
  }
  const runEnd = at;
  let gathered = false;
  while (at < end) {
    const fieldStart = at;
    if (load<u8>(at) == 0x12) {
      if (rowCount < rowCountMax) {
        const usualEnd = takeUsualSample(at, end);
        if (usualEnd != 0) {
          at = usualEnd;
          continue;
        }
      }
      at += 1;
    } else {
      const tag = readTag(at, end);
      if (cursor == 0) return BROKEN;
      at = cursor;
      if (tag != 0x12) {
        const field = tag >> 3;
        if (field > 4) {
          at = skip(at, end, tag, 0);
          if (at == 0) return BROKEN;
          continue;
        }
        if ((tag & 7) != 2) return BROKEN;
        const size = readLength(at, end);
        if (cursor == 0) return BROKEN;
        at = cursor + size;
        if (field == 3) {
          exemplarCount += 1;
        } else if (field == 4) {
          histogramCount += 1;
        } else {
          // A label apart from the others: put them together.
          if (!gathered) {
            gathered = true;
            gatherSize = 0;
            gatherOver = false;
            if (!gather(start, <u32>(runEnd - start))) return BROKEN;
          }
          if (!gather(fieldStart, <u32>(at - fieldStart))) return BROKEN;
        }
        continue;
      }
    }
    const size = readLength(at, end);
    if (cursor == 0) return BROKEN;
    at = cursor + size;
    if (!readSample(at - size, at)) return BROKEN;
    if (rowCount == rowCountMax) {
      // Whoever sends broken labels hears of that first.
      return gathered || predicted || areLabels(start, runEnd) ? ROWS_FULL : BROKEN;
    }
    let time: f64;
    if (sampleTime > SAFE_MAX) time = f64.POSITIVE_INFINITY;
    else if (sampleTime < -SAFE_MAX) time = f64.NEGATIVE_INFINITY;
    else time = <f64>sampleTime;
    store<f64>(ROW_TIMES + (<usize>rowCount << 3), time);
    store<u64>(ROW_VALUES + (<usize>rowCount << 3), sampleValue);
    rowCount += 1;
  }
  seriesCount += 1;
  const runSize = <u32>(runEnd - start);
  if (rowCount == firstRow) {
    return gathered || predicted || areLabels(start, runEnd) ? 0 : BROKEN;
  }
  if (gathered) {
    key = gatherOver ? NONE : keyOf(GATHER, gatherSize, true);
    if (key == NONE && !gatherOver) return TABLE_FULL;
  } else if (predicted) {
    predictedCount += 1;
  } else if (runSize > keySizeMax) {
    if (!areLabels(start, runEnd)) return BROKEN;
  } else {
    key = keyOf(start, runSize, false);
    if (key == NONE) return cursor == 0 ? BROKEN : TABLE_FULL;
  }
  if (key != NONE) previous = key;
  for (let row = firstRow; row < rowCount; row++) store<u32>(ROW_KEYS + (<usize>row << 2), key);
  return 0;
}

function scanFields(start: usize, end: usize): i32 {
  let at = start;
  while (at < end) {
    store<u32>(FACTS, <u32>(at - start), 24);
    let tag: u32 = <u32>load<u8>(at);
    if (tag == 0x0a) {
      at += 1;
    } else {
      tag = readTag(at, end);
      if (cursor == 0) return BROKEN;
      at = cursor;
      const field = tag >> 3;
      if (field != 1 && field != 3) {
        at = skip(at, end, tag, 0);
        if (at == 0) return BROKEN;
        continue;
      }
      if ((tag & 7) != 2) return BROKEN;
    }
    const size = readLength(at, end);
    if (cursor == 0) return BROKEN;
    at = cursor + size;
    if (tag == 0x0a) {
      const code = scanSeries(cursor, at);
      if (code < 0) return code;
      continue;
    }
    if (metadataCount < metadataCountMax) {
      const range = METADATA + (<usize>metadataCount << 3);
      store<u32>(range, <u32>(at - size - start));
      store<u32>(range, size, 4);
    }
    metadataCount += 1;
  }
  return 0;
}

export function scan(at: usize, size: u32, accountId: u32, projectId: u32): i32 {
  account = accountId; project = projectId;
  previous = NONE;
  rowCount = 0; seriesCount = 0; metadataCount = 0; exemplarCount = 0; histogramCount = 0; predictedCount = 0;
  const keysEndBefore = keysEnd;
  const labelsStartBefore = labelsStart;
  store<u32>(tenantBytes(), account);
  store<u32>(tenantBytes(), project, 4);
  const known = load<u64>(labelSlotOf(hashOf(tenantBytes(), 8, 0, 0), tenantBytes(), 8));
  tenant = known == 0 ? NONE : <u32>known - 1;
  slotsFull = false;
  let code = scanFields(at, at + size);
  if (slotsFull) {
    code = SLOTS_FULL;
    store<u32>(FACTS, keyCount, 36);
    store<u32>(FACTS, labelCount, 40);
  }
  if (code < 0) {
    rollBack(keysEndBefore, labelsStartBefore);
    rowCount = 0;
  }
  storeTableFacts();
  store<u32>(FACTS, seriesCount, 8);
  store<u32>(FACTS, metadataCount, 12);
  store<u32>(FACTS, exemplarCount, 16);
  store<u32>(FACTS, histogramCount, 20);
  // 24: where the last field of the body starts
  store<u32>(FACTS, predictedCount, 28);
  return code < 0 ? code : <i32>rowCount;
}

export function resolve(): u32 {
  memory.fill(IGNORED, 0, 1024);
  let kept: u32 = 0;
  let last: u32 = NONE;
  for (let row: u32 = 0; row < rowCount; row++) {
    const key = load<u32>(ROW_KEYS + (<usize>row << 2));
    let ref: u32 = REF_BAD_FIRST + REASON_KEY_TOO_LARGE;
    if (key != NONE) {
      ref = load<u32>(ARENA + key, REF);
      // Remembered here and not in the scan, so that no key ever points to one that was taken back.
      if (last != NONE && last != key) store<u32>(ARENA + last, key, NEXT);
      last = key;
    }
    const time = load<f64>(ROW_TIMES + (<usize>row << 3));
    let reason: u32;
    if (ref >= REF_BAD_FIRST) {
      reason = ref - REF_BAD_FIRST;
    } else if (time == f64.POSITIVE_INFINITY) {
      reason = REASON_BIG_TIMESTAMP;
    } else if (time == f64.NEGATIVE_INFINITY) {
      reason = REASON_SMALL_TIMESTAMP;
    } else {
      store<u32>(ROW_KEYS + (<usize>kept << 2), ref);
      store<f64>(ROW_TIMES + (<usize>kept << 3), time);
      store<u64>(ROW_VALUES + (<usize>kept << 3), load<u64>(ROW_VALUES + (<usize>row << 3)));
      kept += 1;
      continue;
    }
    const counter = IGNORED + (<usize>reason << 2);
    store<u32>(counter, load<u32>(counter) + 1);
  }
  rowCount = 0;
  return kept;
}

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

// A key is where its record starts in the arena: size, account, project, ref, the key that followed it
// last time (or NONE), and the label records. So whoever finds a key has all of it in one place.
const ACCOUNT: usize = 4;
const PROJECT: usize = 8;
const REF: usize = 12;
const NEXT: usize = 16;
const HEADER_SIZE: u32 = 20;

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
let ARENA: usize = 0;      // records
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
let slotsFull: bool = false;
let keyCountMax: u32 = 0;
let arenaSizeMax: u32 = 0;
let keySizeMax: u32 = 0;
let rowCountMax: u32 = 0;
let metadataCountMax: u32 = 0;

// The table.
let keyCount: u32 = 0;
let arenaSize: u32 = 0;

// The running scan.
let account: u32 = 0;
let project: u32 = 0;
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
  noise: usize, masks: usize, slots: usize, arena: usize, gather: usize, rowKeys: usize, rowTimes: usize, rowValues: usize, metadata: usize, facts: usize, ignored: usize,
): void {
  NOISE = noise; MASKS = masks; SLOTS = slots; ARENA = arena; GATHER = gather; ROW_KEYS = rowKeys; ROW_TIMES = rowTimes; ROW_VALUES = rowValues; METADATA = metadata;
  FACTS = facts; IGNORED = ignored;
}

export function initLimits(keys: u32, arena: u32, keySize: u32, rows: u32, metadata: u32): void {
  keyCountMax = keys; arenaSizeMax = arena; keySizeMax = keySize; rowCountMax = rows;
  metadataCountMax = metadata;
}

/** Sets how many slots are used; all of them must be free, and `place` puts the keys back. */
export function setSlots(slots: u32, keys: u32): void {
  slotCount = slots;
  slotKeyCountMax = keys;
}

/** Puts a key into the first free slot for its hash. */
export function place(hash: u32, key: u32): void {
  let slot = firstSlot(hash);
  while (load<u64>(SLOTS + (<usize>slot << 3)) != 0) slot = slot + 1 == slotCount ? 0 : slot + 1;
  store<u64>(SLOTS + (<usize>slot << 3), (<u64>hash << 32) | <u64>(key + 1));
}

export function reset(): void {
  memory.fill(SLOTS, 0, <usize>slotCount << 3);
  keyCount = 0;
  arenaSize = 0;
  storeTableFacts();
}

function storeTableFacts(): void {
  store<u32>(FACTS, keyCount);
  store<u32>(FACTS, arenaSize, 4);
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

// @ts-ignore
@inline function mask(size: u32): v128 {
  return v128.load(MASKS + 32 - size);
}

// @ts-ignore
@inline function equal(a: usize, b: usize, size: u32): bool {
  let i: u32 = 0;
  while (i + 32 <= size) {
    const low = v128.xor(v128.load(a + i), v128.load(b + i));
    const high = v128.xor(v128.load(a + i, 16), v128.load(b + i, 16));
    if (v128.any_true(v128.or(low, high))) return false;
    i += 32;
  }
  if (i + 16 <= size) {
    if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false;
    i += 16;
  }
  return !v128.any_true(v128.and(mask(size - i), v128.xor(v128.load(a + i), v128.load(b + i))));
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
      if (
        load<u32>(record) == size && load<u32>(record, ACCOUNT) == account &&
        load<u32>(record, PROJECT) == project && equal(record + HEADER_SIZE, at, size)
      ) return key;
    }
    slot = slot + 1 == slotCount ? 0 : slot + 1;
  }
  if (!checked && !areLabels(at, at + size)) {
    cursor = 0;
    return NONE;
  }
  cursor = at;
  const recordSize = HEADER_SIZE + ((size + 3) & ~3);
  if (keyCount == keyCountMax || recordSize > arenaSizeMax - arenaSize) return NONE;
  if (keyCount == slotKeyCountMax) {
    slotsFull = true;
    return NONE;
  }
  const key = arenaSize;
  const record = ARENA + key;
  store<u32>(record, size);
  store<u32>(record, account, ACCOUNT);
  store<u32>(record, project, PROJECT);
  store<u32>(record, NONE, REF);
  store<u32>(record, NONE, NEXT);
  memory.copy(record + HEADER_SIZE, at, size);
  store<u64>(SLOTS + (<usize>slot << 3), (<u64>hash << 32) | <u64>(key + 1));
  arenaSize += recordSize;
  keyCount += 1;
  return key;
}

/** Takes back the keys from `start` on, which were the last to come: so no other key was put aside for them. */
function rollBack(start: u32): void {
  for (let key = start; key < arenaSize;) {
    const record = ARENA + key;
    const size = load<u32>(record);
    const hash = hashOf(record + HEADER_SIZE, size, load<u32>(record, ACCOUNT), load<u32>(record, PROJECT));
    let slot = firstSlot(hash);
    while (<u32>load<u64>(SLOTS + (<usize>slot << 3)) != key + 1) {
      slot = slot + 1 == slotCount ? 0 : slot + 1;
    }
    store<u64>(SLOTS + (<usize>slot << 3), 0);
    keyCount -= 1;
    key += HEADER_SIZE + ((size + 3) & ~3);
  }
  arenaSize = start;
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
      const size = load<u32>(record);
      if (
        size < <u32>(end - at) && load<u8>(at + size) == 0x12 && load<u32>(record, ACCOUNT) == account &&
        load<u32>(record, PROJECT) == project && equal(record + HEADER_SIZE, at, size)
      ) {
        key = candidate;
        at += size;
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
  const arenaSizeBefore = arenaSize;
  slotsFull = false;
  let code = scanFields(at, at + size);
  if (slotsFull) code = SLOTS_FULL;
  if (code < 0) {
    rollBack(arenaSizeBefore);
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

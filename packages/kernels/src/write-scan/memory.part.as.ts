// Regions, limits and state of the write scan, which the host sets up (wasm.ts).

export const BROKEN: i32 = -1;
export const ROWS_FULL: i32 = -2;
export const TABLE_FULL: i32 = -3;
/** More slots are needed; not seen outside of wasm.ts. */
export const SLOTS_FULL: i32 = -4;

export const GROUP_DEPTH_MAX: u32 = 64;

// The arena has two ends. A label (a record of one, byte for byte) lies there once, however many series have it:
// labels grow from its end downwards, each a size and its bytes, and stand for a place in the arena. Keys grow from
// its start: how many labels, the tenant (eight bytes that are kept as a label is), ref, the key that followed
// last time (or NONE), and the labels. A series of eleven labels takes 60 bytes in place of 230, and is compared as fast.
export const TENANT: usize = 4;
export const REF: usize = 8;
export const NEXT: usize = 12;
export const HEADER_SIZE: u32 = 16;
export const LABEL_HEADER_SIZE: u32 = 4;

/** No key, and also the key of rows whose labels are too large to keep. */
export const NONE: u32 = 0xffffffff;
export const REF_BAD_FIRST: u32 = 0xffffff00;
export const REASON_KEY_TOO_LARGE: u32 = 253;
export const REASON_SMALL_TIMESTAMP: u32 = 254;
export const REASON_BIG_TIMESTAMP: u32 = 255;
export const SAFE_MAX: i64 = 9007199254740991;

/** Random bytes that the hash draws on, and how many of them are used in a round. */
export const NOISE_SIZE: u32 = 1024;

// Regions, set by init.
export let NOISE: usize = 0;      // NOISE_SIZE + 64 random bytes
export let MASKS: usize = 0;      // 32 bytes 0xff, then 32 bytes 0
export let SLOTS: usize = 0;      // u64 per slot: hash << 32 | key + 1; 0 = free
export let LABEL_SLOTS: usize = 0; // the same for labels
export let ARENA: usize = 0;      // keys and labels
export let GATHER: usize = 0;     // label records that do not lie together
export let ROW_KEYS: usize = 0;   // u32 per row: key; after resolve: ref
export let ROW_TIMES: usize = 0;  // f64 per row
export let ROW_VALUES: usize = 0; // u64 per row
export let METADATA: usize = 0;   // u32 pairs
export let FACTS: usize = 0;      // u32: see the end of scan
export let IGNORED: usize = 0;    // u32 per reason
export let slotCount: u32 = 0;
/** Keys that the slots in use are meant for. */
export let slotKeyCountMax: u32 = 0;
export let labelSlotCount: u32 = 0;
export let slotLabelCountMax: u32 = 0;
export let slotsFull: bool = false;
export let keyCountMax: u32 = 0;
export let labelCountMax: u32 = 0;
let arenaSizeMax: u32 = 0;
export let keySizeMax: u32 = 0;
export let rowCountMax: u32 = 0;
export let metadataCountMax: u32 = 0;

// The table.
export let keyCount: u32 = 0;
export let labelCount: u32 = 0;
/** Where the next key goes, and where the last label starts. */
export let keysEnd: u32 = 0;
export let labelsStart: u32 = 0;

// The running scan.
export let account: u32 = 0;
export let project: u32 = 0;
/** Both as a label; NONE while no key has it. */
export let tenant: u32 = NONE;
export let previous: u32 = NONE;
export let rowCount: u32 = 0;
export let seriesCount: u32 = 0;
export let metadataCount: u32 = 0;
export let exemplarCount: u32 = 0;
export let histogramCount: u32 = 0;
export let predictedCount: u32 = 0;
export let gatherSize: u32 = 0;
export let gatherOver: bool = false;
export let sampleTime: i64 = 0;
export let sampleValue: u64 = 0;
/** Behind what was read last; 0 = it could not be read. */
export let cursor: usize = 0;

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

export function storeTableFacts(): void {
  store<u32>(FACTS, keyCount);
  store<u32>(FACTS, keysEnd, 4);
  store<u32>(FACTS, arenaSizeMax - labelsStart, 32);
}

/** The slot where a probe for `hash` starts. */
// @ts-ignore
@inline export function firstSlot(hash: u32): u32 {
  return <u32>((<u64>hash * <u64>slotCount) >> 32);
}

// @ts-ignore
@inline export function firstLabelSlot(hash: u32): u32 {
  return <u32>((<u64>hash * <u64>labelSlotCount) >> 32);
}

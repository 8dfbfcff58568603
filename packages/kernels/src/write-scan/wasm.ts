/**
 * The remote-write scan in WASM, with its key table in flat memory that is reserved when it is made.
 *
 * Memory per key: KEY_HEADER_SIZE and 4 bytes a label in the arena, 10.7 to 13.4 bytes of slots. Per label, which is
 * there once: its record, LABEL_HEADER_SIZE, and as many bytes of slots.
 *
 * Measured with `node bench/kernels.ts` (2 cores AMD EPYC, load 10; ten labels, 304 bytes a sample), CPU time
 * per 1000 samples: 120 µs with series in the order of last time, of which 50 µs are unsnap; 600 µs in any
 * order and 550 µs for keys never seen (memory latency: quieter machines need half).
 */
import { randomFillSync } from "node:crypto";
import { assert, dropArray, entryUrl } from "@tideline/common";
import { KernelMemory, loadKernel, regionSize, type Region } from "../kernel-memory.ts";
import { loadUnsnap, type Unsnap } from "../unsnap/wasm.ts";
import {
  KEY_HEADER_SIZE,
  LABEL_HEADER_SIZE,
  type WriteScanCounts,
  type WriteScanLimits,
  type WriteScanner,
} from "./scanner.ts";

interface Exports {
  initRegions(
    ...regions: [
      noise: Region,
      masks: Region,
      slots: Region,
      labelSlots: Region,
      arena: Region,
      gather: Region,
      rowKeys: Region,
      rowTimes: Region,
      rowValues: Region,
      metadata: Region,
      facts: Region,
      ignored: Region,
    ]
  ): void;
  initLimits(
    keyCountMax: number,
    labelCountMax: number,
    arenaSize: number,
    keySizeMax: number,
    rowCountMax: number,
    metadataCountMax: number,
  ): void;
  readonly setSlots: (slotCount: number, keyCountMax: number) => void;
  readonly setLabelSlots: (slotCount: number, labelCountMax: number) => void;
  readonly place: (hash: number, key: number) => void;
  readonly placeLabel: (hash: number, label: number) => void;
  gatherKey(key: number): number;
  reset(): void;
  scan(at: Region, size: number, account: number, project: number): number;
  resolve(): number;
}

const NOISE_SIZE = 1024 + 64;
const MASKS_SIZE = 64;
const FACTS_SIZE = 64;
const IGNORED_SIZE = 1024;

/** Slots per key or label: at most 3 of 4 are taken. */
const SLOTS_PER_ENTRY = 4 / 3;

/** Slots are used as they are needed, since any use makes all of them resident; here is where it starts. */
const SLOT_COUNT_MIN = 4_096;

/** How many more slots there are when all are taken: each time costs some 20 ns an entry. */
const SLOT_GROWTH = 1.25;

/** What the kernel answers when it wants more slots. */
const SLOTS_FULL = -4;

function slotCountOf(entryCountMax: number): number {
  return Math.ceil(entryCountMax * SLOTS_PER_ENTRY) + 1;
}

/** Bytes of slots that each key and each label takes, besides what they take of the arena. */
export const ENTRY_SLOTS_SIZE = 8 * SLOTS_PER_ENTRY;

/** Sizes of all regions, in the order in which they lie. */
function regionSizes(limits: WriteScanLimits) {
  const { keyCountMax, rowCountMax } = limits;
  return {
    input: limits.inputSizeMax,
    raw: limits.rawSizeMax,
    noise: NOISE_SIZE,
    masks: MASKS_SIZE,
    slots: slotCountOf(keyCountMax) * 8,
    labelSlots: slotCountOf(limits.labelCountMax) * 8,
    arena: limits.arenaSize,
    gather: limits.keySizeMax,
    rowKeys: rowCountMax * 4,
    rowTimes: rowCountMax * 8,
    rowValues: rowCountMax * 8,
    metadata: limits.metadataCountMax * 8,
    facts: FACTS_SIZE,
    ignored: IGNORED_SIZE,
  };
}

type Regions = Record<keyof ReturnType<typeof regionSizes>, Region>;

function reserveRegions(memory: KernelMemory, limits: WriteScanLimits): Regions {
  const entries = Object.entries(regionSizes(limits));
  return Object.fromEntries(entries.map(([name, size]) => [name, memory.reserve(size)])) as Regions;
}

/** Open addressing over the slots that are in use: pairs of (entry + 1, hash); entry + 1 = 0: free. */
class Slots {
  readonly #words: Uint32Array;
  readonly #entryCountMax: number;
  readonly #use: (slotCount: number, entryCount: number) => void;
  readonly #place: (hash: number, entry: number) => void;
  #slotCount = 0;
  /** Entries that the slots in use are meant for. */
  #room = 0;

  constructor(
    words: Uint32Array,
    entryCountMax: number,
    use: (slotCount: number, entryCount: number) => void,
    place: (hash: number, entry: number) => void,
  ) {
    this.#words = words;
    this.#entryCountMax = entryCountMax;
    this.#use = use;
    this.#place = place;
    this.#setCount(SLOT_COUNT_MIN);
  }

  growIfFull(entryCount: number): void {
    if (entryCount < this.#room || this.#room === this.#entryCountMax) return;
    const taken = this.#words.slice(0, this.#slotCount * 2);
    this.#words.fill(0, 0, taken.length);
    this.#setCount(Math.ceil(this.#slotCount * SLOT_GROWTH));
    for (let i = 0; i < taken.length; i += 2) {
      const entry = (taken[i] as number) - 1;
      if (entry >= 0) this.#place(taken[i + 1] as number, entry);
    }
    dropArray(taken);
  }

  #setCount(wanted: number): void {
    const slotCountMax = slotCountOf(this.#entryCountMax);
    this.#slotCount = Math.min(wanted, slotCountMax);
    this.#room =
      wanted >= slotCountMax ? this.#entryCountMax : Math.floor(wanted / SLOTS_PER_ENTRY);
    this.#use(this.#slotCount, this.#room);
  }
}

/** Bytes of memory that a scanner with these limits reserves. */
export function writeScanMemorySize(limits: WriteScanLimits): number {
  return Object.values(regionSizes(limits)).reduce((sum, size) => sum + regionSize(size), 0);
}

export class WasmWriteScanner implements WriteScanner {
  readonly limits: WriteScanLimits;
  readonly input: Uint8Array;
  readonly raw: Uint8Array;
  readonly refs: Uint32Array;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly ignoredCounts: Uint32Array;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #words: Uint32Array;
  readonly #kernel: Exports;
  readonly #unsnap: Unsnap;
  readonly #at: Regions;
  readonly #metadata: Uint32Array;
  readonly #facts: Uint32Array;
  readonly #keySlots: Slots;
  readonly #labelSlots: Slots;

  constructor(limits: WriteScanLimits) {
    assert(limits.rawSizeMax < 2 ** 31 && limits.inputSizeMax < 2 ** 31, "a body is below 2 GiB");
    this.limits = limits;
    const memory = new KernelMemory(writeScanMemorySize(limits));
    const { bytes } = memory;
    const at = reserveRegions(memory, limits);
    const { keyCountMax, labelCountMax, rowCountMax } = limits;
    const words = (start: Region, count: number): Uint32Array =>
      new Uint32Array(bytes.buffer, start, count);

    this.#bytes = bytes;
    this.#words = words(0, bytes.length / 4);
    this.#at = at;
    this.input = bytes.subarray(at.input, at.input + limits.inputSizeMax);
    this.raw = bytes.subarray(at.raw, at.raw + limits.rawSizeMax);
    // A secret of this process, so that nobody can send keys that collide on purpose.
    randomFillSync(bytes, at.noise, NOISE_SIZE);
    bytes.fill(0xff, at.masks, at.masks + MASKS_SIZE / 2);
    this.refs = words(at.rowKeys, rowCountMax);
    this.timestampsMs = new Float64Array(bytes.buffer, at.rowTimes, rowCountMax);
    this.values = new Float64Array(bytes.buffer, at.rowValues, rowCountMax);
    this.#metadata = words(at.metadata, limits.metadataCountMax * 2);
    this.#facts = words(at.facts, FACTS_SIZE / 4);
    this.ignoredCounts = words(at.ignored, IGNORED_SIZE / 4);

    this.#unsnap = loadUnsnap(memory);
    const file = entryUrl(new URL("./write-scan.wasm", import.meta.url));
    this.#kernel = loadKernel(file, memory) as unknown as Exports;
    this.#kernel.initRegions(
      at.noise,
      at.masks,
      at.slots,
      at.labelSlots,
      at.arena,
      at.gather,
      at.rowKeys,
      at.rowTimes,
      at.rowValues,
      at.metadata,
      at.facts,
      at.ignored,
    );
    this.#kernel.initLimits(
      keyCountMax,
      labelCountMax,
      limits.arenaSize,
      limits.keySizeMax,
      rowCountMax,
      limits.metadataCountMax,
    );
    const kernel = this.#kernel;
    this.#keySlots = new Slots(
      words(at.slots, slotCountOf(keyCountMax) * 2),
      keyCountMax,
      kernel.setSlots,
      kernel.place,
    );
    this.#labelSlots = new Slots(
      words(at.labelSlots, slotCountOf(labelCountMax) * 2),
      labelCountMax,
      kernel.setLabelSlots,
      kernel.placeLabel,
    );
    // No reset: fresh memory is zero, and filling it would make all of it resident.
  }

  unsnap(inputSize: number): number {
    return this.#unsnap(this.#at.input, inputSize, this.#at.raw, this.limits.rawSizeMax);
  }

  reset(): void {
    this.#kernel.reset();
  }

  scan(rawSize: number, account: number, project: number): number {
    for (;;) {
      const code = this.#kernel.scan(this.#at.raw, rawSize, account, project);
      if (code !== SLOTS_FULL) return code;
      this.#keySlots.growIfFull(this.#fact(9));
      this.#labelSlots.growIfFull(this.#fact(10));
    }
  }

  resolve(): number {
    return this.#kernel.resolve();
  }

  get keyCount(): number {
    return this.#fact(0);
  }

  get keysEnd(): number {
    return this.#fact(1);
  }

  get arenaUsedSize(): number {
    return this.#fact(1) + this.#fact(8);
  }

  get counts(): WriteScanCounts {
    return {
      seriesCount: this.#fact(2),
      metadataCount: this.#fact(3),
      exemplarCount: this.#fact(4),
      histogramCount: this.#fact(5),
    };
  }

  get brokenAt(): number {
    return this.#fact(6);
  }

  /** Series of the last scan whose key was guessed from the one before. */
  get predictedCount(): number {
    return this.#fact(7);
  }

  #fact(index: number): number {
    return this.#facts[index] as number;
  }

  get metadataRanges(): Uint32Array {
    return this.#metadata.subarray(0, 2 * Math.min(this.#fact(3), this.limits.metadataCountMax));
  }

  keyAfter(key: number): number {
    return key + KEY_HEADER_SIZE + this.#header(key, 0) * 4;
  }

  keyRecords(key: number): Uint8Array {
    assert(key < this.keysEnd, "a key that was given out");
    const start = this.#at.gather;
    return this.#bytes.subarray(start, start + this.#kernel.gatherKey(key));
  }

  keyTenant(key: number): readonly [number, number] {
    const tenant = (this.#at.arena + this.#header(key, 1) + LABEL_HEADER_SIZE) / 4;
    return [this.#words[tenant] as number, this.#words[tenant + 1] as number];
  }

  setRef(key: number, ref: number): void {
    this.#words[this.#headerAt(key) + 2] = ref;
  }

  #header(key: number, field: number): number {
    return this.#words[this.#headerAt(key) + field] as number;
  }

  #headerAt(key: number): number {
    assert(key < this.keysEnd, "a key that was given out");
    return (this.#at.arena + key) / 4;
  }
}

/**
 * Reads one part. Opening it reads only the footer; index pages come on demand through the page cache.
 * Every unit read from the disk is checked by its CRC32C. Format: docs/formats/part.md.
 *
 * Every method that reads throws a CorruptionError (code TIDELINE_PART), naming file and offset, when the
 * bytes are not what was written: the caller sets the part aside (PartSet.setAside) and reports it.
 */
import { assert, type Disk } from "@tideline/common";
import {
  crc32c,
  timestampPlaces,
  timestampPlacesSize,
  type TimestampPlaces,
} from "@tideline/kernels";
import { IDENTITY_SIZE, type Tenant, type TimestampBlock, type ValueBlock } from "@tideline/model";
import type { LabelIndex, LabelSeries, Ordinals } from "../index/label-index.ts";
import { rangeCovers, type LaneRange } from "../lane-range.ts";
import { newPlace, viewOf, type BytePlace } from "./byte-place.ts";
import { EntryCursor } from "./entry-cursor.ts";
import {
  decodeDataTraits,
  partDamage,
  SECTION_DATA,
  SECTION_IDENTITIES,
  SECTION_POSTINGS,
  SECTION_SERIES,
  type DataTraits,
  type PartFacts,
  type Section,
} from "./format.ts";
import { filterPage, identityPage, IDENTITIES_PER_PAGE } from "./identity-pages.ts";
import type { Page } from "./page.ts";
import type { PageCache, PageMap } from "./page-cache.ts";
import { decodeTreeRoot, PageTree } from "./page-tree.ts";
import { openPartFile, sectionOf, type OpenedPart } from "./part-footer-reader.ts";
import type { UnitPointer } from "./part-sink.ts";
import { PostingsReader } from "./postings-reader.ts";
import {
  ordinalOfKey,
  readSeriesEntry,
  writeOrdinalKey,
  type PartBlock,
  type SeriesEntry,
} from "./series-entry.ts";
import { UnitReader } from "./unit-reader.ts";

const VERIFY_CHUNK_SIZE = 1024 * 1024;
/** What a timestamp block in the cache takes besides its bytes: an object of five numbers, an array, and a buffer of its own. */
const TIMESTAMP_BLOCK_SIZE = 448;

export interface PartSeriesBlocks {
  /** Canonical key; a view that stays valid. */
  readonly key: Uint8Array;
  /** 16 bytes; a view that stays valid. */
  readonly identity: Uint8Array;
  /** Ascending in time, not overlapping. */
  readonly blocks: readonly PartBlock[];
}

interface Leaf {
  readonly page: Page;
  readonly firstOrdinal: number;
}

/** Numbers of this thread's readers. */
let readerCount = 0;

export class PartReader implements LabelIndex {
  readonly path: string;
  /** Of this reader, from 1 on: no other one of its thread has had it. */
  readonly number: number;
  /** Size of the file in bytes. */
  readonly size: number;
  readonly facts: PartFacts;
  readonly traits: DataTraits;
  readonly sections: readonly Section[];
  readonly #units: UnitReader;
  readonly #cache: PageCache;
  readonly #timestamps: PageMap<TimestampBlock> = new Map();
  /** Those asked for last: series of a target lie side by side. */
  #lastTimestamps: TimestampBlock | null = null;
  readonly #places: PageMap<TimestampPlaces | null> = new Map();
  readonly #seriesTree: PageTree;
  readonly #postings: PostingsReader;
  readonly #identitiesOffset: number;
  readonly #ordinalKey = new Uint8Array(4);
  readonly #seriesOffset: number;
  /** At the series that was opened last: borrowed until any other series of the part is asked for. */
  readonly entry = new EntryCursor();
  #lastOrdinal = -1;
  #lastEntry: SeriesEntry | null = null;
  /** The leaf of the series table that was read last, some 32 KiB: neighbours lie in it. */
  #leaf: Leaf | null = null;

  private constructor({ file, size, footer, footerOffset }: OpenedPart, cache: PageCache) {
    const { facts, sections } = footer;
    readerCount += 1;
    this.number = readerCount;
    this.path = file.path;
    this.size = size;
    this.facts = facts;
    this.sections = sections;
    this.#cache = cache;
    this.#units = new UnitReader(file, cache, footerOffset);
    const { meta } = sectionOf(sections, SECTION_DATA);
    this.traits = this.#units.decode(footerOffset, () => decodeDataTraits(meta));
    this.#seriesTree = this.#tree(SECTION_SERIES, footerOffset);
    const postingsTree = this.#tree(SECTION_POSTINGS, footerOffset);
    this.#postings = new PostingsReader(
      this.#units,
      postingsTree,
      sectionOf(sections, SECTION_POSTINGS).offset,
      facts.seriesCount,
    );
    this.#seriesOffset = sectionOf(sections, SECTION_SERIES).offset;
    this.#identitiesOffset = sectionOf(sections, SECTION_IDENTITIES).offset;
  }

  /** Reads the footer. @throws {CorruptionError} @throws the Disk's error when the file cannot be opened */
  static open(disk: Pick<Disk, "open">, path: string, cache: PageCache): PartReader {
    const opened = openPartFile(disk, path);
    try {
      return new PartReader(opened, cache);
    } catch (error) {
      opened.file.close();
      throw error;
    }
  }

  #tree(name: string, footerOffset: number): PageTree {
    const { meta } = sectionOf(this.sections, name);
    const root = this.#units.decode(footerOffset, () => decodeTreeRoot(meta));
    return new PageTree(root, (pointer) => this.#units.page(pointer));
  }

  /** Tenants that have series in the part. */
  tenants(): Tenant[] {
    return this.#postings.tenants();
  }

  seriesOf(tenant: Tenant): Ordinals {
    return this.#postings.ordinals(tenant, "", "");
  }

  labelNames(tenant: Tenant): Iterable<string> {
    return this.#postings.names(tenant);
  }

  labelValues(tenant: Tenant, name: string): Iterable<string> {
    return name === "" ? [] : this.#postings.values(tenant, name);
  }

  sortedValues(tenant: Tenant, name: string): Promise<Iterable<LabelSeries>> {
    return Promise.resolve(name === "" ? [] : this.#postings.series(tenant, name));
  }

  postings(tenant: Tenant, name: string, value: string): Ordinals {
    if (name === "") return new Uint32Array(0);
    return this.#postings.ordinals(tenant, name, value);
  }

  /**
   * Series whose identity falls into `range`; null when all of them do by what the footer says. Reads 16 bytes per series
   * otherwise: ask once and keep the answer.
   */
  ordinalsIn(range: LaneRange): Ordinals | null {
    const { laneRange, seriesCount } = this.facts;
    if (rangeCovers(range, laneRange)) return null;
    const ordinals = new Uint32Array(seriesCount);
    let count = 0;
    for (let first = 0; first < seriesCount; first += IDENTITIES_PER_PAGE) {
      const page = this.#units.block(identityPage(first, this.#identitiesOffset, seriesCount));
      count = filterPage(page, first, range, ordinals, count);
    }
    return ordinals.slice(0, count);
  }

  series(ordinal: number): PartSeriesBlocks {
    const { key, blocks } = this.#entry(ordinal);
    return { key, identity: this.identity(ordinal), blocks };
  }

  /** 16 bytes; a view that stays valid. */
  identity(ordinal: number): Uint8Array {
    this.#checkOrdinal(ordinal);
    const { seriesCount } = this.facts;
    const page = this.#units.payload(identityPage(ordinal, this.#identitiesOffset, seriesCount));
    const at = (ordinal % IDENTITIES_PER_PAGE) * IDENTITY_SIZE;
    return page.subarray(at, at + IDENTITY_SIZE);
  }

  /**
   * The blocks of a series that meet the time range, ascending in time; samples outside of it may be included.
   * `timestamps.id` is the timestamp block's offset in this file: equal ids of one part mean the same block. Ask in ascending
   * ordinals: neighbours are read together. The bytes are views that stay valid.
   */
  readBlocks(ordinal: number, startMs: number, endMs: number): ValueBlock[] {
    const blocks: ValueBlock[] = [];
    for (const block of this.blocks(ordinal)) {
      if (block.maxMs < startMs || block.minMs > endMs) continue;
      blocks.push(this.valueBlock(block));
    }
    return blocks;
  }

  /** Ascending in time, not overlapping. Ask in ascending ordinals: neighbours are read together. */
  blocks(ordinal: number): readonly PartBlock[] {
    return this.#entry(ordinal).blocks;
  }

  /** Canonical key; a view that stays valid. */
  key(ordinal: number): Uint8Array {
    return this.#entry(ordinal).key;
  }

  /** A block of `series`, with its bytes: views that stay valid. */
  valueBlock(block: PartBlock): ValueBlock {
    return { timestamps: this.timestampBlock(block), bytes: this.valueBytes(block) };
  }

  /** The bytes of a block's values: a view that stays valid. */
  valueBytes({ value: { offset, size, inGroup } }: PartBlock): Uint8Array {
    const place = newPlace();
    if (inGroup) this.#findInGroup(offset, size, inGroup.start, inGroup.size, place);
    else this.#units.findBlock(offset, size, place);
    return viewOf(place);
  }

  #findInGroup(
    offset: number,
    size: number,
    start: number,
    stretchSize: number,
    place: BytePlace,
  ): void {
    const group = this.#units.group({ offset, size });
    const end = start + stretchSize;
    if (end > group.length) throw partDamage(this.path, offset, "a block outside of its group");
    place.bytes = group;
    place.start = start;
    place.end = end;
  }

  /** The times of a block. Its id is its offset in this file: equal ids of one part mean the same block. */
  timestampBlock(block: PartBlock): TimestampBlock {
    const { timestamps } = block;
    return this.#timestampsAt(timestamps.offset) ?? this.#readTimestamps(timestamps, block);
  }

  #timestampsAt(offset: number): TimestampBlock | undefined {
    if (this.#lastTimestamps?.id === offset) return this.#lastTimestamps;
    const cached = this.#cache.get(this.#timestamps, offset);
    if (cached) this.#lastTimestamps = cached;
    return cached;
  }

  #readTimestamps(
    pointer: UnitPointer,
    { count, minMs, maxMs }: Pick<PartBlock, "count" | "minMs" | "maxMs">,
  ): TimestampBlock {
    // A copy: a block that stays must not hold on to a whole segment.
    const bytes = this.#units.block(pointer).slice();
    const block = { id: pointer.offset, count, minMs, maxMs, bytes };
    this.#cache.add(this.#timestamps, pointer.offset, block, bytes.length + TIMESTAMP_BLOCK_SIZE);
    return block;
  }

  /**
   * Goes to a series: `entry` has its key then, and `nextBlock` goes through its blocks. Makes no object, for searches; ask in
   * ascending ordinals: neighbours are read together.
   *
   * @returns `entry`
   */
  openSeries(ordinal: number): EntryCursor {
    this.#checkOrdinal(ordinal);
    const { page, firstOrdinal } = this.#leafOf(ordinal);
    try {
      page.openEntry(ordinal - firstOrdinal, this.entry);
    } catch (cause) {
      throw this.#units.damageBy(cause, this.#seriesOffset);
    }
    return this.entry;
  }

  /** Goes to the next block of the series that was opened; false when there is none. */
  nextBlock(): boolean {
    try {
      return this.entry.next();
    } catch (cause) {
      throw this.#units.damageBy(cause, this.#seriesOffset);
    }
  }

  /** Where the values of the block lie that `nextBlock` came to. */
  findValues(place: BytePlace): void {
    const { valueOffset, valueSize, groupStart, groupSize } = this.entry;
    if (groupStart < 0) this.#units.findBlock(valueOffset, valueSize, place);
    else this.#findInGroup(valueOffset, valueSize, groupStart, groupSize, place);
  }

  /** The times of the block that `nextBlock` came to: see timestampBlock. */
  entryTimestamps(): TimestampBlock {
    const { timesOffset: offset, timesSize: size } = this.entry;
    return this.#timestampsAt(offset) ?? this.#readTimestamps({ offset, size }, this.entry);
  }

  /** Places in a block of `timestampBlock`, kept as the block is. @throws {RangeError} it is no such block */
  timestampPlaces({ id, bytes, count }: TimestampBlock): TimestampPlaces | null {
    const cached = this.#cache.get(this.#places, id);
    if (cached !== undefined) return cached;
    const places = timestampPlaces(bytes, count);
    this.#cache.add(this.#places, id, places, timestampPlacesSize(count));
    return places;
  }

  #entry(ordinal: number): SeriesEntry {
    if (ordinal === this.#lastOrdinal && this.#lastEntry) return this.#lastEntry;
    this.openSeries(ordinal);
    const entry = this.#units.decode(this.#seriesOffset, () => readSeriesEntry(this.entry));
    this.#lastOrdinal = ordinal;
    this.#lastEntry = entry;
    return entry;
  }

  #leafOf(ordinal: number): Leaf {
    const last = this.#leaf;
    if (last && ordinal >= last.firstOrdinal && ordinal < last.firstOrdinal + last.page.count)
      return last;
    const leaf = this.#units.decode(this.#seriesOffset, () => this.#readLeaf(ordinal));
    this.#leaf = leaf;
    return leaf;
  }

  #readLeaf(ordinal: number): Leaf {
    writeOrdinalKey(this.#ordinalKey, ordinal);
    const pointer = this.#seriesTree.leafAt(this.#ordinalKey);
    const leaf = { page: this.#units.page(pointer), firstOrdinal: ordinalOfKey(pointer.firstKey) };
    const index = ordinal - leaf.firstOrdinal;
    if (index < 0 || index >= leaf.page.count) throw new RangeError(`no series ${ordinal}`);
    return leaf;
  }

  #checkOrdinal(ordinal: number): void {
    assert(ordinal >= 0 && ordinal < this.facts.seriesCount, "an ordinal is one of the part's");
  }

  /** Reads the whole file and checks every byte of it. @throws {CorruptionError} */
  verify(): void {
    for (const { name, offset, size, crc } of this.sections) {
      let sum = 0;
      for (let at = offset; at < offset + size; at += VERIFY_CHUNK_SIZE)
        sum = crc32c(this.#units.read(at, Math.min(VERIFY_CHUNK_SIZE, offset + size - at)), sum);
      if (sum !== crc) throw partDamage(this.path, offset, `checksum of section ${name}`);
    }
  }

  /** Views given out stay valid. */
  close(): void {
    this.#leaf = null;
    this.#cache.drop(this.#timestamps);
    this.#cache.drop(this.#places);
    this.#units.close();
  }
}

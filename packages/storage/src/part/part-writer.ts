/**
 * Writes one part: series in part order, each cut into blocks, streamed to a file under a temporary
 * name, which gets its own name once all of it is on the disk. Format: docs/formats/part.md.
 *
 * Memory, all of it flat: buffers of fixed size, per series 16 bytes of identity, and the postings: about 1 byte per
 * label of a series, and per distinct label its bytes and about 50 more.
 */
import { join } from "node:path";
import { assert, ByteWriter, type Disk } from "@tideline/common";
import { crc32c, encodeValues, VALUES_PER_BLOCK_MAX } from "@tideline/kernels";
import { IDENTITY_SIZE } from "@tideline/model";
import { diskError } from "../disk-error.ts";
import { isLaneRange, type LaneRange } from "../lane-range.ts";
import {
  encodeDataTraits,
  encodePartFooter,
  encodePartHeader,
  encodePartTrailer,
  SECTION_DATA,
  SECTION_IDENTITIES,
  SECTION_MISSED,
  SECTION_POSTINGS,
  SECTION_SERIES,
  SECTION_VERSIONS,
  type Section,
} from "./format.ts";
import { IDENTITIES_PER_PAGE } from "./identity-pages.ts";
import { encodeTreeRoot } from "./page-tree.ts";
import { TEMPORARY_SUFFIX } from "./part-name.ts";
import { writePartOrderKey } from "./part-order.ts";
import { PartSink } from "./part-sink.ts";
import { PostingsBuilder } from "./postings-builder.ts";
import { SeriesTableWriter } from "./series-table-writer.ts";
import { blockFacts, type BlockFacts } from "./series-entry.ts";
import { TimestampStore } from "./timestamp-store.ts";
import { ValueStore } from "./value-store.ts";

/** Memory for value blocks that are remembered, to store equal ones once. */
const KNOWN_VALUES_SIZE = 2 * 1024 * 1024;
/** So many blocks wait for a group at most, as objects: where most repeat earlier ones, a group hardly fills. */
const WAITING_BLOCKS_MAX = 4096;
const WRITER = "tideline part-writer 1";
const NO_META = new Uint8Array(0);

/** What of a disk it takes to write a part. */
type PartDisk = Pick<Disk, "kindOf" | "open" | "rename" | "syncFolderAsync" | "unlink">;

export interface PartOptions {
  readonly disk: PartDisk;
  /** The lane's `parts` folder; must exist. */
  readonly folder: string;
  /** File name inside the folder, see `flushPartName`. A part of that name is replaced. */
  readonly name: string;
  readonly laneRange: LaneRange;
  /** Head generation whose samples it holds (the newest one, for merged parts). */
  readonly generation: number;
  /** See PartFacts; a merge that has applied all deletes up to n to each of its inputs gives n. */
  readonly deletesDone: number;
  /** Value blocks are compressed in groups where that pays: for parts that are read more often than written. */
  readonly grouped?: boolean;
  /** One sample per interval was kept; a fact for the reader, the caller sees to it. */
  readonly dedupIntervalMs?: number;
  /** Memory for value blocks that are remembered, in bytes. */
  readonly knownValuesSizeMax?: number;
  /** The same for timestamp blocks. */
  readonly knownTimestampsSizeMax?: number;
}

/** A block as another part has it. Borrowed for the call. */
export interface CopiedBlock {
  readonly facts: BlockFacts;
  /** A value block and its timestamp block. */
  readonly values: Uint8Array;
  readonly timestamps: Uint8Array;
}

/** One series with all its samples. Borrowed for the call. */
export interface PartSeries {
  readonly key: Uint8Array;
  /** 16 bytes. */
  readonly identity: Uint8Array;
  /** Strictly ascending integers; length ≥ 1. */
  readonly timestampsMs: Float64Array;
  /** As many as timestamps; sample bits. */
  readonly values: Float64Array;
}

export interface PartSummary {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly seriesCount: number;
  readonly sampleCount: number;
  readonly blockCount: number;
  readonly timestampBlockCount: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export class PartWriter {
  readonly #options: PartOptions;
  readonly #sink: PartSink;
  readonly #timestamps: TimestampStore;
  readonly #values: ValueStore;
  readonly #seriesTable: SeriesTableWriter;
  readonly #postings = new PostingsBuilder();
  readonly #identities = new ByteWriter(4096);
  /** Of the newest series and the one before. */
  #orderKey = new ByteWriter(1024);
  #previousOrderKey = new ByteWriter(1024);
  #seriesCount = 0;
  #sampleCount = 0;
  #blockCount = 0;
  #minMs = Infinity;
  /** End of the newest block of the newest series. */
  #lastMs = -Infinity;
  #maxMs = -Infinity;

  private constructor(options: PartOptions) {
    this.#options = options;
    this.#sink = new PartSink(options.disk, join(options.folder, options.name + TEMPORARY_SUFFIX));
    this.#timestamps = new TimestampStore(this.#sink, options.knownTimestampsSizeMax);
    this.#values = new ValueStore(this.#sink, {
      grouped: options.grouped ?? false,
      memorySizeMax: options.knownValuesSizeMax ?? KNOWN_VALUES_SIZE,
    });
    this.#seriesTable = new SeriesTableWriter(this.#sink);
    try {
      this.#sink.append(encodePartHeader());
      this.#sink.startSection();
    } catch (error) {
      this.abort();
      throw error;
    }
  }

  /** @throws {OverloadError} the disk is full or failed */
  static create(options: PartOptions): PartWriter {
    assert(isLaneRange(options.laneRange), "a lane range is i of n");
    return new PartWriter(options);
  }

  /** Series so far: the ordinal of the next one. */
  get seriesCount(): number {
    return this.#seriesCount;
  }

  /**
   * Adds a series. Series come in part order (`partOrderKey`), each once.
   *
   * @throws {OverloadError} the disk is full or failed: call `abort`
   */
  addSeries({ key, identity, timestampsMs, values }: PartSeries): void {
    const count = values.length;
    assert(count > 0 && count === timestampsMs.length, "a series has samples, each with a time");
    this.startSeries(key, identity);
    for (let start = 0; start < count; start += VALUES_PER_BLOCK_MAX) {
      const end = Math.min(count, start + VALUES_PER_BLOCK_MAX);
      this.addBlock(timestampsMs.subarray(start, end), values.subarray(start, end));
    }
    this.endSeries();
  }

  /**
   * Starts a series, whose blocks follow, ascending in time, at least one; `addSeries` does all of it.
   *
   * @param key borrowed, as the identity is @throws {OverloadError} as all that writes
   */
  startSeries(key: Uint8Array, identity: Uint8Array): void {
    assert(identity.length === IDENTITY_SIZE, "an identity has 16 bytes");
    this.#checkOrder(key);
    this.#seriesTable.start(key);
    this.#identities.raw(identity);
    this.#postings.add(this.#seriesCount, key);
    this.#seriesCount += 1;
    this.#lastMs = -Infinity;
  }

  /** @param timestampsMs strictly ascending, 1 to VALUES_PER_BLOCK_MAX; borrowed, as the values are */
  addBlock(timestampsMs: Float64Array, values: Float64Array): void {
    const timestamps = this.#timestamps.store(timestampsMs);
    const stored = this.#values.store(encodeValues(values));
    const facts = blockFacts(values, timestampsMs);
    this.#count(facts);
    this.#seriesTable.add({ facts, stored, timestamps });
  }

  /** Takes a block over as it is. */
  copyBlock({ facts, values, timestamps }: CopiedBlock): void {
    const pointer = this.#timestamps.storeBlock(timestamps, facts.count);
    const stored = this.#values.store(values);
    this.#count(facts);
    this.#seriesTable.add({ facts, stored, timestamps: pointer });
  }

  endSeries(): void {
    this.#seriesTable.end();
    if (this.#seriesTable.waitingBlockCount < WAITING_BLOCKS_MAX) return;
    this.#values.flush();
    this.#seriesTable.settle();
  }

  /** All series are there; what is only needed for more of them is given back. `finish` may come later. */
  seal(): void {
    this.#values.flush();
    this.#seriesTable.flush();
    this.#values.forget();
    this.#timestamps.forget();
  }

  #count({ count, minMs, maxMs }: BlockFacts): void {
    assert(minMs > this.#lastMs && maxMs >= minMs, "blocks of a series ascend in time");
    this.#lastMs = maxMs;
    this.#blockCount += 1;
    this.#sampleCount += count;
    this.#minMs = Math.min(this.#minMs, minMs);
    this.#maxMs = Math.max(this.#maxMs, maxMs);
  }

  #checkOrder(key: Uint8Array): void {
    const orderKey = this.#previousOrderKey;
    this.#previousOrderKey = this.#orderKey;
    this.#orderKey = orderKey;
    orderKey.clear();
    writePartOrderKey(orderKey, key);
    assert(
      Buffer.compare(this.#previousOrderKey.bytes(), orderKey.bytes()) < 0,
      "series come in part order, each once",
    );
  }

  /**
   * Writes index and footer, syncs, renames, syncs the folder. When it settles the part survives a power cut and
   * what it was made from may be deleted. At least one series was added.
   *
   * @param replaces names of parts in the folder that this one stands for: dropped once it is there
   * @throws {OverloadError} the disk is full or failed; unless the part was renamed already, nothing is left of it
   */
  async finish(replaces: readonly string[] = []): Promise<PartSummary> {
    assert(!replaces.includes(this.#options.name), "a part does not replace itself");
    assert(this.#seriesCount > 0, "a part has series");
    const { disk, folder, name } = this.#options;
    const path = join(folder, name);
    try {
      await this.#writeEnd(replaces);
      await this.#sink.sync();
    } catch (error) {
      this.abort();
      throw error;
    }
    this.#sink.close();
    try {
      disk.rename(this.#sink.path, path);
      await disk.syncFolderAsync(folder);
    } catch (cause) {
      throw diskError("TIDELINE_PART_DISK", `Cannot put ${path} in its place`, cause);
    }
    return {
      name,
      path,
      size: this.#sink.offset,
      seriesCount: this.#seriesCount,
      sampleCount: this.#sampleCount,
      blockCount: this.#blockCount,
      timestampBlockCount: this.#timestamps.blockCount,
      minMs: this.#minMs,
      maxMs: this.#maxMs,
    };
  }

  /** Gives up and removes the temporary file, as far as the disk lets it: a start removes what is left. */
  abort(): void {
    this.#sink.close();
    try {
      this.#options.disk.unlink(this.#sink.path);
    } catch (cause) {
      diskError("TIDELINE_PART_DISK", `Cannot remove ${this.#sink.path}`, cause);
    }
  }

  async #writeEnd(replaces: readonly string[]): Promise<void> {
    const sink = this.#sink;
    this.seal();
    const { grouped = false, dedupIntervalMs = 0 } = this.#options;
    const traits = encodeDataTraits({ grouped, dedupIntervalMs });
    const sections: Section[] = [sink.endSection(SECTION_DATA, traits)];
    sink.startSection();
    const seriesRoot = this.#seriesTable.finish();
    sections.push(sink.endSection(SECTION_SERIES, encodeTreeRoot(seriesRoot)));
    sink.startSection();
    this.#writeIdentities();
    sections.push(sink.endSection(SECTION_IDENTITIES, NO_META));
    sink.startSection();
    const postingsRoot = await this.#postings.write(sink);
    sections.push(sink.endSection(SECTION_POSTINGS, encodeTreeRoot(postingsRoot)));
    for (const name of [SECTION_MISSED, SECTION_VERSIONS]) {
      sink.startSection();
      sections.push(sink.endSection(name, NO_META));
    }
    this.#writeFooter(sections, replaces);
  }

  #writeIdentities(): void {
    const identities = this.#identities.bytes();
    const pageSize = IDENTITIES_PER_PAGE * IDENTITY_SIZE;
    for (let start = 0; start < identities.length; start += pageSize)
      this.#sink.appendUnit(identities.subarray(start, start + pageSize));
  }

  #writeFooter(sections: readonly Section[], replaces: readonly string[]): void {
    const { laneRange, generation, deletesDone } = this.#options;
    const footerOffset = this.#sink.offset;
    const facts = {
      laneRange,
      generation,
      deletesDone,
      minMs: this.#minMs,
      maxMs: this.#maxMs,
      seriesCount: this.#seriesCount,
      sampleCount: this.#sampleCount,
      blockCount: this.#blockCount,
      timestampBlockCount: this.#timestamps.blockCount,
      replaces,
      writer: WRITER,
    };
    const footer = encodePartFooter({ facts, sections });
    this.#sink.append(footer);
    this.#sink.append(
      encodePartTrailer({ footerOffset, footerSize: footer.length, footerCrc: crc32c(footer) }),
    );
  }
}

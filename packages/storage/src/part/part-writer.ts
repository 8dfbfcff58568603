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
import { PageBuilder } from "./page.ts";
import { encodeTreeRoot, PageTreeWriter } from "./page-tree.ts";
import { TEMPORARY_SUFFIX } from "./part-name.ts";
import { writePartOrderKey } from "./part-order.ts";
import { PartSink } from "./part-sink.ts";
import { PostingsBuilder } from "./postings-builder.ts";
import { encodeBlock, ordinalKey } from "./series-entry.ts";
import { TimestampStore } from "./timestamp-store.ts";

const SERIES_PAGE_SIZE = 32 * 1024;
const WRITER = "tideline part-writer 1";
const NO_META = new Uint8Array(0);

export interface PartOptions {
  readonly disk: Disk;
  /** The lane's `parts` folder; must exist. */
  readonly folder: string;
  /** File name inside the folder, see `flushPartName`. A part of that name is replaced. */
  readonly name: string;
  readonly laneRange: LaneRange;
  /** Head generation whose samples it holds (the newest one, for merged parts). */
  readonly generation: number;
  /** See PartFacts; a merge that has applied all deletes up to n to each of its inputs gives n. */
  readonly deletesDone: number;
  /** Names of parts in the folder that this one stands for: dropped once it is there. */
  readonly replaces?: readonly string[];
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
  readonly #seriesTree: PageTreeWriter;
  readonly #seriesPage = new PageBuilder();
  readonly #postings = new PostingsBuilder();
  readonly #identities = new ByteWriter(4096);
  readonly #entry = new ByteWriter(4096);
  readonly #blocks = new ByteWriter(4096);
  /** Of the newest series and the one before. */
  #orderKey = new ByteWriter(1024);
  #previousOrderKey = new ByteWriter(1024);
  #seriesCount = 0;
  #sampleCount = 0;
  #blockCount = 0;
  #minMs = Infinity;
  #maxMs = -Infinity;

  private constructor(options: PartOptions) {
    this.#options = options;
    this.#sink = new PartSink(options.disk, join(options.folder, options.name + TEMPORARY_SUFFIX));
    this.#timestamps = new TimestampStore(this.#sink);
    this.#seriesTree = new PageTreeWriter(this.#sink);
    this.#sink.append(encodePartHeader());
    this.#sink.startSection();
  }

  /** @throws {OverloadError} the disk is full or failed */
  static create(options: PartOptions): PartWriter {
    assert(isLaneRange(options.laneRange), "a lane range is i of n");
    assert(!options.replaces?.includes(options.name), "a part does not replace itself");
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
    assert(identity.length === IDENTITY_SIZE, "an identity has 16 bytes");
    this.#checkOrder(key);
    this.#blocks.clear();
    for (let start = 0; start < count; start += VALUES_PER_BLOCK_MAX) {
      const end = Math.min(count, start + VALUES_PER_BLOCK_MAX);
      this.#addBlock(timestampsMs.subarray(start, end), values.subarray(start, end));
    }
    this.#addEntry(key, Math.ceil(count / VALUES_PER_BLOCK_MAX));
    this.#identities.raw(identity);
    this.#postings.add(this.#seriesCount, key);
    this.#seriesCount += 1;
    this.#sampleCount += count;
    this.#minMs = Math.min(this.#minMs, timestampsMs[0] as number);
    this.#maxMs = Math.max(this.#maxMs, timestampsMs[count - 1] as number);
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

  #addBlock(timestampsMs: Float64Array, values: Float64Array): void {
    const timestamps = this.#timestamps.store(timestampsMs);
    const value = this.#sink.appendUnit(encodeValues(values));
    encodeBlock(this.#blocks, values, timestampsMs, value, timestamps);
    this.#blockCount += 1;
  }

  #addEntry(key: Uint8Array, blockCount: number): void {
    const entry = this.#entry;
    entry.clear();
    entry.sized(key);
    entry.varint(blockCount);
    entry.raw(this.#blocks.bytes());
    this.#seriesPage.add(entry.bytes());
    if (this.#seriesPage.size >= SERIES_PAGE_SIZE) this.#flushSeriesPage(this.#seriesCount + 1);
  }

  /** @param endOrdinal ordinal past the page's last series */
  #flushSeriesPage(endOrdinal: number): void {
    if (this.#seriesPage.count === 0) return;
    const firstOrdinal = endOrdinal - this.#seriesPage.count;
    this.#seriesTree.addLeaf(ordinalKey(firstOrdinal), this.#seriesPage.finish());
  }

  /**
   * Writes index and footer, syncs, renames, syncs the folder. When it settles the part survives a power cut and
   * what it was made from may be deleted. At least one series was added.
   *
   * @throws {OverloadError} the disk is full or failed; unless the part was renamed already, nothing is left of it
   */
  async finish(): Promise<PartSummary> {
    assert(this.#seriesCount > 0, "a part has series");
    const { disk, folder, name } = this.#options;
    const path = join(folder, name);
    try {
      await this.#writeEnd();
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

  async #writeEnd(): Promise<void> {
    const sink = this.#sink;
    this.#flushSeriesPage(this.#seriesCount);
    const sections: Section[] = [sink.endSection(SECTION_DATA, NO_META)];
    sink.startSection();
    const seriesRoot = this.#seriesTree.finish();
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
    this.#writeFooter(sections);
  }

  #writeIdentities(): void {
    const identities = this.#identities.bytes();
    const pageSize = IDENTITIES_PER_PAGE * IDENTITY_SIZE;
    for (let start = 0; start < identities.length; start += pageSize)
      this.#sink.appendUnit(identities.subarray(start, start + pageSize));
  }

  #writeFooter(sections: readonly Section[]): void {
    const { laneRange, generation, deletesDone, replaces = [] } = this.#options;
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

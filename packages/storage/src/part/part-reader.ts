/**
 * Reads one part. Opening it reads only the footer; index pages come on demand through the page cache.
 * Every unit read from the disk is checked by its CRC32C. Format: docs/formats/part.md.
 *
 * Every method that reads throws a CorruptionError (code TIDELINE_PART), naming file and offset, when the
 * bytes are not what was written: the caller sets the part aside (PartSet.setAside) and reports it.
 */
import type { Disk } from "@tideline/common";
import type { Tenant, ValueBlock } from "@tideline/model";
import type { LabelIndex, Ordinals } from "../index/label-index.ts";
import type { LaneRange } from "../lane-range.ts";
import type { PageCache } from "./page-cache.ts";

/** What the footer tells. */
export interface PartFacts {
  readonly laneRange: LaneRange;
  readonly generation: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly seriesCount: number;
  readonly sampleCount: number;
  readonly blockCount: number;
  readonly timestampBlockCount: number;
  readonly replaces: readonly string[];
  /** Program and version that wrote it, for humans. */
  readonly writer: string;
}

export interface PartSeriesBlocks {
  /** Canonical key; a view into a cached page that stays valid. */
  readonly key: Uint8Array;
  /** 16 bytes; a view that stays valid. */
  readonly identity: Uint8Array;
  /** Ascending in time, not overlapping. */
  readonly blocks: readonly PartBlockInfo[];
}

export interface PartBlockInfo {
  readonly count: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export class PartReader implements LabelIndex {
  readonly path: string;
  /** Size of the file in bytes. */
  readonly size: number;
  readonly facts: PartFacts;

  private constructor(path: string, size: number, facts: PartFacts) {
    this.path = path;
    this.size = size;
    this.facts = facts;
  }

  /** Reads the footer. @throws {CorruptionError} */
  static open(_disk: Disk, _path: string, _cache: PageCache): PartReader {
    throw new Error("not built yet");
  }

  /** Tenants that have series in the part. */
  tenants(): Tenant[] {
    throw new Error("not built yet");
  }

  seriesOf(_tenant: Tenant): Ordinals {
    throw new Error("not built yet");
  }

  labelNames(_tenant: Tenant): Iterable<string> {
    throw new Error("not built yet");
  }

  labelValues(_tenant: Tenant, _name: string): Iterable<string> {
    throw new Error("not built yet");
  }

  postings(_tenant: Tenant, _name: string, _value: string): Ordinals {
    throw new Error("not built yet");
  }

  /**
   * Series whose identity falls into `range`; null when all of them do by what the footer says. Reads 16 bytes per series
   * otherwise: ask once and keep the answer.
   */
  ordinalsIn(_range: LaneRange): Ordinals | null {
    throw new Error("not built yet");
  }

  series(_ordinal: number): PartSeriesBlocks {
    throw new Error("not built yet");
  }

  /**
   * The blocks of a series that meet the time range, ascending in time; samples outside of it may be included.
   * `timestamps.id` is the timestamp block's offset in this file: equal ids of one part mean the same block. Ask in ascending
   * ordinals: neighbours are read together. The bytes are views that stay valid.
   */
  readBlocks(_ordinal: number, _startMs: number, _endMs: number): ValueBlock[] {
    throw new Error("not built yet");
  }

  /** Reads the whole file and checks every byte of it. @throws {CorruptionError} */
  verify(): void {
    throw new Error("not built yet");
  }

  /** Views given out stay valid. */
  close(): void {
    throw new Error("not built yet");
  }
}

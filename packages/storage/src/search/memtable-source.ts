/** A memtable as a search source: raw samples are packed into blocks when they are asked for. */
import type { Tenant } from "@tideline/model";
import { encodeValues, VALUES_PER_BLOCK_MAX, wrapValues } from "@tideline/kernels";
import type { TombstonesOf } from "../deletes/delete-set.ts";
import { rangesLeft, type TimeRange } from "../deletes/time-ranges.ts";
import type { Tombstones } from "../deletes/tombstones.ts";
import type { Memtable } from "../head/memtable.ts";
import type { SampleColumns } from "../head/sample-chains.ts";
import type { LabelIndex, Ordinals } from "../index/label-index.ts";
import { selectSeries, type CompiledFilters } from "../index/select.ts";
import { lowerBound } from "./lower-bound.ts";
import type { SeriesTarget } from "./series-target.ts";
import type { SearchSource } from "./source.ts";
import { TimestampPacker } from "./timestamp-packer.ts";

/** So many values are not worth packing. */
const WRAPPED_COUNT_MAX = 128;

export interface MemtableSourceOptions {
  readonly memtable: Memtable;
  readonly startMs: number;
  readonly endMs: number;
  readonly firstTimestampId: number;
  /** What was deleted of it; null where nothing can have been. */
  readonly tombstonesOf: TombstonesOf | null;
}

export class MemtableSource implements SearchSource {
  readonly where = "head";
  readonly #memtable: Memtable;
  readonly #range: TimeRange;
  readonly #tombstonesOf: TombstonesOf | null;
  readonly #packer: TimestampPacker;
  /** Room for the key asked for last: memory of its own for each would cost more than all the rest of it. */
  #key = new Uint8Array(1024);
  readonly #columns: SampleColumns = {
    timestampsMs: new Float64Array(0),
    values: new Float64Array(0),
  };

  constructor(options: MemtableSourceOptions) {
    const { memtable, startMs, endMs, firstTimestampId, tombstonesOf } = options;
    this.#memtable = memtable;
    this.#range = { startMs, endMs };
    this.#tombstonesOf = tombstonesOf;
    this.#packer = new TimestampPacker(firstTimestampId);
  }

  get index(): LabelIndex {
    return this.#memtable.labels;
  }

  /** Series whose rows were all refused are in the index, too, and are none of the answer. */
  get isWhole(): boolean {
    return this.#memtable.isFilled && this.#tombstones === null;
  }

  select(tenant: Tenant, filters: CompiledFilters): Ordinals {
    const slots = selectSeries(this.#memtable.labels, tenant, filters);
    const meets = (slot: number, { startMs, endMs }: TimeRange): boolean =>
      this.#memtable.meets(slot, startMs, endMs);
    const met = slots.filter((slot) => meets(slot, this.#range));
    return this.#tombstones?.strip(met, this.#range, meets) ?? met;
  }

  readonly selectsExactly = true;

  meets(): boolean {
    return true;
  }

  identityOf(ordinal: number): Uint8Array {
    return this.#memtable.identityOf(ordinal);
  }

  keyOf(ordinal: number): Uint8Array {
    return this.#key.subarray(0, this.#copyKey(ordinal));
  }

  /** @returns its size */
  #copyKey(ordinal: number): number {
    const { rows } = this.#memtable.labels;
    const size = rows.keySize(ordinal);
    if (size > this.#key.length) this.#key = new Uint8Array(size * 2);
    rows.copyKey(ordinal, this.#key);
    return size;
  }

  readSeries(ordinal: number, target: SeriesTarget): void {
    const keySize = this.#copyKey(ordinal);
    target.beginSeries(this.#key, 0, keySize);
    const { startMs, endMs } = this.#range;
    const count = this.#memtable.read(ordinal, this.#columns, startMs, endMs);
    const gone = this.#tombstones?.rangesOf(ordinal) ?? [];
    const ranges = gone.length === 0 ? [this.#range] : rangesLeft(this.#range, gone);
    for (const range of ranges) this.#pack(count, range, target);
  }

  /** Puts what of the columns is in the range, as blocks. */
  #pack(count: number, { startMs, endMs }: TimeRange, target: SeriesTarget): void {
    const { timestampsMs, values } = this.#columns;
    const end = lowerBound(timestampsMs, count, endMs + 1);
    let from = lowerBound(timestampsMs, count, startMs);
    while (from < end) {
      const to = Math.min(end, from + VALUES_PER_BLOCK_MAX);
      const wanted = values.subarray(from, to);
      const timestamps = this.#packer.pack(timestampsMs.subarray(from, to));
      const bytes = to - from <= WRAPPED_COUNT_MAX ? wrapValues(wanted) : encodeValues(wanted);
      target.putBlock(timestamps, bytes, 0, bytes.length);
      from = to;
    }
  }

  setAside(): boolean {
    return false;
  }

  get #tombstones(): Tombstones | null {
    return this.#tombstonesOf?.() ?? null;
  }
}

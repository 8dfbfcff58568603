/**
 * The series and samples of one head generation, in flat memory. Slots are given out in order and never
 * used again inside a generation; samples of any age are taken, in any order.
 */
import { compareBytes } from "@tideline/common";
import { IDENTITY_SIZE, type Tenant } from "@tideline/model";
import {
  keyInRecord,
  labelStart,
  type NumberedSeries,
  type SeriesRecord,
} from "../wal/series-record.ts";
import { IdentityTable, NO_SLOT } from "./identity-table.ts";
import { NO_PAIR } from "./label-pairs.ts";
import { SampleChains, type SampleColumns } from "./sample-chains.ts";
import { SeriesLabels } from "./series-labels.ts";

export { NO_SLOT } from "./identity-table.ts";

/** Why a series cannot be registered. */
export type BadSeries = "bad_series_key" | "identity_conflict";

/** What is left of a generation once its samples are in a part: enough to define its series again. */
export interface SeriesDictionary {
  readonly seriesCount: number;
  readonly memorySize: number;
  /** The slot of an identity, or NO_SLOT. */
  find(identities: Uint8Array, offset: number): number;
  /** A view, void after the next registration. */
  identityOf(slot: number): Uint8Array;
  /** Owned by the caller. */
  keyOf(slot: number): Uint8Array<ArrayBuffer>;
}

export class Memtable implements SeriesDictionary, NumberedSeries {
  readonly #identities = new IdentityTable();
  readonly labels = new SeriesLabels();
  readonly #samples = new SampleChains();

  get seriesCount(): number {
    return this.#identities.count;
  }

  get sampleCount(): number {
    return this.#samples.sampleCount;
  }

  /** Whether each series has a sample: not when all rows of one were refused. */
  get isFilled(): boolean {
    return this.#samples.filledCount === this.seriesCount;
  }

  /** Time of the oldest sample; Infinity when there is none. */
  get minMs(): number {
    return this.#samples.minMs;
  }

  /** Time of the newest sample; -Infinity when there is none. */
  get maxMs(): number {
    return this.#samples.maxMs;
  }

  /** Bytes of all tables and slabs, whether filled or not. */
  get memorySize(): number {
    return this.#identities.memorySize + this.labels.memorySize + this.#samples.memorySize;
  }

  find(identities: Uint8Array, offset: number): number {
    return this.#identities.find(identities, offset);
  }

  identityOf(slot: number): Uint8Array {
    return this.#identities.identity(slot);
  }

  keyOf(slot: number): Uint8Array<ArrayBuffer> {
    return this.labels.rows.keyOf(slot);
  }

  /**
   * The slot of a series, made if it is new. Where the identity is known its labels are compared, so that two
   * series can never melt into one.
   *
   * @param identities, offset where the identity lies; borrowed, as is `key`
   */
  register(identities: Uint8Array, offset: number, key: Uint8Array): number | BadSeries {
    const known = this.#identities.find(identities, offset);
    if (known !== NO_SLOT) {
      return compareBytes(this.labels.rows.keyOf(known), key) === 0 ? known : "identity_conflict";
    }
    if (!this.labels.add(key)) return "bad_series_key";
    const slot = this.#identities.add(identities, offset);
    this.#samples.ensure(slot + 1);
    return slot;
  }

  /**
   * Registers the series of a record.
   *
   * @param slots is overwritten: the slot of each, NO_SLOT for one that cannot be registered
   */
  registerAll(series: SeriesRecord, slots: Uint32Array): void {
    const { labels: numbers, labelCounts, identities } = series;
    const tenant = this.labels.open(series.tenant);
    const pairOf = new Uint32Array(series.labelEnds.length).fill(NO_PAIR);
    const pairs = new Uint32Array(numbers.length);
    let end = 0;
    for (let i = 0; i < series.seriesCount; i += 1) {
      const start = end;
      end += labelCounts[i] as number;
      const next = this.#identities.count;
      const slot = this.#identities.findOrAdd(identities, i * IDENTITY_SIZE);
      if (slot !== next) {
        const known = this.register(identities, i * IDENTITY_SIZE, keyInRecord(series, i, start));
        slots[i] = typeof known === "number" ? known : NO_SLOT;
        continue;
      }
      for (let label = start; label < end; label += 1) {
        const number = numbers[label] as number;
        let pair = pairOf[number] as number;
        if (pair === NO_PAIR) {
          const from = labelStart(series, number);
          const to = series.labelEnds[number] as number;
          pair = this.labels.intern(tenant, series.labelBytes, from, to);
          pairOf[number] = pair;
        }
        pairs[label] = pair;
      }
      this.labels.addRow(tenant, pairs, start, end);
      slots[i] = slot;
    }
    this.#samples.ensure(this.#identities.count);
  }

  /** The tenant of a slot. */
  tenantOf(slot: number): Tenant {
    const { rows } = this.labels;
    return rows.tenants[rows.tenantOf(slot)] as Tenant;
  }

  /** Numbers of the labels of a slot, in canonical order: a view, void after the next registration. */
  labelsOf(slot: number): Uint32Array {
    return this.labels.rows.row(slot);
  }

  /** A label as it lies in a key: a view, void after the next registration. */
  labelBytes(label: number): Uint8Array {
    return this.labels.rows.pairs.bytes(label);
  }

  /** Appends rows; those with slot NO_SLOT are passed over. `valueWords` from wordsOf. */
  append(
    slots: Uint32Array,
    timestampsMs: Float64Array,
    valueWords: Uint32Array,
    rowCount: number,
  ): void {
    this.#samples.append(slots, timestampsMs, valueWords, rowCount);
  }

  /** Whether a series may have samples from startMs to endMs. */
  meets(slot: number, startMs: number, endMs: number): boolean {
    return this.#samples.meets(slot, startMs, endMs);
  }

  /** Whether all samples of a series, of which there are some, are from startMs to endMs. */
  liesWithin(slot: number, startMs: number, endMs: number): boolean {
    return this.#samples.liesWithin(slot, startMs, endMs);
  }

  /** Samples of a series; those at one time may be counted more than once. */
  countOf(slot: number): number {
    return this.#samples.count(slot);
  }

  /** Takes out the samples of a series from startMs to endMs; the series stays. */
  remove(slot: number, startMs: number, endMs: number): void {
    this.#samples.remove(slot, startMs, endMs);
  }

  /** Samples of a series, ascending and merged: at least those from startMs to endMs; see SampleChains.read. */
  read(slot: number, columns: SampleColumns, startMs = -Infinity, endMs = Infinity): number {
    return this.#samples.read(slot, columns, startMs, endMs);
  }

  /** The same series without samples and index; shares memory, so the memtable takes no new series afterwards. */
  dictionary(): SeriesDictionary {
    const identities = this.#identities;
    const keys = this.labels.rows;
    return {
      seriesCount: identities.count,
      memorySize: identities.memorySize + keys.memorySize,
      find: (bytes, offset) => identities.find(bytes, offset),
      identityOf: (slot) => identities.identity(slot),
      keyOf: (slot) => keys.keyOf(slot),
    };
  }
}

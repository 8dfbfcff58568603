/**
 * A delete from a head, where it lies: what it takes is gone from memory, and the rows that follow are not concerned. So a head that
 * goes on is never older than a delete, and needs no freezing for it.
 */
import type { SeriesDelete } from "@tideline/model";
import type { Memtable } from "../head/memtable.ts";
import { compileFilters, selectSeries } from "../index/select.ts";

export class HeadDelete {
  readonly #memtable: Memtable;
  readonly #request: SeriesDelete;
  /** Series that lose samples. */
  readonly #slots: Uint32Array;

  /** Looks up what will be taken; void after the next change of the memtable. @throws {InputError} a selector that is none */
  constructor(memtable: Memtable, request: SeriesDelete) {
    const { tenant, filters, startMs, endMs } = request;
    this.#memtable = memtable;
    this.#request = request;
    this.#slots = selectSeries(memtable.labels, tenant, compileFilters(filters)).filter((slot) =>
      memtable.meets(slot, startMs, endMs),
    );
  }

  /** Samples of series that lose some and keep others: these are unpacked and packed again, some 100 ns each. */
  get rewrittenCount(): number {
    const { startMs, endMs } = this.#request;
    let count = 0;
    for (const slot of this.#slots)
      if (!this.#memtable.liesWithin(slot, startMs, endMs)) count += this.#memtable.countOf(slot);
    return count;
  }

  apply(): void {
    const { startMs, endMs } = this.#request;
    for (const slot of this.#slots) this.#memtable.remove(slot, startMs, endMs);
  }
}

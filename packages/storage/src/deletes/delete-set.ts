/**
 * The deletes that a lane knows of, and what they have taken from each of its sources.
 *
 * A source tells up to which number deletes are done with; only later ones are looked at, so a log of any length costs
 * nothing once the parts it applied to are merged. The series that a delete matches in a source are found once.
 */
import type { Disk } from "@tideline/common";
import { CorruptionError, formatTenant, type Tenant } from "@tideline/model";
import type { LabelIndex, Ordinals } from "../index/label-index.ts";
import { compileFilters, selectSeries, type CompiledFilters } from "../index/select.ts";
import { readDeleteLog, type DeleteLog } from "./delete-log.ts";
import type { DeleteRecord } from "./delete-record.ts";
import { rangesOverlap, type TimeRange } from "./time-ranges.ts";
import { Tombstones, type Tombstone } from "./tombstones.ts";

interface KnownDelete extends TimeRange {
  readonly number: number;
  readonly tenant: Tenant;
  readonly filters: CompiledFilters;
}

/** What deletes are applied to. It holds still: the same series have the same ordinals, and none is added. */
export interface DeletedSource {
  /** What the answer is remembered with: the part or the memtable. */
  readonly holder: object;
  readonly index: LabelIndex;
  readonly deletesDone: number;
  /** Of its oldest and newest sample. */
  readonly minMs: number;
  readonly maxMs: number;
}

/** Asked when they are needed: reading an index may fail. Null when nothing was deleted. */
export type TombstonesOf = () => Tombstones | null;

const NO_DELETES: readonly KnownDelete[] = [];

export class DeleteSet {
  /** By tenant, ascending by number. */
  readonly #byTenant = new Map<string, KnownDelete[]>();
  /** Per holder: number of a delete → series that it matches. */
  readonly #matched = new WeakMap<object, Map<number, Ordinals>>();
  readonly #damaged: { readonly where: string; readonly reason: string }[];
  #newestNumber: number;

  constructor({ records, damaged, newestNumber }: DeleteLog) {
    this.#damaged = [...damaged];
    this.#newestNumber = newestNumber;
    for (const record of records) this.#add(record);
  }

  /** @throws the Disk's error when the log cannot be read */
  static read(disk: Disk, dataPath: string): DeleteSet {
    return new DeleteSet(readDeleteLog(disk, dataPath));
  }

  /** 0 = none. */
  get newestNumber(): number {
    return this.#newestNumber;
  }

  /** Deletes whose files cannot be read: what they deleted may be back. */
  get damaged(): readonly { readonly where: string; readonly reason: string }[] {
    return this.#damaged;
  }

  /** Takes in a delete that was written to the log; one that cannot be read is damaged. */
  add(number: number, record: DeleteRecord | CorruptionError): void {
    this.skip(number);
    if (record instanceof CorruptionError)
      this.#damaged.push({ where: `delete ${number}`, reason: record.message });
    else this.#add(record);
  }

  /** The number is used up, by a delete that failed. */
  skip(number: number): void {
    this.#newestNumber = Math.max(this.#newestNumber, number);
  }

  /** What is deleted of a tenant's series in a source; null when no delete is later than the source. */
  tombstonesOf(source: DeletedSource, tenant: Tenant): TombstonesOf | null {
    const times = { startMs: source.minMs, endMs: source.maxMs };
    const deletes = this.#after(tenant, source.deletesDone).filter((known) =>
      rangesOverlap(known, times),
    );
    if (deletes.length === 0) return null;
    let found: Tombstones | null | undefined;
    return () => {
      if (found === undefined) found = this.#find(source, deletes);
      return found;
    };
  }

  #add({ number, request }: DeleteRecord): void {
    const { tenant, startMs, endMs } = request;
    const filters = compileFilters(request.filters);
    const name = formatTenant(tenant);
    const list = this.#byTenant.get(name) ?? [];
    list.push({ number, tenant, filters, startMs, endMs });
    this.#byTenant.set(name, list);
  }

  #after(tenant: Tenant, deletesDone: number): readonly KnownDelete[] {
    if (deletesDone >= this.#newestNumber) return NO_DELETES;
    const list = this.#byTenant.get(formatTenant(tenant)) ?? NO_DELETES;
    const from = list.findIndex(({ number }) => number > deletesDone);
    return from === -1 ? NO_DELETES : list.slice(from);
  }

  #find(source: DeletedSource, deletes: readonly KnownDelete[]): Tombstones | null {
    const entries: Tombstone[] = [];
    for (const known of deletes) {
      const ordinals = this.#match(source, known);
      const { startMs, endMs } = known;
      if (ordinals.length > 0) entries.push({ startMs, endMs, ordinals });
    }
    if (entries.length === 0) return null;
    return new Tombstones(entries, { startMs: source.minMs, endMs: source.maxMs });
  }

  #match({ holder, index }: DeletedSource, { number, tenant, filters }: KnownDelete): Ordinals {
    let matched = this.#matched.get(holder);
    if (!matched) this.#matched.set(holder, (matched = new Map<number, Ordinals>()));
    let ordinals = matched.get(number);
    if (!ordinals) matched.set(number, (ordinals = selectSeries(index, tenant, filters)));
    return ordinals;
  }
}

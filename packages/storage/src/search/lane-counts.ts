/**
 * How many series of one lane have each label, answered by its indexes alone: no key of a series is read, no sample touched.
 *
 * A series that several sources have is counted in the first of them: each source has a bit per series that is its to count, and
 * a label's count there is how many of the label's series have it set. The sorted labels of the sources are merged as they
 * are read, so memory holds a bit and, with several sources, an identity per series, whatever the labels are.
 */
import { compareBytes } from "@tideline/common";
import { type Coverage, type SearchQuery, tooManySeries } from "@tideline/model";
import { CountFrameEncoder, type FrameSearch } from "@tideline/wire";
import { IdentityTable, NO_SLOT } from "../head/identity-table.ts";
import type { LabelSeries, Ordinals } from "../index/label-index.ts";
import { compileFilters } from "../index/select.ts";
import { Breather } from "../lane/breather.ts";
import { FRAME_SIZE_TARGET } from "./encoder-pool.ts";
import { sortTexts } from "./sort-texts.ts";
import type { SourceSet } from "./source-set.ts";

/** The clock is asked once per so many series. */
const CHECK_EVERY = 32;
const NO_ORDINALS: Ordinals = new Uint32Array(0);
const NO_BYTES = new Uint8Array(0);

export class LaneCounts implements FrameSearch {
  readonly #query: SearchQuery;
  readonly #open: () => SourceSet;
  readonly #signal: AbortSignal;
  readonly #breather = new Breather();
  #sources: SourceSet | null = null;

  constructor(query: SearchQuery, open: () => SourceSet, signal: AbortSignal) {
    this.#query = query;
    this.#open = open;
    this.#signal = signal;
  }

  coverage(): Coverage {
    return { missing: this.#sources?.missing ?? [] };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const filters = compileFilters(this.#query.filters);
    const sources = this.#open();
    this.#sources = sources;
    try {
      const counted = await this.#divide(sources, filters);
      const encoder = new CountFrameEncoder(FRAME_SIZE_TARGET);
      const total = counted.reduce((sum, { size }) => sum + size, 0);
      if (total === 0) return;
      encoder.append(NO_BYTES, NO_BYTES, total);
      for (const name of this.#names(sources)) {
        yield* this.#countName(sources, counted, name, encoder);
      }
      const rest = encoder.take();
      if (rest) yield rest;
    } finally {
      sources.release();
    }
  }

  /** Which of the selected series each source counts. */
  async #divide(
    sources: SourceSet,
    filters: ReturnType<typeof compileFilters>,
  ): Promise<SeriesBits[]> {
    const { tenant } = this.#query;
    const known = new IdentityTable();
    const counted: SeriesBits[] = [];
    let total = 0;
    for (let number = 0; number < sources.count; number += 1) {
      const ordinals = sources.using(number, (source) => source.select(tenant, filters));
      const bits = new SeriesBits(ordinals ?? NO_ORDINALS);
      counted.push(bits);
      const isExact = sources.using(number, (source) => source.selectsExactly) ?? true;
      if (sources.count > 1 || !isExact)
        await this.#leaveOut(sources, number, ordinals ?? NO_ORDINALS, bits, known);
      total += bits.size;
      this.#checkCount(total);
      if (this.#breather.due) await this.#breathe();
    }
    return counted;
  }

  /** Takes away what is not in the time range, and what an earlier source has, too. */
  async #leaveOut(
    sources: SourceSet,
    number: number,
    ordinals: Ordinals,
    bits: SeriesBits,
    known: IdentityTable,
  ): Promise<void> {
    for (let i = 0; i < ordinals.length; i += 1) {
      const ordinal = ordinals[i] as number;
      sources.using(number, (source) => {
        const identity = source.identityOf(ordinal);
        if (!source.meets(ordinal) || known.find(identity, 0) !== NO_SLOT) bits.delete(ordinal);
        else known.add(identity, 0);
      });
      if (i % CHECK_EVERY === 0 && this.#breather.due) await this.#breathe();
    }
  }

  /** Names of labels in all sources, sorted. */
  #names(sources: SourceSet): string[] {
    const names = new Set<string>();
    for (let number = 0; number < sources.count; number += 1) {
      sources.using(number, (source) => {
        for (const name of source.index.labelNames(this.#query.tenant)) names.add(name);
      });
    }
    return sortTexts(names);
  }

  async *#countName(
    sources: SourceSet,
    counted: readonly SeriesBits[],
    name: string,
    encoder: CountFrameEncoder,
  ): AsyncGenerator<Uint8Array> {
    const nameBytes = Buffer.from(name);
    const cursors: ValueCursor[] = [];
    for (const [number, bits] of counted.entries()) {
      if (bits.size === 0) continue;
      const cursor = await ValueCursor.open(sources, number, this.#query, name, this.#breather);
      if (cursor.next()) cursors.push(cursor);
    }
    let addedCount = 0;
    while (cursors.length > 0) {
      const { value, seriesCount } = takeLeast(cursors, counted);
      if (seriesCount > 0) encoder.append(nameBytes, value, seriesCount);
      if (encoder.isFull) yield encoder.take() as Uint8Array;
      addedCount += 1;
      if (addedCount % CHECK_EVERY === 0 && this.#breather.due) await this.#breathe();
    }
  }

  async #breathe(): Promise<void> {
    await this.#breather.breathe();
    this.#signal.throwIfAborted();
  }

  #checkCount(seriesCount: number): void {
    const { seriesCountMax } = this.#query;
    if (seriesCountMax === 0 || seriesCount <= seriesCountMax) return;
    throw tooManySeries(seriesCountMax);
  }
}

/** The series of one source that are its to count. */
class SeriesBits {
  readonly #bits: Uint32Array;
  size: number;

  constructor(ordinals: Ordinals) {
    this.#bits = new Uint32Array(((ordinals.at(-1) ?? 0) >>> 5) + 1);
    this.size = ordinals.length;
    for (const ordinal of ordinals)
      this.#bits[ordinal >>> 5] = (this.#bits[ordinal >>> 5] as number) | (1 << (ordinal & 31));
  }

  /** It is in. */
  delete(ordinal: number): void {
    this.#bits[ordinal >>> 5] = (this.#bits[ordinal >>> 5] as number) & ~(1 << (ordinal & 31));
    this.size -= 1;
  }

  /** How many of `ordinals` are in. */
  countOf(ordinals: Ordinals): number {
    let count = 0;
    for (let i = 0; i < ordinals.length; i += 1) {
      const ordinal = ordinals[i] as number;
      count += ((this.#bits[ordinal >>> 5] ?? 0) >>> (ordinal & 31)) & 1;
    }
    return count;
  }
}

/** Walks the values of one label in one source. */
class ValueCursor {
  readonly number: number;
  readonly #sources: SourceSet;
  readonly #values: Iterator<LabelSeries>;
  /** Both are borrowed until the next wait. */
  value: Uint8Array = NO_BYTES;
  series: Ordinals = NO_ORDINALS;

  private constructor(sources: SourceSet, number: number, values: Iterator<LabelSeries>) {
    this.#sources = sources;
    this.number = number;
    this.#values = values;
  }

  static async open(
    sources: SourceSet,
    number: number,
    { tenant }: SearchQuery,
    name: string,
    breather: Breather,
  ): Promise<ValueCursor> {
    const opened = sources.using(number, ({ index }) => index.sortedValues(tenant, name, breather));
    const values = (await opened) ?? [];
    return new ValueCursor(sources, number, values[Symbol.iterator]());
  }

  /** False at the end, and where the source proves damaged. */
  next(): boolean {
    const result = this.#sources.using(this.number, () => this.#values.next());
    if (!result || result.done === true) return false;
    this.value = result.value.value;
    this.series = result.value.series;
    return true;
  }
}

/** The least value that a cursor stands at, counted over all cursors that do; they go on. Cursors at their end are left out. */
function takeLeast(
  cursors: ValueCursor[],
  counted: readonly SeriesBits[],
): { value: Uint8Array; seriesCount: number } {
  let least = cursors[0] as ValueCursor;
  for (const cursor of cursors) if (compareBytes(cursor.value, least.value) < 0) least = cursor;
  const { value } = least;
  let seriesCount = 0;
  for (let i = cursors.length - 1; i >= 0; i -= 1) {
    const cursor = cursors[i] as ValueCursor;
    if (compareBytes(cursor.value, value) !== 0) continue;
    seriesCount += (counted[cursor.number] as SeriesBits).countOf(cursor.series);
    if (!cursor.next()) cursors.splice(i, 1);
  }
  return { value, seriesCount };
}

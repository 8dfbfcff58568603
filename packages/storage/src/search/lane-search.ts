/**
 * A search of one lane: frames of series, each with its blocks of all sources. Works in slices; the sources
 * are what was there when it began, and stay readable until it ends.
 */
import { type Coverage, tooManySeries } from "@tideline/model";
import type { FrameQuery, FrameSearch, SeriesFrameEncoder } from "@tideline/wire";
import { compileFilters, type CompiledFilters } from "../index/select.ts";
import { Breather } from "../lane/breather.ts";
import type { EncoderPool } from "./encoder-pool.ts";
import { SeriesOfMany, SeriesOfOne, type FoundSeries } from "./found-series.ts";
import { SeriesGroups } from "./series-groups.ts";
import type { SourceSet } from "./source-set.ts";

/** The clock is asked once per so many series: some microseconds each. */
const CHECK_EVERY = 32;
const NO_ORDINALS = new Uint32Array(0);

export class LaneSearch implements FrameSearch {
  readonly #query: FrameQuery;
  readonly #open: () => SourceSet;
  readonly #encoders: EncoderPool;
  readonly #signal: AbortSignal;
  #sources: SourceSet | null = null;
  #seriesCount = 0;

  constructor(
    query: FrameQuery,
    open: () => SourceSet,
    encoders: EncoderPool,
    signal: AbortSignal,
  ) {
    this.#query = query;
    this.#open = open;
    this.#encoders = encoders;
    this.#signal = signal;
  }

  coverage(): Coverage {
    return { missing: this.#sources?.missing ?? [] };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const filters = compileFilters(this.#query.filters);
    const sources = this.#open();
    this.#sources = sources;
    const breather = new Breather();
    try {
      const found = await this.#find(sources, filters, breather);
      const encoder = this.#encoders.take(this.#query);
      for (let next = 0; next < found.count;) {
        next = this.#readSome(found, next, encoder);
        for (let frame = encoder.takeFull(); frame; frame = encoder.takeFull()) yield frame;
        if (breather.due) await this.#breathe(breather);
      }
      const rest = encoder.takeRest();
      this.#encoders.giveBack(encoder);
      if (rest) yield rest;
    } finally {
      sources.release();
    }
  }

  /** Reads series from the one at `from` on, until a frame is full or the clock is to be asked. @returns the next one */
  #readSome(found: FoundSeries, from: number, encoder: SeriesFrameEncoder): number {
    const end = Math.min(found.count, from + CHECK_EVERY);
    let next = from;
    while (next < end && !encoder.hasFull) {
      if (found.read(next, encoder)) this.#countOne();
      next += 1;
    }
    return next;
  }

  async #find(
    sources: SourceSet,
    filters: CompiledFilters,
    breather: Breather,
  ): Promise<FoundSeries> {
    const groups = new SeriesGroups();
    for (let number = 0; number < sources.count; number += 1) {
      const ordinals = sources.using(number, (source) =>
        source.select(this.#query.tenant, filters),
      );
      if (sources.count === 1) return new SeriesOfOne(sources, number, ordinals ?? NO_ORDINALS);
      let addedCount = 0;
      for (const ordinal of ordinals ?? []) {
        sources.using(number, (source) => {
          groups.add(number, ordinal, source.identityOf(ordinal));
        });
        addedCount += 1;
        if (addedCount % CHECK_EVERY === 0 && breather.due) await this.#breathe(breather);
      }
      if (breather.due) await this.#breathe(breather);
    }
    return new SeriesOfMany(sources, groups);
  }

  async #breathe(breather: Breather): Promise<void> {
    await breather.breathe();
    this.#signal.throwIfAborted();
  }

  #countOne(): void {
    this.#seriesCount += 1;
    const { seriesCountMax } = this.#query;
    if (seriesCountMax === 0 || this.#seriesCount <= seriesCountMax) return;
    throw tooManySeries(seriesCountMax);
  }
}

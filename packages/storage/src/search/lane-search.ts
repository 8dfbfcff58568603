/**
 * A search of one lane: frames of series, each with its blocks of all sources. Works in slices; the sources
 * are what was there when it began, and stay readable until it ends.
 */
import { type Coverage, type SeriesBlocks, type ValueBlock, tooManySeries } from "@tideline/model";
import type { FrameQuery, FrameSearch } from "@tideline/wire";
import { compileFilters } from "../index/select.ts";
import { Breather } from "../lane/breather.ts";
import type { EncoderPool } from "./encoder-pool.ts";
import { groupsOfOne, SeriesGroups, type Groups, type SeriesMember } from "./series-groups.ts";
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
      const groups = await this.#group(sources, filters, breather);
      const encoder = this.#encoders.take(this.#query.offers);
      let seriesCount = 0;
      for (let group = 0; group < groups.count; group += 1) {
        const series = readSeries(sources, groups.members(group));
        if (series) {
          seriesCount += 1;
          this.#checkCount(seriesCount);
          encoder.append(series);
        }
        for (let frame = encoder.takeFull(); frame; frame = encoder.takeFull()) yield frame;
        if (group % CHECK_EVERY === 0 && breather.due) await this.#breathe(breather);
      }
      const rest = encoder.takeRest();
      this.#encoders.giveBack(encoder);
      if (rest) yield rest;
    } finally {
      sources.release();
    }
  }

  async #group(
    sources: SourceSet,
    filters: ReturnType<typeof compileFilters>,
    breather: Breather,
  ): Promise<Groups> {
    const groups = new SeriesGroups();
    for (let number = 0; number < sources.count; number += 1) {
      const ordinals = sources.using(number, (source) =>
        source.select(this.#query.tenant, filters),
      );
      if (sources.count === 1) return groupsOfOne(number, ordinals ?? NO_ORDINALS);
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
    return groups;
  }

  async #breathe(breather: Breather): Promise<void> {
    await breather.breathe();
    this.#signal.throwIfAborted();
  }

  #checkCount(seriesCount: number): void {
    const { seriesCountMax } = this.#query;
    if (seriesCountMax === 0 || seriesCount <= seriesCountMax) return;
    throw tooManySeries(seriesCountMax);
  }
}

/** Null when no source has a block of the series in the time range. */
function readSeries(sources: SourceSet, members: Iterable<SeriesMember>): SeriesBlocks | null {
  const blocks: ValueBlock[] = [];
  let key: Uint8Array | null = null;
  let sourceCount = 0;
  for (const { source: number, ordinal } of members) {
    sourceCount += 1;
    sources.using(number, (source) => {
      const from = blocks.length;
      source.readBlocks(ordinal, blocks);
      if (blocks.length > from) key ??= source.keyOf(ordinal);
    });
  }
  if (!key) return null;
  if (sourceCount > 1) blocks.sort((a, b) => a.timestamps.minMs - b.timestamps.minMs);
  return { key, blocks };
}

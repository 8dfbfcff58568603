/**
 * FrameSource: the contract of reading at the level of bytes. What storage and cluster implement, so that
 * frames pass through main threads, ports and gRPC without being decoded; only the reader decodes.
 */
import {
  tooManySeries,
  type Coverage,
  type IndexAnswer,
  type LabelCount,
  type LabelCounts,
  type SearchQuery,
  type SeriesBatch,
  type SeriesSearch,
  type SeriesSource,
} from "@tideline/model";
import { decodeCountFrame } from "../label-counts/codec.ts";
import { SeriesFrameDecoder } from "./decode.ts";
import { damaged } from "./frame-start.ts";
import type { FrameQuery } from "./key-list.ts";
import { KnownKeys, type KnownKeyList } from "./known-keys.ts";

/** The series frames of one search. Each frame is owned by the consumer: it may transfer or keep it. */
export interface FrameSearch extends AsyncIterable<Uint8Array> {
  /** What is missing; final once the iteration has ended. */
  coverage(): Coverage;
}

/** As SeriesSource, with series as frames (docs/formats/series-frame.md). */
export interface FrameSource {
  /** Cancels by `signal`; also when the iteration is left early. Errors as SeriesSource.search. */
  searchFrames(query: FrameQuery, signal: AbortSignal): FrameSearch;
  labelNames: SeriesSource["labelNames"];
  labelValues: SeriesSource["labelValues"];
  seriesKeys(
    query: SearchQuery,
    limit: number,
    signal: AbortSignal,
  ): Promise<IndexAnswer<Uint8Array>>;
  /** Count frames, as SeriesSource.labelCounts has the counts. */
  labelCounts(query: SearchQuery, signal: AbortSignal): FrameSearch;
}

/** Decodes a FrameSource. Its batches are the series of one frame each. Remembers keys, so that they need not be sent again. */
export function seriesSourceOf(source: FrameSource): SeriesSource {
  const knownKeys = new KnownKeys();
  return {
    search(query, signal) {
      return new DecodedSearch(source, query, signal, knownKeys);
    },
    labelNames: (query, limit, signal) => source.labelNames(query, limit, signal),
    labelValues: (name, query, limit, signal) => source.labelValues(name, query, limit, signal),
    seriesKeys: (query, limit, signal) => source.seriesKeys(query, limit, signal),
    labelCounts(query, signal) {
      return new DecodedCounts(source.labelCounts(query, signal), query.seriesCountMax);
    },
  };
}

class DecodedSearch implements SeriesSearch {
  readonly #query: SearchQuery;
  readonly #knownKeys: KnownKeys;
  readonly #offers: readonly KnownKeyList[];
  readonly #frames: FrameSearch;

  constructor(source: FrameSource, query: SearchQuery, signal: AbortSignal, knownKeys: KnownKeys) {
    this.#query = query;
    this.#knownKeys = knownKeys;
    this.#offers = knownKeys.of(query);
    const offers = this.#offers;
    this.#frames = source.searchFrames(offers.length > 0 ? { ...query, offers } : query, signal);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SeriesBatch> {
    const decoder = new SeriesFrameDecoder(this.#offers);
    for await (const frame of this.#frames) {
      const batch = decoder.decode(frame);
      if (batch.rows && !this.#query.leaf) throw damaged("rows that nobody asked for");
      yield batch;
    }
    this.#knownKeys.remember(this.#query, decoder.keys.lists);
  }

  coverage(): Coverage {
    return this.#frames.coverage();
  }
}

class DecodedCounts implements LabelCounts {
  readonly #frames: FrameSearch;
  readonly #seriesCountMax: number;

  constructor(frames: FrameSearch, seriesCountMax: number) {
    this.#frames = frames;
    this.#seriesCountMax = seriesCountMax;
  }

  /** The first count is that of all series: lanes keep the limit by themselves, here their sum does. */
  async *[Symbol.asyncIterator](): AsyncGenerator<readonly LabelCount[]> {
    let isFirst = true;
    for await (const frame of this.#frames) {
      const counts = decodeCountFrame(frame);
      const total = isFirst ? (counts[0]?.seriesCount ?? 0) : 0;
      if (this.#seriesCountMax > 0 && total > this.#seriesCountMax)
        throw tooManySeries(this.#seriesCountMax);
      isFirst = false;
      yield counts;
    }
  }

  coverage(): Coverage {
    return this.#frames.coverage();
  }
}

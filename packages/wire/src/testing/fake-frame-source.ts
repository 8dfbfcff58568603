/**
 * A FrameSource of arrays: gives prepared frames and items to whoever asks, counts who reads, and can fail
 * or wait in the middle.
 */
import {
  COMPLETE,
  type Coverage,
  type IndexAnswer,
  type LabelCount,
  type SearchQuery,
  type SeriesBlocks,
} from "@tideline/model";
import { CountFrameEncoder } from "../label-counts/codec.ts";
import { SeriesFrameEncoder } from "../series-frame/encode.ts";
import type { FrameQuery } from "../series-frame/key-list.ts";
import type { FrameSearch, FrameSource } from "../series-frame/frame-source.ts";

export interface FakeFrameSourceOptions {
  /** Each goes into a frame of its own. */
  readonly series?: readonly SeriesBlocks[];
  readonly names?: readonly string[];
  readonly keys?: readonly Uint8Array[];
  /** Each goes into a frame of its own. */
  readonly counts?: readonly LabelCount[];
  readonly coverage?: Coverage;
  /** Thrown once all frames were given, or instead of items. */
  readonly error?: unknown;
  /** Waits for the signal instead of ending. */
  readonly hangs?: boolean;
}

export class FakeFrameSource implements FrameSource {
  readonly #options: FakeFrameSourceOptions;
  /** What was asked for, in order. */
  readonly queries: FrameQuery[] = [];
  frameCount = 0;
  /** Searches that have begun and are neither ended, failed nor left. */
  openCount = 0;

  constructor(options: FakeFrameSourceOptions = {}) {
    this.#options = options;
  }

  searchFrames(query: FrameQuery, signal: AbortSignal): FrameSearch {
    const frames = this.#frames(query, signal);
    return {
      [Symbol.asyncIterator]: () => frames,
      coverage: () => this.#options.coverage ?? COMPLETE,
    };
  }

  async labelNames(query: SearchQuery, limit: number, signal: AbortSignal) {
    return this.#items(this.#options.names ?? [], { query, limit, signal });
  }

  async labelValues(name: string, query: SearchQuery, limit: number, signal: AbortSignal) {
    const values = (this.#options.names ?? []).map((value) => `${name}-${value}`);
    return this.#items(values, { query, limit, signal });
  }

  labelCounts(query: SearchQuery, signal: AbortSignal): FrameSearch {
    const frames = this.#countFrames(query, signal);
    return {
      [Symbol.asyncIterator]: () => frames,
      coverage: () => this.#options.coverage ?? COMPLETE,
    };
  }

  async seriesKeys(query: SearchQuery, limit: number, signal: AbortSignal) {
    return this.#items(this.#options.keys ?? [], { query, limit, signal });
  }

  async *#countFrames(query: SearchQuery, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    this.queries.push(query);
    for (const { name, value, seriesCount } of this.#options.counts ?? []) {
      const encoder = new CountFrameEncoder();
      encoder.append(Buffer.from(name), Buffer.from(value), seriesCount);
      yield encoder.take() as Uint8Array;
      signal.throwIfAborted();
    }
    await this.#finish(signal);
  }

  async *#frames(query: FrameQuery, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    this.queries.push(query);
    this.openCount += 1;
    try {
      for (const series of this.#options.series ?? []) {
        const encoder = new SeriesFrameEncoder();
        encoder.begin(query.offers);
        encoder.append(series);
        this.frameCount += 1;
        yield (encoder.takeFull() ?? encoder.takeRest()) as Uint8Array;
        signal.throwIfAborted();
      }
      await this.#finish(signal);
    } finally {
      this.openCount -= 1;
    }
  }

  async #items<T>(
    items: readonly T[],
    { query, limit, signal }: { query: SearchQuery; limit: number; signal: AbortSignal },
  ): Promise<IndexAnswer<T>> {
    this.queries.push(query);
    await this.#finish(signal);
    return {
      items: limit === 0 ? items : items.slice(0, limit),
      coverage: this.#options.coverage ?? COMPLETE,
    };
  }

  async #finish(signal: AbortSignal): Promise<void> {
    if (this.#options.error !== undefined) throw this.#options.error;
    if (!this.#options.hangs) return;
    await new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        reject(signal.reason as Error);
      });
    });
  }
}

/** A series of one block, whose bytes are its name. */
export function fakeSeries(name: string, valueSize = 8): SeriesBlocks {
  const timestamps = { id: 1, count: 3, minMs: 1, maxMs: 3, bytes: Buffer.from("times") };
  return {
    key: Buffer.from(name),
    blocks: [{ timestamps, bytes: Buffer.alloc(valueSize, name) }],
  };
}

/** Asks for everything of the default tenant. */
export const ANY_QUERY: SearchQuery = {
  tenant: { accountId: 0, projectId: 0 },
  filters: [],
  startMs: 0,
  endMs: 1_000_000,
  seriesCountMax: 0,
};

/**
 * A source of which one metric is made up, for a rehearsal: its frames come as if a node had sent them, beside those of the real
 * nodes, which have none of it.
 */
import type { SearchQuery } from "@tideline/model";
import type { FrameQuery, FrameSearch, FrameSource } from "@tideline/wire";
import { MadeUpFrames } from "./made-up-frames.ts";

export class RehearsedSource implements FrameSource {
  readonly #source: FrameSource;
  #metric: { readonly name: string; readonly frames: MadeUpFrames } | null = null;

  constructor(source: FrameSource) {
    this.#source = source;
  }

  /** @param name of the metric, that nobody else knows */
  begin(name: string): void {
    this.#metric = { name, frames: new MadeUpFrames(name) };
  }

  end(): void {
    this.#metric = null;
  }

  searchFrames(query: FrameQuery, signal: AbortSignal): FrameSearch {
    const search = this.#source.searchFrames(query, signal);
    const metric = this.#metric;
    if (metric === null || !isOf(query, metric.name)) return search;
    return withFrames(search, metric.frames.of(query));
  }

  readonly labelNames: FrameSource["labelNames"] = (...args) => this.#source.labelNames(...args);
  readonly labelValues: FrameSource["labelValues"] = (...args) => this.#source.labelValues(...args);
  readonly seriesKeys: FrameSource["seriesKeys"] = (...args) => this.#source.seriesKeys(...args);
  readonly labelCounts: FrameSource["labelCounts"] = (...args) => this.#source.labelCounts(...args);
}

function isOf({ filters }: SearchQuery, name: string): boolean {
  return filters.some((matchers) =>
    matchers.some((matcher) => matcher.name === "__name__" && matcher.value === name),
  );
}

/** @param frames are copied: whoever reads them owns what it gets */
function withFrames(search: FrameSearch, frames: readonly Uint8Array[]): FrameSearch {
  return {
    coverage: () => search.coverage(),
    async *[Symbol.asyncIterator]() {
      for (const frame of frames) yield await Promise.resolve(frame.slice());
      yield* search;
    },
  };
}

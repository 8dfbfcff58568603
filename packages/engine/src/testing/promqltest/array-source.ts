/**
 * A SeriesSource of arrays: what tests load is what queries find, encoded in blocks as storage gives them.
 */
import { encodeTimestamps, encodeValues, VALUES_PER_BLOCK_MAX } from "@tideline/kernels";
import {
  compileMatcher,
  COMPLETE,
  ExecutionError,
  keyLabels,
  seriesKey,
  type IndexAnswer,
  type Label,
  type LabelCounts,
  type SearchQuery,
  type SeriesBlocks,
  type SeriesSearch,
  type SeriesSource,
  type Tenant,
  type TimestampBlock,
  type ValueBlock,
} from "@tideline/model";
import { countLabels } from "@tideline/model/testing";

interface StoredSeries {
  readonly key: Uint8Array;
  readonly labels: readonly Label[];
  readonly blocks: ValueBlock[];
}

/** Series per batch: small, so that a reader meets many batches. */
const BATCH_COUNT = 3;

export class ArraySeriesSource implements SeriesSource {
  readonly #tenant: Tenant;
  readonly #series = new Map<string, StoredSeries>();
  /** Blocks by their bytes: equal times are one block, whichever series they belong to. */
  readonly #timestamps = new Map<string, TimestampBlock>();

  constructor(tenant: Tenant) {
    this.#tenant = tenant;
  }

  clear(): void {
    this.#series.clear();
    this.#timestamps.clear();
  }

  /** @param timestampsMs strictly ascending; both arrays are borrowed */
  add(labels: readonly Label[], timestampsMs: Float64Array, values: Float64Array): void {
    const key = seriesKey(this.#tenant, labels);
    const id = Buffer.from(key).toString("latin1");
    const stored = this.#series.get(id) ?? { key, labels: keyLabels(key), blocks: [] };
    this.#series.set(id, stored);
    for (let start = 0; start < values.length; start += VALUES_PER_BLOCK_MAX) {
      const end = start + VALUES_PER_BLOCK_MAX;
      const bytes = encodeValues(values.slice(start, end));
      stored.blocks.push({ timestamps: this.#block(timestampsMs.slice(start, end)), bytes });
    }
    stored.blocks.sort((a, b) => a.timestamps.minMs - b.timestamps.minMs);
  }

  #block(timestampsMs: Float64Array): TimestampBlock {
    const bytes = encodeTimestamps(timestampsMs);
    const text = `${timestampsMs.length} ${Buffer.from(bytes).toString("latin1")}`;
    const known = this.#timestamps.get(text);
    if (known) return known;
    const block = {
      id: this.#timestamps.size + 1,
      count: timestampsMs.length,
      minMs: timestampsMs[0] as number,
      maxMs: timestampsMs[timestampsMs.length - 1] as number,
      bytes,
    };
    this.#timestamps.set(text, block);
    return block;
  }

  search(query: SearchQuery, signal: AbortSignal): SeriesSearch {
    const batches = this.#batches(query, signal);
    return { [Symbol.asyncIterator]: () => batches, coverage: () => COMPLETE };
  }

  async *#batches(
    query: SearchQuery,
    signal: AbortSignal,
  ): AsyncGenerator<readonly SeriesBlocks[]> {
    const found: SeriesBlocks[] = [];
    for (const series of this.#matching(query)) {
      const blocks = series.blocks.filter(
        ({ timestamps }) => timestamps.minMs <= query.endMs && timestamps.maxMs >= query.startMs,
      );
      if (blocks.length > 0) found.push({ key: series.key, blocks });
    }
    if (query.seriesCountMax > 0 && found.length > query.seriesCountMax) {
      throw new ExecutionError(
        "TIDELINE_QUERY_SERIES",
        `the query selects ${found.length} series, more than ${query.seriesCountMax}`,
      );
    }
    for (let start = 0; start < found.length; start += BATCH_COUNT) {
      signal.throwIfAborted();
      yield found.slice(start, start + BATCH_COUNT);
    }
  }

  #matching(query: SearchQuery): readonly StoredSeries[] {
    const filters = query.filters.map((matchers) => matchers.map(compileMatcher));
    return [...this.#series.values()].filter(({ labels }) => {
      const valueOf = (name: string): string =>
        labels.find((label) => label.name === name)?.value ?? "";
      const passes = filters.some((filter) =>
        filter.every(({ matcher, matches }) => matches(valueOf(matcher.name))),
      );
      return filters.length === 0 || passes;
    });
  }

  async labelNames(query: SearchQuery, limit: number): Promise<IndexAnswer<string>> {
    const names = this.#matching(query).flatMap(({ labels }) => labels.map(({ name }) => name));
    return answer(names, limit);
  }

  async labelValues(name: string, query: SearchQuery, limit: number): Promise<IndexAnswer<string>> {
    const labels = this.#matching(query).flatMap((series) => series.labels);
    return answer(
      labels.filter((label) => label.name === name).map(({ value }) => value),
      limit,
    );
  }

  labelCounts(query: SearchQuery): LabelCounts {
    const counts = countLabels(this.#matching(query).map(({ key }) => key));
    return {
      coverage: () => COMPLETE,
      async *[Symbol.asyncIterator]() {
        yield await Promise.resolve(counts);
      },
    };
  }

  async seriesKeys(query: SearchQuery, limit: number): Promise<IndexAnswer<Uint8Array>> {
    const keys = this.#matching(query).map(({ key }) => key);
    const items = keys.toSorted((a, b) => Buffer.compare(a, b));
    return { items: limit > 0 ? items.slice(0, limit) : items, coverage: COMPLETE };
  }
}

function answer(texts: readonly string[], limit: number): IndexAnswer<string> {
  const items = [...new Set(texts)].toSorted();
  return { items: limit > 0 ? items.slice(0, limit) : items, coverage: COMPLETE };
}

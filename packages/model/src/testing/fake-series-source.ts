/**
 * A SeriesSource made of arrays: serves tests of whatever reads series. Blocks are the kernels' own; series with equal
 * timestamps share timestamp blocks, as in a real answer.
 */
import { encodeTimestamps, encodeValues } from "@tideline/kernels";
import { compareBytes } from "@tideline/common";
import { compileMatcher } from "../matcher.ts";
import { tooManySeries } from "../series-limit.ts";
import { keyLabels, keyTenant, seriesKey, type Label } from "../series-key.ts";
import {
  COMPLETE,
  type Coverage,
  type IndexAnswer,
  type LabelCount,
  type SearchQuery,
  type SeriesBlocks,
  type SeriesSource,
  type TimestampBlock,
  type ValueBlock,
} from "../series-source.ts";
import { DEFAULT_TENANT, type Tenant } from "../tenant.ts";

/** One run of samples of a series; a series may have several, also overlapping ones. */
export interface FakeSeries {
  /** Default: 0:0. */
  readonly tenant?: Tenant;
  /** In any order. */
  readonly labels: readonly Label[];
  /** Strictly ascending. */
  readonly timestampsMs: Float64Array;
  /** Bit for bit; as long as timestampsMs. */
  readonly values: Float64Array;
}

export interface FakeSeriesSourceOptions {
  /** Longest block. Default 100. */
  readonly samplesPerBlockMax?: number;
  /** Series per batch. Default 3. */
  readonly batchSize?: number;
  /** What every answer says is missing. Default nothing. */
  readonly coverage?: Coverage;
  /** Called when a search starts. */
  readonly onSearch?: (query: SearchQuery) => void;
}

interface StoredRun {
  readonly key: Uint8Array;
  readonly blocks: readonly ValueBlock[];
}

/** Each run is delivered as a series of its own, so a series with several runs comes in several pieces. */
export function fakeSeriesSource(
  series: readonly FakeSeries[],
  options: FakeSeriesSourceOptions = {},
): SeriesSource {
  const { samplesPerBlockMax = 100, batchSize = 3, coverage = COMPLETE, onSearch } = options;
  const timestampBlocks = new Map<string, TimestampBlock>();
  const runs = series.map((run) => storeRun(run, samplesPerBlockMax, timestampBlocks));

  const matching = (query: SearchQuery): StoredRun[] => {
    const filters = query.filters.map((alternative) => alternative.map(compileMatcher));
    return runs.filter(({ key, blocks }) => {
      const tenant = keyTenant(key);
      const isTenant =
        tenant.accountId === query.tenant.accountId && tenant.projectId === query.tenant.projectId;
      if (!isTenant || !blocks.some((block) => meets(block, query))) return false;
      const values = new Map(keyLabels(key).map(({ name, value }) => [name, value]));
      return (
        filters.length === 0 ||
        filters.some((alternative) =>
          alternative.every(({ matcher, matches }) => matches(values.get(matcher.name) ?? "")),
        )
      );
    });
  };

  const answer = <T>(items: readonly T[], limit: number): Promise<IndexAnswer<T>> =>
    Promise.resolve({ items: limit === 0 ? items : items.slice(0, limit), coverage });

  return {
    search(query, signal) {
      onSearch?.(query);
      return {
        coverage: () => coverage,
        async *[Symbol.asyncIterator]() {
          const found = matching(query);
          const keys = new Set(found.map(({ key }) => Buffer.from(key).toString("latin1")));
          if (query.seriesCountMax > 0 && keys.size > query.seriesCountMax)
            throw tooManySeries(query.seriesCountMax);
          for (let start = 0; start < found.length; start += batchSize) {
            signal.throwIfAborted();
            await Promise.resolve();
            yield found.slice(start, start + batchSize).map(({ key, blocks }): SeriesBlocks => ({
              key,
              blocks: blocks.filter((block) => meets(block, query)),
            }));
          }
        },
      };
    },
    labelNames: (query, limit) => {
      const names = matching(query).flatMap(({ key }) => keyLabels(key).map(({ name }) => name));
      return answer([...new Set(names)].toSorted(), limit);
    },
    labelValues: (name, query, limit) => {
      const values = matching(query).flatMap(({ key }) =>
        keyLabels(key)
          .filter((label) => label.name === name)
          .map(({ value }) => value),
      );
      return answer([...new Set(values)].toSorted(), limit);
    },
    seriesKeys: (query, limit) => {
      const keys = matching(query)
        .map(({ key }) => key)
        .toSorted(compareBytes);
      const unique = keys.filter(
        (key, index) => index === 0 || compareBytes(key, keys[index - 1] as Uint8Array) !== 0,
      );
      return answer(unique, limit);
    },
    labelCounts(query) {
      const keys = new Map(
        matching(query).map(({ key }) => [Buffer.from(key).toString("latin1"), key]),
      );
      return {
        coverage: () => coverage,
        async *[Symbol.asyncIterator]() {
          const counts = await Promise.resolve(countLabels([...keys.values()]));
          if (query.seriesCountMax > 0 && keys.size > query.seriesCountMax)
            throw tooManySeries(query.seriesCountMax);
          for (let start = 0; start < counts.length; start += batchSize)
            yield counts.slice(start, start + batchSize);
        },
      };
    },
  };
}

/** What SeriesSource.labelCounts tells of series. @param keys each once */
export function countLabels(keys: readonly Uint8Array[]): LabelCount[] {
  const counts = new Map<string, LabelCount>();
  const all = keys.flatMap((key) => [{ name: "", value: "" }, ...keyLabels(key)]);
  for (const { name, value } of all) {
    const place = JSON.stringify([name, value]);
    const seriesCount = (counts.get(place)?.seriesCount ?? 0) + 1;
    counts.set(place, { name, value, seriesCount });
  }
  return [...counts.values()].toSorted(
    (a, b) =>
      compareBytes(Buffer.from(a.name), Buffer.from(b.name)) ||
      compareBytes(Buffer.from(a.value), Buffer.from(b.value)),
  );
}

function meets({ timestamps }: ValueBlock, { startMs, endMs }: SearchQuery): boolean {
  return timestamps.minMs <= endMs && timestamps.maxMs >= startMs;
}

function storeRun(
  run: FakeSeries,
  samplesPerBlockMax: number,
  timestampBlocks: Map<string, TimestampBlock>,
): StoredRun {
  const blocks: ValueBlock[] = [];
  for (let start = 0; start < run.timestampsMs.length; start += samplesPerBlockMax) {
    const timestampsMs = run.timestampsMs.slice(start, start + samplesPerBlockMax);
    const name = timestampsMs.join();
    let timestamps = timestampBlocks.get(name);
    if (!timestamps) {
      timestamps = {
        id: timestampBlocks.size,
        count: timestampsMs.length,
        minMs: timestampsMs[0] as number,
        maxMs: timestampsMs[timestampsMs.length - 1] as number,
        bytes: encodeTimestamps(timestampsMs),
      };
      timestampBlocks.set(name, timestamps);
    }
    const values = run.values.slice(start, start + samplesPerBlockMax);
    blocks.push({ timestamps, bytes: encodeValues(values) });
  }
  return { key: seriesKey(run.tenant ?? DEFAULT_TENANT, run.labels), blocks };
}

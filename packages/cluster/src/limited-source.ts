/** A FrameSource within the limits of its node: what vmselect asks for can be less, never more. */
import { ExecutionError, type IndexAnswer, type SearchQuery } from "@tideline/model";
import type { FrameSearch, FrameSource } from "@tideline/wire";

/** 0 = no limit. */
export interface NodeLimits {
  /** -search.maxUniqueTimeseries */
  readonly seriesCountMax: number;
  /** -search.maxTagKeys */
  readonly labelNamesMax: number;
  /** -search.maxTagValues */
  readonly labelValuesMax: number;
}

/**
 * Counting labels is left as it is: it takes next to no memory, however many series there are.
 *
 * @throws (its methods) {ExecutionError} more series than the node allows
 */
export function limitedSource(source: FrameSource, limits: NodeLimits): FrameSource {
  const { seriesCountMax, labelNamesMax, labelValuesMax } = limits;
  const limited = <Query extends SearchQuery>(query: Query): Query => ({
    ...query,
    seriesCountMax: lesser(query.seriesCountMax, seriesCountMax),
  });
  const named = async <T>(query: SearchQuery, answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw namingNode(error, query, seriesCountMax);
    }
  };
  return {
    searchFrames(query, signal) {
      return namedSearch(source.searchFrames(limited(query), signal), query, seriesCountMax);
    },
    async labelNames(query, limit, signal) {
      const ask = (max: number) => named(query, source.labelNames(limited(query), max, signal));
      return withinLimit(ask, limit, labelNamesMax, "-search.maxTagKeys");
    },
    async labelValues(name, query, limit, signal) {
      const ask = (max: number) =>
        named(query, source.labelValues(name, limited(query), max, signal));
      return withinLimit(ask, limit, labelValuesMax, "-search.maxTagValues");
    },
    seriesKeys: (query, limit, signal) =>
      named(query, source.seriesKeys(limited(query), limit, signal)),
    labelCounts: (query, signal) => source.labelCounts(query, signal),
  };
}

function lesser(asked: number, max: number): number {
  if (asked === 0 || max === 0) return Math.max(asked, max);
  return Math.min(asked, max);
}

/** vmselect knows its own limits and says so; this one it cannot know. */
function namingNode(error: unknown, { seriesCountMax }: SearchQuery, max: number): unknown {
  const isOurs = max > 0 && (seriesCountMax === 0 || max < seriesCountMax);
  const isLimit = error instanceof ExecutionError && error.code === "TIDELINE_SERIES_LIMIT";
  if (!isOurs || !isLimit) return error;
  return new ExecutionError(
    "TIDELINE_NODE_SERIES_LIMIT",
    `the number of matching timeseries exceeds -search.maxUniqueTimeseries=${max} at vmstorage; either narrow down the search or increase -search.maxUniqueTimeseries there`,
    { cause: error },
  );
}

function namedSearch(search: FrameSearch, query: SearchQuery, max: number): FrameSearch {
  return {
    coverage: () => search.coverage(),
    async *[Symbol.asyncIterator]() {
      try {
        yield* search;
      } catch (error) {
        throw namingNode(error, query, max);
      }
    },
  };
}

/** What is cut off is told as missing, unless the asker wanted no more: one more than its own limit shows it that there are more. */
async function withinLimit(
  ask: (limit: number) => Promise<IndexAnswer<string>>,
  limit: number,
  max: number,
  flag: string,
): Promise<IndexAnswer<string>> {
  if (max === 0 || (limit > 0 && limit <= max + 1)) return ask(limit);
  const { items, coverage } = await ask(max + 1);
  if (items.length <= max) return { items, coverage };
  const cut = { where: `${flag}=${max} at vmstorage`, reason: "results truncated" };
  return { items: items.slice(0, max), coverage: { missing: [...coverage.missing, cut] } };
}

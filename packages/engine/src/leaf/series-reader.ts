/**
 * Reads a search to its end and puts together what belongs to one series: lanes and nodes deliver its blocks in any
 * number of batches.
 */
import type { Coverage, SearchQuery, SeriesSource, ValueBlock } from "@tideline/model";
import { ExecutionError } from "@tideline/model";
import type { Budget } from "../budget.ts";
import { labelKeyOf } from "../labels/label-key.ts";
import { inLabelOrder } from "../labels/label-order.ts";
import type { Pacer } from "../pacer.ts";

interface FoundSeries {
  readonly key: Uint8Array;
  /** The same as a label key: the series of one search are of one tenant. */
  readonly labels: string;
  /** Ascending by minMs; they may overlap. */
  readonly blocks: readonly ValueBlock[];
}

export interface FoundSeriesList {
  /** Sorted by labels, so that results do not depend on the order of delivery: Prometheus' blocks have that order. */
  readonly series: readonly FoundSeries[];
  readonly coverage: Coverage;
  /** Bytes held in the budget; whoever took the list releases them. */
  readonly heldSize: number;
}

/** What an entry of the table costs beside its bytes, roughly. */
const SERIES_OVERHEAD_SIZE = 200;
const BLOCK_OVERHEAD_SIZE = 64;

/** @throws {ExecutionError} past the query's seriesCountMax or the memory budget */
export async function readSeries(
  source: SeriesSource,
  query: SearchQuery,
  budget: Budget,
  pacer: Pacer,
): Promise<FoundSeriesList> {
  const found = new Map<
    string,
    { key: Uint8Array; labels: string; blocks: readonly ValueBlock[] }
  >();
  let heldSize = 0;
  const search = source.search(query, pacer.signal);
  for await (const batch of search) {
    let batchSize = 0;
    for (const { key, blocks } of batch) {
      const labels = labelKeyOf(key);
      const known = found.get(labels);
      if (known) known.blocks = [...known.blocks, ...blocks];
      else found.set(labels, { key, labels, blocks });
      if (!known) batchSize += SERIES_OVERHEAD_SIZE + key.length;
      for (const block of blocks) batchSize += BLOCK_OVERHEAD_SIZE + block.bytes.length;
    }
    heldSize += batchSize;
    budget.hold(batchSize);
    checkSeriesCount(found.size, query.seriesCountMax);
    await pacer.turn();
  }
  const keys = inLabelOrder([...found.keys()]);
  return {
    series: keys.map((key) => sortedByTime(found.get(key) as FoundSeries)),
    coverage: search.coverage(),
    heldSize,
  };
}

function checkSeriesCount(count: number, countMax: number): void {
  if (countMax === 0 || count <= countMax) return;
  throw new ExecutionError(
    "TIDELINE_QUERY_SERIES",
    `the number of matching timeseries exceeds ${countMax}; either narrow down the search or increase -search.maxUniqueTimeseries`,
  );
}

function sortedByTime(series: FoundSeries): FoundSeries {
  const { blocks } = series;
  for (let i = 1; i < blocks.length; i += 1) {
    if (minMsOf(blocks[i]) < minMsOf(blocks[i - 1]))
      return {
        ...series,
        blocks: blocks.toSorted((a, b) => a.timestamps.minMs - b.timestamps.minMs),
      };
  }
  return series;
}

function minMsOf(block: ValueBlock | undefined): number {
  return block ? block.timestamps.minMs : 0;
}

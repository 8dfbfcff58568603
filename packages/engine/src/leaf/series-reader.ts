/**
 * Reads a search to its end and puts together what belongs to one series: lanes and nodes deliver its blocks in any
 * number of batches.
 */
import type {
  Coverage,
  SearchQuery,
  SeriesBlocks,
  SeriesSource,
  ValueBlock,
} from "@tideline/model";
import { ExecutionError } from "@tideline/model";
import type { Budget } from "../budget.ts";
import { knownLists, type LabelList } from "../labels/known-lists.ts";
import type { Pacer } from "../pacer.ts";

interface FoundSeries {
  readonly key: Uint8Array;
  /** Ascending by minMs; they may overlap. */
  readonly blocks: readonly ValueBlock[];
}

export interface FoundSeriesList {
  /** Sorted by labels, so that results do not depend on the order of delivery: Prometheus' blocks have that order. */
  readonly series: readonly FoundSeries[];
  /** Their label keys: the series of one search are of one tenant. */
  readonly labels: readonly string[];
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
  const batches: { readonly series: readonly SeriesBlocks[]; readonly list: LabelList }[] = [];
  const counter = new SeriesCounter(query.seriesCountMax);
  let heldSize = 0;
  const search = source.search(query, pacer.signal);
  for await (const batch of search) {
    let batchSize = SERIES_OVERHEAD_SIZE * batch.length;
    for (const { key, blocks } of batch) {
      batchSize += key.length;
      for (const block of blocks) batchSize += BLOCK_OVERHEAD_SIZE + block.bytes.length;
    }
    heldSize += batchSize;
    budget.hold(batchSize);
    const list = knownLists.listOf(batch);
    batches.push({ series: batch, list });
    counter.add(list.labels);
    await pacer.turn();
  }
  // Frames come as the nodes send them: so that equal answers are known again, lists have an order of their own.
  batches.sort((a, b) => a.list.number - b.list.number);
  const { labels, firstPiece, nextPiece } = knownLists.arrange(batches.map(({ list }) => list));
  const pieces = batches.flatMap(({ series }) => series);
  const series = Array.from(firstPiece, (first) => {
    const piece = pieces[first] as SeriesBlocks;
    const next = nextPiece[first] as number;
    return sortedByTime(next < 0 ? piece : { ...piece, blocks: joined(pieces, nextPiece, first) });
  });
  return { series, labels, coverage: search.coverage(), heldSize };
}

/** The blocks of a series that came in pieces. */
function joined(
  pieces: readonly SeriesBlocks[],
  nextPiece: Int32Array,
  first: number,
): ValueBlock[] {
  const blocks: ValueBlock[] = [];
  for (let piece = first; piece >= 0; piece = nextPiece[piece] as number)
    blocks.push(...(pieces[piece] as SeriesBlocks).blocks);
  return blocks;
}

/** Counts series as their pieces come; tells pieces of one series apart only when there are more than the limit. */
class SeriesCounter {
  readonly #countMax: number;
  readonly #lists: (readonly string[])[] = [];
  #pieceCount = 0;
  #distinct: Set<string> | null = null;

  /** @param countMax 0 = no limit */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** @throws {ExecutionError} past the limit */
  add(labels: readonly string[]): void {
    if (this.#countMax === 0) return;
    this.#lists.push(labels);
    this.#pieceCount += labels.length;
    if (this.#pieceCount <= this.#countMax) return;
    this.#distinct ??= new Set();
    for (const list of this.#lists.splice(0)) for (const key of list) this.#distinct.add(key);
    if (this.#distinct.size <= this.#countMax) return;
    throw new ExecutionError(
      "TIDELINE_QUERY_SERIES",
      `the number of matching timeseries exceeds ${this.#countMax}; either narrow down the search or increase -search.maxUniqueTimeseries`,
    );
  }
}

function sortedByTime(series: SeriesBlocks): FoundSeries {
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

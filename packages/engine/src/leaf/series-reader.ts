/**
 * Reads a search to its end and puts together what belongs to one series: lanes and nodes deliver its blocks in any
 * number of batches.
 */
import type {
  Coverage,
  SearchQuery,
  SeriesBatch,
  SeriesBlocks,
  SeriesSource,
  ValueBlock,
} from "@tideline/model";
import { ExecutionError } from "@tideline/model";
import type { Budget } from "../budget.ts";
import { knownLists, type LabelList } from "../labels/known-lists.ts";
import type { Pacer } from "../pacer.ts";

export interface FoundSeriesList {
  /** Sorted by labels, so that results do not depend on the order of delivery: Prometheus' blocks have that order. */
  readonly series: readonly SeriesBlocks[];
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
    const batchSize = sizeOf(batch);
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
  const series: SeriesBlocks[] = [];
  for (let row = 0; row < labels.length; row += 1) {
    const first = firstPiece[row] as number;
    const piece = pieces[first] as SeriesBlocks;
    const isWhole = (nextPiece[first] as number) < 0;
    series.push(isWhole ? piece : { key: piece.key, blocks: joined(pieces, nextPiece, first) });
  }
  return { series, labels, coverage: search.coverage(), heldSize };
}

/** The blocks of a series that came in pieces, ascending by minMs. */
function joined(
  pieces: readonly SeriesBlocks[],
  nextPiece: Int32Array,
  first: number,
): readonly ValueBlock[] {
  const blocks: ValueBlock[] = [];
  for (let piece = first; piece >= 0; piece = nextPiece[piece] as number)
    blocks.push(...(pieces[piece] as SeriesBlocks).blocks);
  return blocks.toSorted((a, b) => a.timestamps.minMs - b.timestamps.minMs);
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

/** Bytes that a batch takes, roughly. */
function sizeOf(batch: SeriesBatch): number {
  const { keySection, blockTotals } = batch;
  const keysSize = keySection?.bytes.length ?? batch.reduce((sum, { key }) => sum + key.length, 0);
  const { count, size } = blockTotals ?? countedBlocks(batch);
  return SERIES_OVERHEAD_SIZE * batch.length + keysSize + BLOCK_OVERHEAD_SIZE * count + size;
}

function countedBlocks(batch: SeriesBatch): { count: number; size: number } {
  let count = 0;
  let size = 0;
  for (const { blocks } of batch) {
    count += blocks.length;
    for (const { bytes } of blocks) size += bytes.length;
  }
  return { count, size };
}

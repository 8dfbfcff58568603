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
import { knownLists, type Arrangement, type LabelList } from "../labels/known-lists.ts";
import type { Pacer } from "../pacer.ts";

/** What a search has found: a row per series, sorted by labels, so that results do not depend on the order of delivery. */
export class FoundSeries {
  readonly batches: readonly SeriesBatch[];
  /** Of each row: the series of one search are of one tenant. */
  readonly labels: readonly string[];
  /** Of each row: its first piece. Pieces are the series of all batches, one after another. */
  readonly firstPiece: Int32Array;
  /** Of each piece: the next one of the same series, or -1. */
  readonly nextPiece: Int32Array;
  readonly coverage: Coverage;
  /** Bytes held in the budget; whoever took the list releases them. */
  readonly heldSize: number;
  /** Made when somebody asks: one object for each. */
  #pieces: readonly SeriesBlocks[] | null = null;

  constructor(
    batches: readonly SeriesBatch[],
    { labels, firstPiece, nextPiece }: Arrangement,
    coverage: Coverage,
    heldSize: number,
  ) {
    this.batches = batches;
    this.labels = labels;
    this.firstPiece = firstPiece;
    this.nextPiece = nextPiece;
    this.coverage = coverage;
    this.heldSize = heldSize;
  }

  get length(): number {
    return this.labels.length;
  }

  keyOf(row: number): Uint8Array {
    return this.#piece(this.firstPiece[row] as number).key;
  }

  /** The blocks of a row, ascending by minMs. */
  blocksOf(row: number): readonly ValueBlock[] {
    const first = this.firstPiece[row] as number;
    let next = this.nextPiece[first] as number;
    if (next < 0) return this.#piece(first).blocks;
    const blocks = [...this.#piece(first).blocks];
    for (; next >= 0; next = this.nextPiece[next] as number)
      blocks.push(...this.#piece(next).blocks);
    return blocks.toSorted((a, b) => a.timestamps.minMs - b.timestamps.minMs);
  }

  #piece(number: number): SeriesBlocks {
    this.#pieces ??= this.batches.flatMap((batch) => [...batch]);
    return this.#pieces[number] as SeriesBlocks;
  }
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
): Promise<FoundSeries> {
  const batches: { readonly series: SeriesBatch; readonly list: LabelList }[] = [];
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
  const arrangement = knownLists.arrange(batches.map(({ list }) => list));
  const all = batches.map(({ series }) => series);
  return new FoundSeries(all, arrangement, search.coverage(), heldSize);
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
  const keysSize = keySection?.bytes.length ?? countedKeys(batch);
  const { count, size } = blockTotals ?? countedBlocks(batch);
  return SERIES_OVERHEAD_SIZE * batch.length + keysSize + BLOCK_OVERHEAD_SIZE * count + size;
}

function countedKeys(batch: SeriesBatch): number {
  let size = 0;
  for (const { key } of batch) size += key.length;
  return size;
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

/** Walks the series of several parts together, in part order: each series once, with its blocks in the parts that have it. */
import type { PartReader, PartSeriesBlocks } from "../part/part-reader.ts";
import { partOrderKey } from "../part/part-order.ts";
import type { PartBlock } from "../part/series-entry.ts";

/** A part, and the series in it that is next. */
interface Place {
  readonly input: number;
  readonly part: PartReader;
  ordinal: number;
  series: PartSeriesBlocks;
  orderKey: Uint8Array;
}

export interface WalkedSeries {
  readonly key: Uint8Array;
  readonly identity: Uint8Array;
  /** By input: the blocks of the series; null where it has none. The same array each time. */
  readonly blocks: readonly (readonly PartBlock[] | null)[];
  /** By input: the ordinal of the series, where it has it. The same array each time. */
  readonly ordinals: Uint32Array;
}

/** @throws {CorruptionError} */
export function* walkSeries(parts: readonly PartReader[]): Generator<WalkedSeries> {
  const blocks: (readonly PartBlock[] | null)[] = parts.map(() => null);
  const ordinals = new Uint32Array(parts.length);
  const heap = parts.map((part, input) => placeAt(part, input));
  for (let i = (heap.length >>> 1) - 1; i >= 0; i -= 1) sink(heap, i);
  for (let first = heap[0]; first; first = heap[0]) {
    const { orderKey, series } = first;
    for (let place = heap[0]; place && isEqual(place.orderKey, orderKey); place = heap[0]) {
      blocks[place.input] = place.series.blocks;
      ordinals[place.input] = place.ordinal;
      advance(heap);
    }
    yield { key: series.key, identity: series.identity, blocks, ordinals };
    blocks.fill(null);
  }
}

function placeAt(part: PartReader, input: number): Place {
  const series = part.series(0);
  return { input, part, ordinal: 0, series, orderKey: partOrderKey(series.key) };
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** Moves the first part of the heap on by one series. */
function advance(heap: Place[]): void {
  const place = heap[0] as Place;
  place.ordinal += 1;
  if (place.ordinal < place.part.facts.seriesCount) {
    place.series = place.part.series(place.ordinal);
    place.orderKey = partOrderKey(place.series.key);
  } else {
    const last = heap.pop() as Place;
    if (last !== place) heap[0] = last;
  }
  sink(heap, 0);
}

function sink(heap: Place[], from: number): void {
  let index = from;
  for (;;) {
    const left = index * 2 + 1;
    if (left >= heap.length) return;
    const right = left + 1;
    const least = right < heap.length && isBefore(heap, right, left) ? right : left;
    if (!isBefore(heap, least, index)) return;
    const place = heap[index] as Place;
    heap[index] = heap[least] as Place;
    heap[least] = place;
    index = least;
  }
}

function isBefore(heap: readonly Place[], a: number, b: number): boolean {
  return Buffer.compare((heap[a] as Place).orderKey, (heap[b] as Place).orderKey) < 0;
}

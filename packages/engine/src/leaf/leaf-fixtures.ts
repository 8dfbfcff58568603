/** Series and batches as frames have them, for tests of leaves. */
import type { Random } from "@tideline/common/testing";
import { encodeTimestamps, encodeValues } from "@tideline/kernels";
import {
  COMPLETE,
  DEFAULT_TENANT,
  seriesKey,
  STALE_HIGH_WORD,
  STALE_LOW_WORD,
  wordsOf,
  type BlockTable,
  type SeriesBatch,
  type SeriesBlocks,
  type SeriesSource,
  type TimestampBlock,
} from "@tideline/model";
import { fakeSeriesSource } from "@tideline/model/testing";

export const INTERVAL_MS = 10_000;

export function timestampBlock(id: number, times: Float64Array): TimestampBlock {
  const count = times.length;
  const [minMs, maxMs] = [times[0] as number, times[count - 1] as number];
  return { id, count, minMs, maxMs, bytes: encodeTimestamps(times) };
}

/** Of some targets, in one piece or two. */
function randomTimestamps(random: Random): TimestampBlock[][] {
  let id = 0;
  return Array.from({ length: 3 }, (_, target) => {
    const count = 1 + random.below(30);
    const times = Float64Array.from({ length: count }, (__, i) => i * INTERVAL_MS + target * 1_001);
    if (count < 2 || random.chance(0.7)) return [timestampBlock(id++, times)];
    const half = count >> 1;
    return [
      timestampBlock(id++, times.subarray(0, half)),
      timestampBlock(id++, times.subarray(half)),
    ];
  });
}

function randomBlock(random: Random, count: number): Uint8Array {
  const values = new Float64Array(count);
  const words = wordsOf(values);
  const staleness = random.pick([0, 0, 0.1]);
  const isConst = random.chance(0.1);
  for (let i = 0; i < count; i += 1) {
    values[i] = isConst ? 5 : random.below(1_000) / 8 + random.float();
    if (random.chance(staleness)) {
      words[i * 2] = STALE_LOW_WORD;
      words[i * 2 + 1] = STALE_HIGH_WORD;
    }
    if (random.chance(staleness / 5)) values[i] = NaN;
  }
  if (isConst || random.chance(0.2)) return encodeValues(values);
  return Buffer.concat([Buffer.from([0]), Buffer.from(values.buffer)]);
}

/** With series of one block and of two, raw, packed, with staleness markers and NaNs. */
export function randomSeries(random: Random): SeriesBlocks[] {
  const targets = randomTimestamps(random);
  const count = 1 + random.below(40);
  return Array.from({ length: count }, (_, number) => {
    const key = seriesKey(DEFAULT_TENANT, [
      { name: "__name__", value: "x" },
      { name: "n", value: String(random.below(count * 4)) },
      { name: "m", value: String(number) },
    ]);
    const timestamps = random.pick(targets);
    return {
      key,
      blocks: timestamps.map((block) => ({
        timestamps: block,
        bytes: randomBlock(random, block.count),
      })),
    };
  });
}

function endsOf(sizes: readonly number[]): Uint32Array {
  let end = 0;
  return Uint32Array.from(sizes, (size) => (end += size));
}

function pairs(firsts: ArrayLike<number>, seconds: ArrayLike<number>): Uint32Array {
  return Uint32Array.from(Array.from(firsts).flatMap((first, i) => [first, seconds[i] as number]));
}

/** As the decoder of frames makes it. */
export function withTable(
  series: readonly SeriesBlocks[],
): SeriesBatch & { readonly blockTable: BlockTable } {
  const timestamps = [...new Set(series.flatMap(({ blocks }) => blocks.map((b) => b.timestamps)))];
  const blocks = series.flatMap((one) => one.blocks);
  const blockTable = {
    bytes: Buffer.concat(blocks.map(({ bytes }) => bytes)),
    blocks: pairs(
      blocks.map((block) => timestamps.indexOf(block.timestamps)),
      endsOf(blocks.map(({ bytes }) => bytes.length)),
    ),
    series: pairs(
      endsOf(series.map(({ key }) => key.length)),
      endsOf(series.map((one) => one.blocks.length)),
    ),
    timestamps,
  };
  return Object.assign([...series], { blockTable });
}

/** A source of just these batches. */
export function sourceOf(batches: readonly SeriesBatch[]): SeriesSource {
  return {
    ...fakeSeriesSource([]),
    search: () => ({
      coverage: () => COMPLETE,
      async *[Symbol.asyncIterator]() {
        yield* await Promise.resolve(batches);
      },
    }),
  };
}

/** Series as a frame has them, beside the same ones as objects: growth is the same bit for bit. */
import { forEachSeed, type Random } from "@tideline/common/testing";
import { encodeTimestamps, encodeValues } from "@tideline/kernels";
import {
  COMPLETE,
  DEFAULT_TENANT,
  seriesKey,
  STALE_HIGH_WORD,
  STALE_LOW_WORD,
  wordsOf,
  type LeafResult,
  type SeriesBatch,
  type SeriesBlocks,
  type SeriesSource,
  type TimestampBlock,
} from "@tideline/model";
import { fakeSeriesSource } from "@tideline/model/testing";
import { expect, test } from "vitest";
import { leafSourceOf } from "./leaf-source.ts";

const INTERVAL_MS = 10_000;

function timestampBlock(id: number, times: Float64Array): TimestampBlock {
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

function randomSeries(random: Random): SeriesBlocks[] {
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
function withTable(series: readonly SeriesBlocks[]): SeriesBatch {
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

function sourceOf(batches: readonly SeriesBatch[]): SeriesSource {
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

/** Cuts a list in two, and lets some of the series with several blocks come in both. */
function inBatches(random: Random, series: readonly SeriesBlocks[]): SeriesBlocks[][] {
  const at = random.below(series.length + 1);
  const [first, second] = [series.slice(0, at), series.slice(at)];
  const halves = first.flatMap(({ key, blocks }) =>
    blocks.length > 1 && random.chance(0.5) ? [{ key, blocks: blocks.slice(1) }] : [],
  );
  const whole = first.map(({ key, blocks }) =>
    halves.some((half) => half.key === key) ? { key, blocks: blocks.slice(0, 1) } : { key, blocks },
  );
  return [whole, [...second, ...halves]].filter((part) => part.length > 0);
}

function ask(batches: readonly SeriesBatch[], text: string, more: object): Promise<LeafResult> {
  const leaf = {
    tenant: DEFAULT_TENANT,
    text,
    grid: { startMs: 100_000, endMs: 100_000, stepMs: 1 },
    lookbackMs: 60_000,
    extraFilters: [],
    seriesCountMax: 0,
    sampleCountMax: 0,
    ...more,
  };
  return leafSourceOf(sourceOf(batches)).evaluate(leaf, new AbortController().signal);
}

/** All there is to an answer; values bit for bit, where there are any. */
function shown({ columns, sampleCount }: LeafResult) {
  const values = columns.values.map((value, at) => (columns.presence[at] === 1 ? value : 0));
  return { sampleCount, keys: columns.keys, presence: columns.presence, values };
}

test("growth from blocks side by side is that of series one by one", async () => {
  const asked: Promise<LeafResult>[] = [];
  const askedPlain: Promise<LeafResult>[] = [];
  forEachSeed(400, (random) => {
    const parts = inBatches(random, randomSeries(random));
    const text = random.pick(["rate(x[90s])", "increase(x[2m])", "delta(x[45s])"]);
    const grid = random.pick([
      { startMs: 100_000, endMs: 100_000, stepMs: 1 },
      { startMs: 0, endMs: 300_000, stepMs: 7_000 },
    ]);
    const more = { grid, dedupIntervalMs: random.pick([0, 0, 5_000, 20_000]) };
    asked.push(ask(parts.map(withTable), text, more));
    askedPlain.push(ask(parts, text, more));
  });
  const expected = await Promise.all(askedPlain);
  expect((await Promise.all(asked)).map(shown)).toEqual(expected.map(shown));
});

test("a limit of samples holds, and a damaged block is told", async () => {
  const times = Float64Array.from({ length: 10 }, (_, i) => i * INTERVAL_MS);
  const timestamps = timestampBlock(0, times);
  const one = (bytes: Uint8Array) =>
    withTable([
      {
        key: seriesKey(DEFAULT_TENANT, [{ name: "__name__", value: "x" }]),
        blocks: [{ timestamps, bytes }],
      },
    ]);
  const raw = new Uint8Array(81);
  const counted = ask([one(raw)], "rate(x[5m])", { sampleCountMax: 9 });
  await expect(counted).rejects.toThrow("-search.maxSamplesPerQuery=9");
  expect((await ask([one(raw)], "rate(x[5m])", { sampleCountMax: 10 })).sampleCount).toBe(10);
  await expect(ask([one(raw.subarray(0, 80))], "rate(x[5m])", {})).rejects.toThrow("value block");
});

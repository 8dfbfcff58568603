/** Series as a frame has them, beside the same ones as objects: growth is the same bit for bit. */
import { forEachSeed, type Random } from "@tideline/common/testing";
import {
  DEFAULT_TENANT,
  seriesKey,
  type LeafResult,
  type SeriesBatch,
  type SeriesBlocks,
} from "@tideline/model";
import { expect, test } from "vitest";
import { INTERVAL_MS, randomSeries, sourceOf, timestampBlock, withTable } from "./leaf-fixtures.ts";
import { leafSourceOf } from "./leaf-source.ts";

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

/** Rows that are worked out where blocks lie, beside those that are worked out from the same blocks beside the planner. */
import { forEachSeed, seededRandom, type Random } from "@tideline/common/testing";
import {
  DEFAULT_TENANT,
  type BatchRows,
  type Leaf,
  type LeafResult,
  type SearchLeaf,
  type SearchQuery,
  type SeriesBatch,
  type SeriesBlocks,
  type SeriesSource,
} from "@tideline/model";
import { describe, expect, test } from "vitest";
import { INTERVAL_MS, randomSeries, sourceOf, timestampBlock, withTable } from "./leaf-fixtures.ts";
import { leafSourceOf } from "./leaf-source.ts";
import { leavesOnBlocks } from "./leaves-on-blocks.ts";

const TEXTS = [
  "rate(x[90s])",
  "increase(x[2m] offset 10s)",
  "delta(x[45s])",
  "x",
  "x @ 90",
  "timestamp(x)",
  "avg_over_time(x[1m])",
  "quantile_over_time(0.3, x[1m])",
  "irate(x[1m])",
  "rate(x[1m] anchored)",
  "x smoothed",
];

function leafOf(text: string, more: Partial<Leaf> = {}): Leaf {
  return {
    tenant: DEFAULT_TENANT,
    text,
    grid: { startMs: 100_000, endMs: 100_000, stepMs: 1 },
    lookbackMs: 60_000,
    dedupIntervalMs: 0,
    extraFilters: [],
    seriesCountMax: 0,
    sampleCountMax: 0,
    ...more,
  };
}

function searchLeaf({ text, grid, lookbackMs, dedupIntervalMs = 0 }: Leaf): SearchLeaf {
  return { text, grid, lookbackMs, dedupIntervalMs };
}

/** Six squares as they are. */
function raw(from: number): Uint8Array {
  const values = Float64Array.from({ length: 6 }, (_, i) => (from + i) ** 2);
  return Buffer.concat([Buffer.from([0]), Buffer.from(values.buffer)]);
}

const NEVER = new AbortController().signal;

/** Each batch as a node of its own gives it: rows where it can work them out, else blocks. */
function nodesOf(batches: readonly SeriesBatch[], queries: SearchQuery[] = []): SeriesSource {
  const leaves = leavesOnBlocks();
  const source = sourceOf(batches);
  return {
    ...source,
    search(query, signal) {
      queries.push(query);
      const open = query.leaf && leaves.open(query.leaf);
      return sourceOf(
        batches.map((batch) => {
          const rows = batch.blockTable && open?.rowsOf(batch.blockTable);
          if (!rows) return batch;
          const series = Array.from(batch, ({ key }): SeriesBlocks => ({ key, blocks: [] }));
          return Object.assign(series, { rows });
        }),
      ).search(query, signal);
    },
  };
}

function evaluate(source: SeriesSource, leaf: Leaf): Promise<LeafResult> {
  return leafSourceOf(source).evaluate(leaf, NEVER);
}

/** All there is to an answer; values bit for bit, where there are any. */
function shown({ columns, sampleCount }: LeafResult) {
  const values = columns.values.map((value, at) => (columns.presence[at] === 1 ? value : 0));
  return { sampleCount, keys: columns.keys, presence: columns.presence, values };
}

function randomLeaf(random: Random): Leaf {
  return leafOf(random.pick(TEXTS), { dedupIntervalMs: random.pick([0, 0, 5_000, 20_000]) });
}

describe("rows from nodes", () => {
  test("are those that blocks come to", async () => {
    const actual: Promise<LeafResult>[] = [];
    const expected: Promise<LeafResult>[] = [];
    let rowsCount = 0;
    forEachSeed(400, (random) => {
      const series = randomSeries(random);
      const at = random.below(series.length + 1);
      const batches = [series.slice(0, at), series.slice(at)].map(withTable);
      const leaf = randomLeaf(random);
      const rows = batches.map(({ blockTable }) =>
        leavesOnBlocks().open(searchLeaf(leaf))?.rowsOf(blockTable),
      );
      rowsCount += rows.filter((given) => given).length;
      actual.push(evaluate(nodesOf(batches), leaf));
      expected.push(evaluate(sourceOf(batches), leaf));
    });
    expect((await Promise.all(actual)).map(shown)).toEqual(
      (await Promise.all(expected)).map(shown),
    );
    expect(rowsCount).toBe(800);
  });

  test("of series that two nodes have samples of are made of the blocks of both, which are asked for at once then", async () => {
    const times = Float64Array.from({ length: 12 }, (_, i) => i * INTERVAL_MS);
    const first = timestampBlock(0, times.subarray(0, 6));
    const second = timestampBlock(1, times.subarray(6));
    const [series] = randomSeries(seededRandom(1));
    const key = (series as SeriesBlocks).key;
    const batches = [
      withTable([{ key, blocks: [{ timestamps: first, bytes: raw(0) }] }]),
      withTable([{ key, blocks: [{ timestamps: second, bytes: raw(6) }] }]),
    ];
    const queries: SearchQuery[] = [];
    const leaf = leafOf("increase(x[100s])");
    const source = nodesOf(batches, queries);
    const expected = shown(await evaluate(sourceOf(batches), leaf));
    expect(expected.sampleCount).toBe(10);
    for (let round = 0; round < 18; round += 1)
      expect(shown(await evaluate(source, leaf))).toEqual(expected);
    const asked = queries.map((query) => (query.leaf ? "rows" : "blocks"));
    expect(asked).toEqual(["rows", ...Array<string>(17).fill("blocks"), "rows", "blocks"]);
  });

  test("count as samples, and of another grid are refused", async () => {
    const times = Float64Array.from({ length: 10 }, (_, i) => i * INTERVAL_MS);
    const series = randomSeries(seededRandom(2)).slice(0, 1);
    const bytes = Buffer.concat([Buffer.from([0]), Buffer.alloc(80)]);
    const batch = withTable(
      series.map(({ key }) => ({ key, blocks: [{ timestamps: timestampBlock(0, times), bytes }] })),
    );
    const leaf = leafOf("rate(x[5m])");
    const counted = evaluate(nodesOf([batch]), { ...leaf, sampleCountMax: 9 });
    await expect(counted).rejects.toThrow("-search.maxSamplesPerQuery=9");
    const capped = leafSourceOf(nodesOf([batch]), { memorySizeMax: 0, samplesPerSeriesMax: 9 });
    await expect(capped.evaluate(leaf, NEVER)).rejects.toThrow("more than 9 samples per series");
    const rows: BatchRows = {
      stepCount: 2,
      values: new Float64Array(2),
      presence: new Uint8Array(2),
      sampleCount: 0,
      seriesSampleCountMax: 0,
    };
    const other = evaluate(sourceOf([Object.assign([...batch], { rows })]), leaf);
    await expect(other).rejects.toThrow("rows of 2 steps where 1 were asked for");
  });
});

describe("a leaf that cannot be worked out where the blocks lie", () => {
  const leaves = leavesOnBlocks();

  test.for([
    ["no leaf", "sum(x)"],
    ["no PromQL", "rate(x[5m"],
    ["of thousands of letters", `x{a="${"b".repeat(9_000)}"}`],
    ["of a function that a newer build has", "rate_of_tomorrow(x[5m])"],
    ["under a modifier that its function does not take", "max_over_time(x[5m] smoothed)"],
  ])("%s", ([, text]) => {
    expect(leaves.open(searchLeaf(leafOf(text as string)))).toBeNull();
  });

  test("of several steps, or of none", () => {
    const grid = { startMs: 0, endMs: 60_000, stepMs: 60_000 };
    expect(leaves.open(searchLeaf(leafOf("x", { grid })))).toBeNull();
    const noGrid = { startMs: 1, endMs: 0, stepMs: 1 };
    expect(leaves.open(searchLeaf(leafOf("x", { grid: noGrid })))).toBeNull();
    const endless = { startMs: Infinity, endMs: Infinity, stepMs: 1 };
    expect(leaves.open(searchLeaf(leafOf("x", { grid: endless })))).toBeNull();
  });

  test("with blocks that are damaged, or too many for the memory of a lane", () => {
    const times = timestampBlock(0, Float64Array.of(0, 10_000));
    const [series] = [
      { key: new Uint8Array(8), blocks: [{ timestamps: times, bytes: Buffer.from([99, 1]) }] },
    ];
    const open = leaves.open(searchLeaf(leafOf("x")));
    expect(open?.rowsOf(withTable([series]).blockTable)).toBeNull();
    const many = timestampBlock(
      1,
      Float64Array.from({ length: 8_000 }, (_, i) => i * 2),
    );
    const constant = Buffer.concat([Buffer.from([1]), Buffer.alloc(8)]);
    const blocks = Array.from({ length: 140 }, () => ({ timestamps: many, bytes: constant }));
    expect(open?.rowsOf(withTable([{ key: series.key, blocks }]).blockTable)).toBeNull();
  });

  test("more timestamp blocks than are remembered do no harm", () => {
    const open = leaves.open(searchLeaf(leafOf("rate(x[1m])")));
    for (let target = 0; target < 5_000; target += 1000) {
      const series = Array.from({ length: 1000 }, (_, i): SeriesBlocks => {
        const times = Float64Array.of(50_000, 60_000 + i, 100_000);
        const bytes = Buffer.concat([
          Buffer.from([0]),
          Buffer.from(Float64Array.of(1, 2, i).buffer),
        ]);
        return {
          key: new Uint8Array(8),
          blocks: [{ timestamps: timestampBlock(target + i, times), bytes }],
        };
      });
      const rows = open?.rowsOf(withTable(series).blockTable);
      expect(rows?.presence.every((byte) => byte === 1)).toBe(true);
      expect(rows?.sampleCount).toBe(3000);
    }
  });
});

/** Leaves from raw blocks, against a naive reading of the same samples step by step. */
import { forEachSeed, type Random } from "@tideline/common/testing";
import {
  COMPLETE,
  DEFAULT_TENANT,
  STALE_HIGH_WORD,
  STALE_LOW_WORD,
  wordsOf,
  type Leaf,
  type SeriesSource,
} from "@tideline/model";
import { fakeSeriesSource, type FakeSeries } from "@tideline/model/testing";
import { describe, expect, test } from "vitest";
import { labelKeyOf, labelKeyText } from "../labels/label-key.ts";
import { closeTo, series, type Rows } from "../testing/ask.ts";
import { leafSourceOf } from "./leaf-source.ts";

const LOOKBACK_MS = 60_000;

interface Sample {
  readonly timeMs: number;
  readonly value: number;
  readonly isStale: boolean;
}

function samplesOf({ timestampsMs, values }: FakeSeries): Sample[] {
  const words = wordsOf(values);
  return Array.from(timestampsMs, (timeMs, i) => ({
    timeMs,
    value: values[i] as number,
    isStale: words[i * 2] === STALE_LOW_WORD && words[i * 2 + 1] === STALE_HIGH_WORD,
  }));
}

/** Samples in (end - range, end]. */
function inWindow(samples: readonly Sample[], endMs: number, rangeMs: number): Sample[] {
  return samples.filter(({ timeMs }) => timeMs > endMs - rangeMs && timeMs <= endMs);
}

function randomSeries(random: Random, number: number): FakeSeries {
  const times: number[] = [];
  // A few series share their times.
  let timeMs = number % 3 === 0 ? 0 : random.below(5_000);
  for (let i = random.below(60); i > 0; i -= 1) {
    timeMs += number % 3 === 0 ? 10_000 : 1 + random.below(40_000);
    times.push(timeMs);
  }
  const values = new Float64Array(times.length);
  const words = wordsOf(values);
  for (let i = 0; i < times.length; i += 1) {
    values[i] = random.chance(0.1) ? 0 : random.below(1_000) / 8;
    if (random.chance(0.1)) {
      words[i * 2] = STALE_LOW_WORD;
      words[i * 2 + 1] = STALE_HIGH_WORD;
    }
  }
  return {
    labels: [
      { name: "__name__", value: "x" },
      { name: "n", value: String(number) },
    ],
    timestampsMs: Float64Array.from(times),
    values,
  };
}

type Naive = (samples: readonly Sample[], endMs: number, rangeMs: number) => number | null;

function overLive(atLeast: number, valueOf: (window: readonly Sample[]) => number): Naive {
  return (samples, endMs, rangeMs) => {
    const window = inWindow(samples, endMs, rangeMs).filter(({ isStale }) => !isStale);
    return window.length < atLeast ? null : valueOf(window);
  };
}

/** rate as Prometheus documents it, for one window. */
const naiveIncrease: Naive = (samples, endMs, rangeMs) => {
  const window = inWindow(samples, endMs, rangeMs).filter(({ isStale }) => !isStale);
  const first = window[0];
  const last = window.at(-1);
  if (!first || !last || window.length < 2) return null;
  let growth = last.value - first.value;
  window.slice(1).forEach(({ value }, i) => {
    const previous = (window[i] as Sample).value;
    if (value < previous) growth += previous;
  });
  const sampled = (last.timeMs - first.timeMs) / 1000;
  const average = sampled / (window.length - 1);
  let toStart = (first.timeMs - (endMs - rangeMs)) / 1000;
  let toEnd = (endMs - last.timeMs) / 1000;
  if (toStart >= average * 1.1) toStart = average / 2;
  if (growth > 0 && first.value >= 0) toStart = Math.min(toStart, sampled * (first.value / growth));
  if (toEnd >= average * 1.1) toEnd = average / 2;
  return growth * ((sampled + toStart + toEnd) / sampled);
};

const RANGE_MS = 90_000;
const CASES: readonly { readonly text: string; readonly naive: Naive }[] = [
  {
    text: "x",
    naive: (samples, endMs) => {
      const last = inWindow(samples, endMs, LOOKBACK_MS).at(-1);
      return last && !last.isStale ? last.value : null;
    },
  },
  {
    text: "timestamp(x)",
    naive: (samples, endMs) => {
      const last = inWindow(samples, endMs, LOOKBACK_MS).at(-1);
      return last && !last.isStale ? last.timeMs / 1000 : null;
    },
  },
  { text: "increase(x[90s])", naive: naiveIncrease },
  {
    text: "rate(x[90s])",
    naive: (samples, endMs) => {
      const increase = naiveIncrease(samples, endMs, RANGE_MS);
      return increase === null ? null : increase / 90;
    },
  },
  { text: "count_over_time(x[90s])", naive: overLive(1, (window) => window.length) },
  {
    text: "sum_over_time(x[90s])",
    naive: overLive(1, (window) => window.reduce((sum, { value }) => sum + value, 0)),
  },
  {
    text: "avg_over_time(x[90s])",
    naive: overLive(
      1,
      (window) => window.reduce((sum, { value }) => sum + value, 0) / window.length,
    ),
  },
  {
    text: "max_over_time(x[90s])",
    naive: overLive(1, (window) => Math.max(...window.map(({ value }) => value))),
  },
  {
    text: "min_over_time(x[90s])",
    naive: overLive(1, (window) => Math.min(...window.map(({ value }) => value))),
  },
  { text: "last_over_time(x[90s])", naive: overLive(1, (window) => window.at(-1)?.value ?? NaN) },
  { text: "first_over_time(x[90s])", naive: overLive(1, (window) => window[0]?.value ?? NaN) },
  {
    text: "changes(x[90s])",
    naive: overLive(
      1,
      (window) => window.filter(({ value }, i) => i > 0 && value !== window[i - 1]?.value).length,
    ),
  },
  {
    text: "resets(x[90s])",
    naive: overLive(
      1,
      (window) =>
        window.filter(({ value }, i) => i > 0 && value < (window[i - 1] as Sample).value).length,
    ),
  },
  {
    text: "idelta(x[90s])",
    naive: overLive(2, (window) => (window.at(-1)?.value ?? NaN) - (window.at(-2)?.value ?? NaN)),
  },
];

function leafOf(text: string, more: Partial<Leaf> = {}): Leaf {
  return {
    tenant: DEFAULT_TENANT,
    text,
    grid: { startMs: 0, endMs: 0, stepMs: 1 },
    lookbackMs: LOOKBACK_MS,
    extraFilters: [],
    seriesCountMax: 0,
    sampleCountMax: 0,
    ...more,
  };
}

const idle = new AbortController().signal;

async function evaluate(source: SeriesSource, leaf: Leaf): Promise<Rows> {
  const { columns } = await leafSourceOf(source).evaluate(leaf, idle);
  const rows: Rows = {};
  columns.keys.forEach((key, row) => {
    rows[labelKeyText(labelKeyOf(key))] = Array.from({ length: columns.stepCount }, (_, step) => {
      const at = row * columns.stepCount + step;
      return columns.presence[at] === 1 ? (columns.values[at] as number) : null;
    });
  });
  return rows;
}

describe("a leaf equals a naive reading, step by step", () => {
  test.for(CASES)("$text", async ({ text, naive }) => {
    const asked: Promise<Rows>[] = [];
    const expected: Rows[] = [];
    forEachSeed(25, (random) => {
      const data = Array.from({ length: 6 }, (_, number) => randomSeries(random, number));
      const source = fakeSeriesSource(data, { samplesPerBlockMax: 1 + random.below(30) });
      const startMs = random.below(300_000);
      const stepMs = 1 + random.below(70_000);
      const stepCount = 1 + random.below(30);
      const grid = { startMs, endMs: startMs + stepMs * (stepCount - 1), stepMs };
      asked.push(evaluate(source, leafOf(text, { grid })));
      const rows: Rows = {};
      data.forEach((one, number) => {
        const samples = samplesOf(one);
        const row = Array.from({ length: stepCount }, (_, step) =>
          naive(samples, startMs + step * stepMs, RANGE_MS),
        );
        if (row.some((value) => value !== null)) rows[`x{n="${number}"}`] = row;
      });
      expected.push(rows);
    });
    const actual = await Promise.all(asked);
    expect(actual).toEqual(expected.map(closeTo));
  });
});

describe("blocks of one series", () => {
  test("pieces in any batch, overlapping and repeated, are merged: the greater value wins", async () => {
    const runs = [
      series("x", "1 2 3 4 5 6", 10_000),
      series("x", "_ 9 1 4 _ stale", 10_000),
      series("x", "_ _ stale _ _ _ 7", 10_000),
    ];
    const source = fakeSeriesSource(runs, { batchSize: 1, samplesPerBlockMax: 2 });
    const grid = { startMs: 0, endMs: 60_000, stepMs: 10_000 };
    const rows = await evaluate(source, leafOf("last_over_time(x[1s])", { grid }));
    expect(rows["x"]).toEqual([1, 9, 3, 4, 5, 6, 7]);
  });

  test("the same result comes of any cut into pieces", async () => {
    const checks: Promise<void>[] = [];
    forEachSeed(30, (random) => {
      const whole = randomSeries(random, 1);
      if (whole.timestampsMs.length === 0) return;
      const pieces = Array.from({ length: 4 }, () => {
        const kept = Array.from(whole.timestampsMs.keys()).filter(() => random.chance(0.6));
        const values = new Float64Array(kept.length);
        kept.forEach((index, i) => values.set(whole.values.subarray(index, index + 1), i));
        const timestampsMs = Float64Array.from(kept, (i) => whole.timestampsMs[i] as number);
        return { labels: whole.labels, timestampsMs, values };
      });
      const data = [whole, ...pieces].filter(({ timestampsMs }) => timestampsMs.length > 0);
      const grid = { startMs: 0, endMs: 600_000, stepMs: 7_000 };
      const leaf = leafOf("sum_over_time(x[90s])", { grid });
      const check = async (): Promise<void> => {
        const one = await evaluate(fakeSeriesSource([whole]), leaf);
        const source = fakeSeriesSource(data, { samplesPerBlockMax: 5, batchSize: 2 });
        expect(await evaluate(source, leaf)).toEqual(one);
      };
      checks.push(check());
    });
    await Promise.all(checks);
  });

  test("NaN payloads pass a selector bit for bit", async () => {
    const values = new Float64Array(1);
    wordsOf(values).set([0x1234_5678, 0x7ff8_0abc]);
    const data = [{ ...series("x", "0"), values }];
    const leaf = leafOf("x");
    const { columns } = await leafSourceOf(fakeSeriesSource(data)).evaluate(leaf, idle);
    expect([...wordsOf(columns.values)]).toEqual([0x1234_5678, 0x7ff8_0abc]);
  });
});

describe("a leaf", () => {
  const data = [
    series('x{a="1"}', "1 2 3"),
    series('x{a="2"}', "1 2 3"),
    series('y{a="1"}', "5 6 7"),
    series('x{a="3"}', "stale stale stale"),
  ];

  test("has rows sorted by labels, with names, and none for series without a value", async () => {
    const rows = await evaluate(fakeSeriesSource(data), leafOf("rate(x[3m] @ 120)"));
    expect(Object.keys(rows)).toEqual(['x{a="1"}', 'x{a="2"}']);
  });

  test("counts the samples that its windows touch", async () => {
    const source = leafSourceOf(fakeSeriesSource(data));
    const grid = { startMs: 60_000, endMs: 120_000, stepMs: 60_000 };
    const result = await source.evaluate(leafOf('sum_over_time(x{a="1"}[1m])', { grid }), idle);
    expect(result.sampleCount).toBe(2);
  });

  test.for([
    { name: "too many samples", leaf: leafOf("sum_over_time(x[1h] @ 120)", { sampleCountMax: 5 }) },
    { name: "too many series", leaf: leafOf("x @ 120", { seriesCountMax: 2 }) },
  ])("fails with $name", async ({ leaf }) => {
    const source = leafSourceOf(fakeSeriesSource(data));
    await expect(source.evaluate(leaf, idle)).rejects.toMatchObject({ name: "ExecutionError" });
  });

  test("fails when it would hold too much memory", async () => {
    const source = leafSourceOf(fakeSeriesSource(data), { memorySizeMax: 500 });
    await expect(source.evaluate(leafOf("x @ 120"), idle)).rejects.toMatchObject({
      code: "TIDELINE_QUERY_MEMORY",
    });
  });

  test("asks for just the time that its windows reach", async () => {
    const asked: [number, number][] = [];
    const source = fakeSeriesSource(data, {
      onSearch: ({ startMs, endMs }) => asked.push([startMs, endMs]),
    });
    const grid = { startMs: 600_000, endMs: 1_200_000, stepMs: 60_000 };
    await evaluate(source, leafOf("x", { grid }));
    await evaluate(source, leafOf("rate(x[5m] offset 1m)", { grid }));
    await evaluate(source, leafOf("predict_linear(x[5m] @ 900, 60)", { grid }));
    expect(asked).toEqual([
      [540_001, 1_200_000],
      [240_001, 1_140_000],
      [600_001, 900_000],
    ]);
  });

  test("ANDs each alternative of the extra filters with its matchers", async () => {
    const extraFilters = [
      [{ name: "a", operator: "=", value: "2" }],
      [{ name: "a", operator: "=~", value: "1|9" }],
    ] as const;
    const rows = await evaluate(fakeSeriesSource(data), leafOf("x @ 120", { extraFilters }));
    expect(Object.keys(rows)).toEqual(['x{a="1"}', 'x{a="2"}']);
  });

  test("refuses a text that is no leaf", async () => {
    const source = leafSourceOf(fakeSeriesSource(data));
    await expect(source.evaluate(leafOf("sum(x)"), idle)).rejects.toMatchObject({
      code: "TIDELINE_LEAF",
    });
  });

  test("reports damaged blocks as corruption", async () => {
    const source: SeriesSource = {
      ...fakeSeriesSource([]),
      search: () => ({
        coverage: () => COMPLETE,
        async *[Symbol.asyncIterator]() {
          await Promise.resolve();
          const timestamps = { id: 0, count: 2, minMs: 0, maxMs: 1, bytes: Uint8Array.of(9) };
          const key = new Uint8Array(8);
          yield [{ key, blocks: [{ timestamps, bytes: Uint8Array.of(9) }] }];
        },
      }),
    };
    await expect(leafSourceOf(source).evaluate(leafOf("x"), idle)).rejects.toMatchObject({
      name: "CorruptionError",
    });
  });
});

/** Queries see the newest sample of each interval (kD - D, kD], whatever blocks samples lie in. */
import { existsSync, readFileSync } from "node:fs";
import { forEachSeed, type Random } from "@tideline/common/testing";
import { wordsOf } from "@tideline/model";
import { fakeSeriesSource, type FakeSeries } from "@tideline/model/testing";
import { expect, test } from "vitest";
import { askFor, rowsOf } from "../testing/ask.ts";

const SHARED = process.env["TIDELINE_SHARED_TESTS"] ?? "/work/shared/tests";
const CASES = `${SHARED}/dedup.json`;
const LABELS = [{ name: "__name__", value: "up" }];

interface Seen {
  readonly times: readonly number[];
  /** Bits, by times; staleness markers are left out. */
  readonly bits: readonly bigint[];
}

function bitsOf(value: number | string): bigint {
  if (value === "StaleNaN") return 0x7ff0_0000_0000_0002n;
  return new BigUint64Array(Float64Array.of(Number(value)).buffer)[0] as bigint;
}

/** What `up[…]` shows of samples up to `endMs`. Each sample comes from a source of its own where times repeat. */
async function seenOf(
  times: readonly number[],
  bits: readonly bigint[],
  dedupIntervalMs: number,
  endMs: number,
): Promise<Seen> {
  const columns: { times: number[]; bits: bigint[] }[] = [];
  for (const [i, ms] of times.entries()) {
    let column = columns.find((one) => (one.times.at(-1) ?? -1) < ms);
    if (!column) columns.push((column = { times: [], bits: [] }));
    column.times.push(ms);
    column.bits.push(bits[i] as bigint);
  }
  const data = columns.map((column): FakeSeries => ({
    labels: LABELS,
    timestampsMs: Float64Array.from(column.times),
    values: new Float64Array(BigUint64Array.from(column.bits).buffer),
  }));
  const result = await askFor("up[1000d]", fakeSeriesSource(data), { at: endMs, dedupIntervalMs });
  if (result.data.type !== "samples") throw new Error("no samples");
  const [found] = result.data.samples.series;
  return {
    times: [...(found?.timestampsMs ?? [])],
    bits: [...new BigUint64Array((found?.values ?? new Float64Array(0)).slice().buffer)],
  };
}

interface SharedCase {
  readonly interval_ns?: number;
  readonly timestamps_ms?: readonly number[] | null;
  readonly values?: readonly (number | string)[];
  readonly timestamps_expected?: readonly number[];
  readonly values_expected?: readonly (number | string)[];
}

// Without an interval equal times are merged all the same (law 3): those cases are not ours.
test.skipIf(!existsSync(CASES))("the shared cases, those with an interval", async () => {
  const lists = Object.values(
    JSON.parse(readFileSync(CASES, "utf8")) as Record<string, readonly SharedCase[] | object>,
  );
  let count = 0;
  for (const one of lists.flatMap((list) => (Array.isArray(list) ? (list as SharedCase[]) : []))) {
    const times = one.timestamps_ms ?? [];
    const expected = one.timestamps_expected;
    if (!one.interval_ns || times.length === 0 || !expected) continue;
    const bits = times.map((_, i) => bitsOf(one.values?.[i] ?? 0));
    const seen = await seenOf(times, bits, one.interval_ns / 1e6, times.at(-1) ?? 0);
    const values = (one.values_expected ?? expected.map(() => 0)).map(bitsOf);
    const isLive = (i: number): boolean => values[i] !== bitsOf("StaleNaN");
    expect(seen.times).toEqual(expected.filter((_, i) => isLive(i)));
    expect(seen.bits).toEqual(values.filter((_, i) => isLive(i)));
    count += 1;
  }
  expect(count).toBeGreaterThan(8);
});

test.for([
  { intervalMs: 10, endMs: 21, left: [10, 20, 21] },
  // What lies past the range takes nobody's place.
  { intervalMs: 10, endMs: 19, left: [10, 19] },
  { intervalMs: 10, endMs: 15, left: [10, 11] },
  { intervalMs: 0, endMs: 21, left: [1, 10, 11, 19, 20, 21] },
])("$intervalMs ms: up to $endMs there are $left", async ({ intervalMs, endMs, left }) => {
  const times = [1, 10, 11, 19, 20, 21];
  const seen = await seenOf(times, times.map(bitsOf), intervalMs, endMs);
  expect(seen).toEqual({ times: left, bits: left.map(bitsOf) });
});

function randomSeries(random: Random, number: number): FakeSeries {
  const isShared = number % 2 === 0;
  let ms = isShared ? 0 : random.below(5_000);
  const times = Array.from(
    { length: 40 },
    () => (ms += isShared ? 5_000 : 1 + random.below(9_000)),
  );
  const values = Float64Array.from(times, () => random.below(1000));
  const labels = [...LABELS, { name: "n", value: String(number) }];
  return { labels, timestampsMs: Float64Array.from(times), values };
}

/** The rule by itself. */
function thinned(series: FakeSeries, intervalMs: number, endMs: number): FakeSeries {
  const newest = new Map<number, number>();
  for (const [i, ms] of series.timestampsMs.entries())
    if (ms <= endMs) newest.set(Math.ceil(ms / intervalMs), i);
  const kept = [...newest.values()];
  return {
    ...series,
    timestampsMs: Float64Array.from(kept, (i) => series.timestampsMs[i] as number),
    values: Float64Array.from(kept, (i) => series.values[i] as number),
  };
}

test("functions see what is left, over shared times and others, blocks of any size", async () => {
  const asked: Promise<Awaited<ReturnType<typeof askFor>>[]>[] = [];
  forEachSeed(30, (random) => {
    const data = Array.from({ length: 5 }, (_, number) => randomSeries(random, number));
    const dedupIntervalMs = 1 + random.below(20_000);
    const startMs = random.below(100_000);
    const stepMs = 1 + random.below(20_000);
    const stepCount = random.below(8);
    const grid = { startMs, stepMs, endMs: startMs + stepCount * stepMs };
    const expected = data.map((one) => thinned(one, dedupIntervalMs, grid.endMs));
    const source = fakeSeriesSource(data, { samplesPerBlockMax: 1 + random.below(30) });
    for (const text of ["up", "count_over_time(up[30s])", "rate(up[40s])", "sum(up)"]) {
      const seen = askFor(text, source, { grid, dedupIntervalMs });
      const wanted = askFor(text, fakeSeriesSource(expected), { grid });
      asked.push(Promise.all([seen, wanted]));
    }
  });
  for (const [seen, wanted] of await Promise.all(asked))
    expect(seen && rowsOf(seen)).toEqual(wanted && rowsOf(wanted));
});

test("values keep their bits", async () => {
  const values = new Float64Array(2);
  wordsOf(values).set([7, 0x7ff8_0001, 9, 0xfff8_0003]);
  const bits = [...new BigUint64Array(values.buffer)];
  const seen = await seenOf([1, 2, 3], [bitsOf(4), ...bits], 2, 3);
  expect(seen).toEqual({ times: [2, 3], bits });
});

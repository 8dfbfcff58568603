/**
 * What every SeriesSource must do (series-source.ts), as a suite: storage, cluster and the fake of arrays pass it.
 */
import { forEachSeed, seededRandom, type Random } from "@tideline/common/testing";
import { decodeTimestamps, decodeValues } from "@tideline/kernels";
import { compareBytes } from "@tideline/common";
import { expect, test } from "vitest";
import { ExecutionError } from "../errors.ts";
import { compileMatcher, type Matcher } from "../matcher.ts";
import { seriesKey, type Label } from "../series-key.ts";
import type { LabelCount, SearchQuery, SeriesSource } from "../series-source.ts";
import type { Tenant } from "../tenant.ts";
import { countLabels, type FakeSeries } from "./fake-series-source.ts";

/** A source that holds the given series, and nothing else. Samples are recent: within the last minute. */
export type OpenSource = (series: readonly FakeSeries[]) => Promise<SeriesSource>;

const TENANT: Tenant = { accountId: 3, projectId: 1 };
const OTHER_TENANT: Tenant = { accountId: 3, projectId: 2 };
const FOREVER = { startMs: 0, endMs: 8e15, seriesCountMax: 0 };
const PATTERNS = ["a", "b", "a|b", ".*", ".+", "", "[ab]", "(a|)", "x.*"];

function query(
  filters: readonly (readonly Matcher[])[],
  rest: Partial<SearchQuery> = {},
): SearchQuery {
  return { tenant: TENANT, filters, ...FOREVER, ...rest };
}

function labels(i: number): Label[] {
  const all = [
    { name: "__name__", value: `m${i % 4}` },
    { name: "i", value: String(i) },
    { name: "odd", value: i % 2 === 1 ? "a" : "" },
    { name: "third", value: ["", "a", "b"][i % 3] as string },
    { name: "ü", value: i % 5 === 0 ? "ä" : "" },
  ];
  return all.filter(({ value }) => value !== "");
}

function someSeries(nowMs: number): FakeSeries[] {
  return Array.from({ length: 30 }, (_, i) => {
    const count = 1 + ((i * 7) % 40);
    const bits = BigUint64Array.from({ length: count }, (__, s) =>
      s % 5 === 4 ? 0x7ff0_0000_0000_0002n : 0x4000_0000_0000_0000n + BigInt(i * 1000 + s),
    );
    return {
      tenant: i % 10 === 9 ? OTHER_TENANT : TENANT,
      labels: labels(i),
      timestampsMs: Float64Array.from({ length: count }, (__, s) => nowMs - 50_000 + s * 1000),
      values: new Float64Array(bits.buffer),
    };
  });
}

/** Samples of each series as text: `ms bits`, ascending. */
async function readAll(source: SeriesSource, asked: SearchQuery): Promise<Map<string, string[]>> {
  const found = new Map<string, Map<number, bigint>>();
  for await (const batch of source.search(asked, new AbortController().signal)) {
    for (const { key, blocks } of batch) {
      const name = Buffer.from(key).toString("latin1");
      const samples = found.get(name) ?? new Map<number, bigint>();
      found.set(name, samples);
      for (const { timestamps, bytes } of blocks) {
        const times = new Float64Array(timestamps.count);
        const values = new Float64Array(timestamps.count);
        decodeTimestamps(timestamps.bytes, times);
        decodeValues(bytes, values);
        const bits = new BigUint64Array(values.buffer);
        for (const [i, ms] of times.entries()) samples.set(ms, bits[i] as bigint);
      }
    }
  }
  return new Map([...found].map(([name, samples]) => [name, asText(samples, asked)]));
}

/** Counts of labels that some series have. */
async function readCounts(source: SeriesSource, asked: SearchQuery): Promise<LabelCount[]> {
  const counts: LabelCount[] = [];
  for await (const batch of source.labelCounts(asked, new AbortController().signal))
    counts.push(...batch);
  return counts.filter(({ seriesCount }) => seriesCount > 0);
}

/** Samples outside the range may come or not. */
function asText(samples: Map<number, bigint>, { startMs, endMs }: SearchQuery): string[] {
  return [...samples]
    .filter(([ms]) => ms >= startMs && ms <= endMs)
    .toSorted(([a], [b]) => a - b)
    .map(([ms, bits]) => `${ms} ${bits}`);
}

function passes(series: FakeSeries, filters: readonly (readonly Matcher[])[]): boolean {
  const valueOf = (name: string): string =>
    series.labels.find((label) => label.name === name)?.value ?? "";
  return (
    filters.length === 0 ||
    filters.some((all) =>
      all.every((matcher) => compileMatcher(matcher).matches(valueOf(matcher.name))),
    )
  );
}

function expectedSamples(all: readonly FakeSeries[], asked: SearchQuery): Map<string, string[]> {
  const expected = new Map<string, string[]>();
  for (const series of matching(all, asked)) {
    const bits = new BigUint64Array(series.values.buffer);
    const samples = new Map([...series.timestampsMs].map((ms, i) => [ms, bits[i] as bigint]));
    const text = asText(samples, asked);
    const key = seriesKey(TENANT, series.labels);
    if (text.length > 0) expected.set(Buffer.from(key).toString("latin1"), text);
  }
  return expected;
}

function matching(all: readonly FakeSeries[], { filters }: SearchQuery): FakeSeries[] {
  return all.filter((series) => series.tenant === TENANT && passes(series, filters));
}

function randomFilters(random: Random): Matcher[][] {
  return Array.from({ length: random.below(3) }, () =>
    Array.from({ length: 1 + random.below(3) }, () => ({
      name: random.pick(["__name__", "odd", "third", "ü", "absent"]),
      operator: random.pick(["=", "!=", "=~", "!~"] as const),
      value: random.pick([...PATTERNS, "m1", "ä"]),
    })),
  );
}

function asHex(items: readonly Uint8Array[]): string[] {
  return items.map((key) => Buffer.from(key).toString("hex"));
}

/** Declares the tests; call it inside a `describe`. */
export function describeSeriesSource(open: OpenSource): void {
  const { signal } = new AbortController();

  test("every sample of every matching series is found, bit for bit", async () => {
    const series = someSeries(Date.now());
    const source = await open(series);
    const seeds: number[] = [];
    forEachSeed(40, (_, seed) => seeds.push(seed));
    for (const seed of seeds) {
      const random = seededRandom(seed);
      const nowMs = series[0]?.timestampsMs[0] as number;
      const range = random.chance(0.5)
        ? { startMs: nowMs + random.below(30_000), endMs: nowMs + 10_000 + random.below(30_000) }
        : {};
      const asked = query(randomFilters(random), range);
      const found = await readAll(source, asked);
      // A series without samples in the range may be named or not.
      const named = new Map([...found].filter(([, samples]) => samples.length > 0));
      expect({ asked, found: named }).toEqual({ asked, found: expectedSamples(series, asked) });
    }
  });

  test("label names and values are those of the matching series, sorted, each once", async () => {
    const series = someSeries(Date.now());
    const source = await open(series);
    const seeds: number[] = [];
    forEachSeed(20, (_, seed) => seeds.push(seed));
    for (const seed of seeds) {
      const asked = query(randomFilters(seededRandom(seed)));
      const found = matching(series, asked).flatMap((one) => one.labels);
      const names = [...new Set(found.map(({ name }) => name))].toSorted();
      const values = new Set(found.filter(({ name }) => name === "i").map(({ value }) => value));
      expect((await source.labelNames(asked, 0, signal)).items).toEqual(names);
      expect((await source.labelNames(asked, 2, signal)).items).toEqual(names.slice(0, 2));
      expect((await source.labelValues("i", asked, 0, signal)).items).toEqual(
        [...values].toSorted(),
      );
      expect((await source.labelValues("absent", asked, 0, signal)).items).toEqual([]);
    }
  });

  test("series keys are those of the matching series, sorted by bytes, each once", async () => {
    const series = someSeries(Date.now());
    const source = await open(series);
    const asked = query([[{ name: "odd", operator: "!=", value: "a" }]]);
    const keys = matching(series, asked)
      .map((one) => seriesKey(TENANT, one.labels))
      .toSorted(compareBytes);
    expect(asHex((await source.seriesKeys(asked, 0, signal)).items)).toEqual(asHex(keys));
    expect(asHex((await source.seriesKeys(asked, 3, signal)).items)).toEqual(
      asHex(keys).slice(0, 3),
    );
  });

  test("labels are counted over the matching series, each once, sorted, all series first", async () => {
    const series = someSeries(Date.now());
    const source = await open(series);
    const seeds: number[] = [];
    forEachSeed(20, (_, seed) => seeds.push(seed));
    for (const seed of seeds) {
      const asked = query(randomFilters(seededRandom(seed)));
      const keys = matching(series, asked).map((one) => seriesKey(TENANT, one.labels));
      expect({ asked, counts: await readCounts(source, asked) }).toEqual({
        asked,
        counts: countLabels(keys),
      });
    }
    const tooMany = readCounts(source, query([], { seriesCountMax: 3 }));
    await expect(tooMany).rejects.toThrow(ExecutionError);
  });

  test("more series than asked for are an ExecutionError", async () => {
    const source = await open(someSeries(Date.now()));
    for (const seriesCountMax of [1, 3, 20]) {
      const reading = readAll(source, query([], { seriesCountMax }));
      await expect(reading).rejects.toThrow(ExecutionError);
    }
    expect((await readAll(source, query([], { seriesCountMax: 100 }))).size).toBe(27);
  });

  test("a search that is left early, or aborted, harms nobody", async () => {
    const series = someSeries(Date.now());
    const source = await open(series);
    for await (const batch of source.search(query([]), signal)) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    const abort = new AbortController();
    abort.abort(new Error("the client left"));
    const aborted = source.search(query([]), abort.signal)[Symbol.asyncIterator]();
    await expect(aborted.next()).rejects.toThrow("the client left");
    expect(await readAll(source, query([]))).toEqual(expectedSamples(series, query([])));
  });
}

/**
 * Random data to ask about: an hour of series with manners of their own: gaps, counter resets, staleness markers, NaN,
 * infinities, few and many samples, integers, decimals, huge and tiny values, classic histograms with broken buckets,
 * times that series share or do not.
 *
 * The times are fixed, over the end of a February of a leap year, so that a seed gives the same data on any day.
 */
import type { Random } from "@tideline/common/testing";
import { bitsOf, type Sample, type Series, STALE_BITS } from "../harness/samples.ts";

export const DATA_START_MS = Date.UTC(2024, 1, 28, 23, 30);
export const DATA_END_MS = DATA_START_MS + 3_600_000;

type Labels = Readonly<Record<string, string>>;
type Kind = "counter" | "gauge" | "integer" | "flat" | "wild" | "time";

/** Of a metric: what its series have in common. */
interface Manner {
  readonly kind: Kind;
  readonly intervalMs: number;
  /** Whether all series are scraped at the same moments. */
  readonly isShared: boolean;
}

const INTERVALS_MS = [5_000, 15_000, 15_000, 30_000, 61_000];
const WILD_VALUES = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  1e300,
  -1e300,
  1.5e308,
  5e-300,
  3e-310,
  -2e-300,
  1e21,
  1e-7,
  123456789.123,
  2 ** 53,
  0.1,
  -0.3,
];

export function randomData(random: Random): Series[] {
  const series: Series[] = [];
  const add = (name: string, kind: Kind, labelSets: readonly Labels[]): void => {
    const manner = { kind, intervalMs: random.pick(INTERVALS_MS), isShared: random.chance(0.6) };
    for (const labels of labelSets) {
      series.push({ labels: { __name__: name, ...labels }, samples: samplesOf(random, manner) });
    }
  };
  const places = ["api", "db"].flatMap((job) =>
    ["a", "b", "c"].map((instance) => ({ job, instance })),
  );
  const codes = places.flatMap((place) => ["200", "500"].map((code) => ({ ...place, code })));
  add("requests_total", "counter", codes);
  add(
    "errors_total",
    "counter",
    codes.filter(() => random.chance(0.6)),
  );
  add("temperature", "gauge", places);
  add("pressure", "gauge", places);
  add("queue_length", "integer", places);
  add("limit", "flat", [...places.filter(() => random.chance(0.8)), { job: "api" }, {}]);
  add("wild", "wild", places);
  add("created_seconds", "time", places);
  add(
    "weights",
    "integer",
    ["v2", "v10", "v1", "V1"].map((version) => ({ job: "api", version })),
  );
  add(
    "strange.name",
    "gauge",
    places.map((place) => ({ ...place, "strange.label": 'é"\n' })),
  );
  for (const [name, labels] of steady(random, places))
    series.push(steadySeries(random, name, labels));
  for (const place of places) series.push(...histogram(random, "latency", place, false));
  for (const place of places.slice(0, 3)) series.push(...histogram(random, "size", place, true));
  return series.filter(({ samples }) => samples.length > 0).toSorted(byLabels);
}

/** For info(): see exclusions.ts for why these have no gaps. */
function* steady(random: Random, places: readonly Labels[]): Generator<[string, Labels]> {
  for (const place of places) {
    yield ["steady", place];
    for (const code of ["200", "500"]) yield ["steady_total", { ...place, code }];
    yield ["target_info", { ...place, version: random.pick(["1", "2"]), zone: "z" }];
    if (place["job"] === "api")
      yield ["build_info", { ...place, revision: random.pick(["x", "y"]) }];
  }
}

function steadySeries(random: Random, name: string, labels: Labels): Series {
  const samples = Array.from({ length: 240 }, (_, i) => ({
    timeMs: DATA_START_MS + i * 15_000,
    valueBits: bitsOf(name === "steady_total" ? i * 3 + random.below(3) : 1 + random.below(3)),
  }));
  return { labels: { __name__: name, ...labels }, samples };
}

/** Prometheus goes through the series of its head in the order they came; between equals, order decides. */
function byLabels(a: Series, b: Series): number {
  const [left, right] = [textOf(a), textOf(b)];
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function textOf({ labels }: Series): string {
  return Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}\u0000${value}\u0000`)
    .join("");
}

function samplesOf(random: Random, { kind, intervalMs, isShared }: Manner): Sample[] {
  const gapChance = random.pick([0, 0, 0.01, 0.05]);
  const gapLengthMax = random.pick([3, 30]);
  const staleChance = random.pick([0, 0, 0.02]);
  const resetChance = random.pick([0, 0.02, 0.1]);
  const [from, to] = lifetime(random);
  const jitterMs = isShared || random.chance(0.5) ? 0 : intervalMs - 1;
  const offsetMs = isShared ? 0 : random.below(intervalMs);
  const next = valuesOf(random, kind, resetChance);
  const samples: Sample[] = [];
  let gap = 0;
  for (let timeMs = from; timeMs < to; timeMs += intervalMs) {
    const value = next(timeMs);
    if (gap === 0 && random.chance(gapChance)) {
      gap = 1 + random.below(gapLengthMax);
      // A series that is gone is marked so, at times.
      if (random.chance(0.5)) samples.push({ timeMs: timeMs + offsetMs, valueBits: STALE_BITS });
      continue;
    }
    if (gap > 0) {
      gap -= 1;
      continue;
    }
    const valueBits = random.chance(staleChance) ? STALE_BITS : bitsOf(value);
    samples.push({
      timeMs: timeMs + offsetMs + random.below(Math.min(jitterMs, intervalMs - offsetMs) + 1),
      valueBits,
    });
  }
  return ascending(samples);
}

/** Most series live all the time; some come late, go early, or have a few samples only. */
function lifetime(random: Random): readonly [number, number] {
  const lengthMs = DATA_END_MS - DATA_START_MS;
  const kind = random.below(10);
  if (kind === 0) return [DATA_START_MS + random.below(lengthMs), DATA_END_MS];
  if (kind === 1) return [DATA_START_MS, DATA_START_MS + random.below(lengthMs)];
  if (kind === 2) {
    const at = DATA_START_MS + random.below(lengthMs);
    return [at, at + random.below(60_000)];
  }
  return [DATA_START_MS, DATA_END_MS];
}

function ascending(samples: readonly Sample[]): Sample[] {
  return samples.filter(({ timeMs }, i) => i === 0 || timeMs > (samples[i - 1] as Sample).timeMs);
}

function valuesOf(random: Random, kind: Kind, resetChance: number): (timeMs: number) => number {
  const scale = random.pick([1, 1, 1, 1e9, 1e-6]);
  const digits = random.pick([1, 10, 1000, 2 ** 40]);
  let value = kind === "counter" ? random.below(1000) : random.pick([0, 1, 17.5, -3]);
  switch (kind) {
    case "counter": {
      const isInteger = random.chance(0.5);
      return () => {
        if (random.chance(resetChance)) value = random.chance(0.5) ? 0 : random.below(5);
        else value += isInteger ? random.below(50) : random.below(500) / 10;
        return value;
      };
    }
    case "gauge":
      return () => {
        if (!random.chance(0.1))
          value = (Math.round((random.float() * 100 - 50) * digits) / digits) * scale;
        return value;
      };
    case "integer":
      return () => random.below(6);
    case "flat":
      return () => (random.chance(0.005) ? (value += 1) : value);
    case "wild":
      return () => random.pick(WILD_VALUES);
    case "time":
      // From the year 1920 to 2070, with fractions.
      return () => Math.round((random.float() * 4.7e9 - 1.57e9) * 4) / 4;
  }
}

const BOUNDS = ["0.1", "0.5", "1", "2.5", "10"];

/** Cumulative buckets. Broken ones: not monotonic, without +Inf, bounds twice, negative or not numbers at all. */
function histogram(random: Random, name: string, labels: Labels, isBroken: boolean): Series[] {
  const intervalMs = 15_000;
  const bounds = isBroken
    ? random.pick([BOUNDS, ["-1", "0", "1", "1.0", "1e1"], ["1", "x", "5"], ["5"]])
    : BOUNDS;
  const hasInfinity = !isBroken || random.chance(0.7);
  const all = hasInfinity ? [...bounds, random.pick(["+Inf", "+Inf", "Inf"])] : bounds;
  const wrongChance = isBroken ? 0.1 : 0;
  const roundingChance = random.pick([0, 0, 0.02]);
  const counters = all.map(() => 0);
  const columns: Sample[][] = all.map(() => []);
  const totals: Sample[] = [];
  const sums: Sample[] = [];
  let sum = 0;
  const resetAt = random.chance(0.3) ? random.below(240) : -1;
  for (let i = 0; i < 240; i += 1) {
    const timeMs = DATA_START_MS + i * intervalMs;
    if (i === resetAt) counters.fill(0);
    let total = 0;
    for (const [bucket, column] of columns.entries()) {
      counters[bucket] = (counters[bucket] as number) + random.below(4);
      total += counters[bucket];
      let value = total;
      if (random.chance(wrongChance)) value = random.pick([total - 3, 0, NaN, total * 2]);
      // As floats that went through a division come back.
      if (random.chance(roundingChance)) value *= 1 - 1e-13;
      column.push({ timeMs, valueBits: bitsOf(value) });
    }
    sum += random.float() * 4;
    totals.push({ timeMs, valueBits: bitsOf(total) });
    sums.push({ timeMs, valueBits: bitsOf(sum) });
  }
  return [
    ...all.map((le, bucket) => ({
      labels: { __name__: `${name}_bucket`, ...labels, le },
      samples: columns[bucket] ?? [],
    })),
    { labels: { __name__: `${name}_count`, ...labels }, samples: totals },
    { labels: { __name__: `${name}_sum`, ...labels }, samples: sums },
  ];
}

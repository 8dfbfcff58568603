/**
 * The engine beside a real Prometheus 3.5: random well-typed queries over random data (gaps, resets, staleness markers, NaN,
 * infinities, histograms, few and many points), each difference printed.
 *
 * `node bench/engine-oracle.ts PROMETHEUS [QUERY_COUNT] [SEED]`, PROMETHEUS being the program's file. Values agree to 1e-9
 * relative (1e-6 where Prometheus itself depends on the order of series: stddev, stdvar); both sides fail together.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ByteWriter } from "@tideline/common";
import { seededRandom, type Random } from "@tideline/common/testing";
import { execute, prepare, writeResultJson } from "@tideline/engine";
import {
  DEFAULT_TENANT,
  seriesKey,
  STALE_HIGH_WORD,
  STALE_LOW_WORD,
  wordsOf,
  type Label,
  type SeriesSource,
} from "@tideline/model";
import { fakeSeriesSource, type FakeSeries } from "@tideline/model/testing";
import { compress } from "snappyjs";
import { randomQuery } from "./engine-oracle-queries.ts";

const [program = "", countText = "500", seedText = "1"] = process.argv.slice(2);
const queryCount = Number(countText);
const random = seededRandom(Number(seedText));

const STEP_MS = 15_000;
const SAMPLE_COUNT = 240;
/** Far enough from now that Prometheus takes all of it. */
const END_MS = Math.floor(Date.now() / 60_000) * 60_000 - 120_000;
const START_MS = END_MS - SAMPLE_COUNT * STEP_MS;

// --- data

function label(name: string, value: string): Label {
  return { name, value };
}

/** A series with its own manners; times are whole multiples of the step, or scattered. */
function makeSeries(labels: Label[], kind: "counter" | "gauge" | "flat"): FakeSeries {
  const isScattered = random.chance(0.3);
  const gapChance = random.pick([0, 0, 0.02, 0.3]);
  const staleChance = random.pick([0, 0, 0.02]);
  const specialChance = kind === "gauge" ? random.pick([0, 0, 0.02]) : 0;
  const times: number[] = [];
  const values = new Float64Array(SAMPLE_COUNT);
  const words = wordsOf(values);
  let value = kind === "counter" ? random.below(1000) : random.float() * 100 - 50;
  let gap = 0;
  for (let i = 0; i < SAMPLE_COUNT; i += 1) {
    if (kind === "counter") value = random.chance(0.02) ? 0 : value + random.below(50) / 10;
    if (kind === "gauge") value = random.chance(0.1) ? value : random.float() * 100 - 50;
    if (gap === 0 && random.chance(gapChance)) gap = random.below(30);
    if (gap > 0) {
      gap -= 1;
      continue;
    }
    const at = times.length;
    times.push(START_MS + i * STEP_MS + (isScattered ? random.below(14_000) : 0));
    values[at] = random.chance(specialChance) ? random.pick([NaN, Infinity, -Infinity, 0]) : value;
    if (random.chance(staleChance)) {
      words[at * 2] = STALE_LOW_WORD;
      words[at * 2 + 1] = STALE_HIGH_WORD;
    }
  }
  return {
    labels,
    timestampsMs: Float64Array.from(times),
    values: values.slice(0, times.length),
  };
}

function keyOf({ labels }: FakeSeries): Uint8Array {
  return seriesKey(DEFAULT_TENANT, labels);
}

function makeData(): FakeSeries[] {
  const series: FakeSeries[] = [];
  for (const job of ["api", "db"]) {
    for (const instance of ["a", "b", "c"]) {
      const base = [label("job", job), label("instance", instance)];
      for (const code of ["200", "500"]) {
        const labels = [label("__name__", "requests_total"), ...base, label("code", code)];
        series.push(makeSeries(labels, "counter"));
      }
      series.push(makeSeries([label("__name__", "temperature"), ...base], "gauge"));
      series.push(makeSeries([label("__name__", "pressure"), ...base], "gauge"));
      series.push(makeSeries([label("__name__", "limit"), ...base], "flat"));
      series.push(...makeHistogram([label("__name__", "latency_bucket"), ...base]));
    }
  }
  series.push(makeSeries([label("__name__", "limit"), label("job", "api")], "flat"));
  // Prometheus goes through series in order of creation, the engine by their keys: between equals, order decides.
  return series
    .filter(({ timestampsMs }) => timestampsMs.length > 0)
    .toSorted((a, b) => Buffer.compare(keyOf(a), keyOf(b)));
}

/** Buckets that are cumulative, mostly. */
function makeHistogram(labels: Label[]): FakeSeries[] {
  const bounds = ["0.1", "0.5", "1", "5", "+Inf"];
  const counters = bounds.map(() => 0);
  const columns = bounds.map(() => new Float64Array(SAMPLE_COUNT));
  const timestampsMs = Float64Array.from(
    { length: SAMPLE_COUNT },
    (_, i) => START_MS + i * STEP_MS,
  );
  for (let i = 0; i < SAMPLE_COUNT; i += 1) {
    let sum = 0;
    bounds.forEach((_, bucket) => {
      const count = (counters[bucket] ?? 0) + random.below(4);
      counters[bucket] = count;
      sum += count;
      (columns[bucket] as Float64Array)[i] = random.chance(0.01) ? sum - 3 : sum;
    });
  }
  return bounds.map((bound, bucket) => ({
    labels: [...labels, label("le", bound)],
    timestampsMs,
    values: columns[bucket] as Float64Array,
  }));
}

// --- Prometheus

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
  });
}

/** A remote-write 1.0 request of samples [from, to) of each series, as protobuf. */
function writeRequest(series: readonly FakeSeries[], fromMs: number, toMs: number): Uint8Array {
  const request = new ByteWriter(1 << 16);
  for (const { labels, timestampsMs, values } of series) {
    const body = new ByteWriter();
    const sorted = labels.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name, value } of sorted) {
      const pair = new ByteWriter();
      pair.u8(0x0a);
      pair.text(name);
      pair.u8(0x12);
      pair.text(value);
      body.u8(0x0a);
      body.sized(pair.bytes());
    }
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    let count = 0;
    timestampsMs.forEach((timestampMs, i) => {
      if (timestampMs < fromMs || timestampMs >= toMs) return;
      const sample = new ByteWriter();
      sample.u8(0x09);
      sample.raw(bytes.subarray(i * 8, i * 8 + 8));
      sample.u8(0x10);
      sample.varint(timestampMs);
      body.u8(0x12);
      body.sized(sample.bytes());
      count += 1;
    });
    if (count === 0) continue;
    request.u8(0x0a);
    request.sized(body.bytes());
  }
  return request.copy();
}

async function startPrometheus(series: readonly FakeSeries[], folder: string) {
  const port = await freePort();
  writeFileSync(join(folder, "prometheus.yml"), "global: {evaluation_interval: 1m}\n");
  const child = spawn(
    program,
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-remote-write-receiver",
      "--enable-feature=promql-experimental-functions",
      "--log.level=error",
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const url = `http://127.0.0.1:${port}`;
  for (let round = 0; round < 200; round += 1) {
    const isReady = await fetch(`${url}/-/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) break;
    await delay(50);
  }
  for (let fromMs = START_MS; fromMs < END_MS; fromMs += 60 * STEP_MS) {
    const body = compress(writeRequest(series, fromMs, fromMs + 60 * STEP_MS));
    const answer = await fetch(`${url}/api/v1/write`, {
      method: "POST",
      headers: { "content-encoding": "snappy", "content-type": "application/x-protobuf" },
      body: new Uint8Array(body),
    });
    if (!answer.ok) throw new Error(`Prometheus refuses the data: ${await answer.text()}`);
  }
  return { url, child };
}

// --- asking both

interface Question {
  readonly text: string;
  readonly isInstant: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

type Points = Map<string, Map<string, string>>;

interface Reply {
  readonly error: string | null;
  readonly type: string;
  readonly series: Points;
  /** Warnings and infos without places. */
  readonly notes: readonly string[];
}

interface ApiData {
  readonly resultType: string;
  readonly result: unknown;
}

async function askPrometheus(url: string, question: Question): Promise<Reply> {
  const { text, isInstant, startMs, endMs, stepMs } = question;
  const form = new URLSearchParams({ query: text });
  if (isInstant) form.set("time", String(startMs / 1000));
  else {
    form.set("start", String(startMs / 1000));
    form.set("end", String(endMs / 1000));
    form.set("step", String(stepMs / 1000));
  }
  const path = isInstant ? "query" : "query_range";
  const answer = await fetch(`${url}/api/v1/${path}`, { method: "POST", body: form });
  const body = (await answer.json()) as {
    status: string;
    error?: string;
    data?: ApiData;
    warnings?: string[];
    infos?: string[];
  };
  if (body.status !== "success" || !body.data) return failed(body.error ?? "no answer");
  return reply(body.data, [...(body.warnings ?? []), ...(body.infos ?? [])]);
}

const LIMITS = {
  seriesCountMax: 0,
  sampleCountMax: 0,
  pointsPerSeriesMax: 11_000,
  memorySizeMax: 0,
};

async function askEngine(source: SeriesSource, question: Question): Promise<Reply> {
  const { text, isInstant, startMs, endMs, stepMs } = question;
  try {
    const result = await execute(
      prepare(text),
      {
        tenant: DEFAULT_TENANT,
        grid: { startMs, endMs, stepMs },
        isInstant,
        lookbackMs: 300_000,
        extraFilters: [],
        limits: LIMITS,
      },
      { series: source },
      new AbortController().signal,
    );
    const json = Buffer.concat([...writeResultJson(result)]).toString();
    return reply(JSON.parse(json) as ApiData, [...result.warnings, ...result.infos]);
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

function failed(error: string): Reply {
  return { error, type: "", series: new Map(), notes: [] };
}

function reply(data: ApiData, notes: readonly string[]): Reply {
  const series: Points = new Map();
  const { resultType, result } = data;
  if (resultType === "scalar" || resultType === "string") {
    const [time, value] = result as [number, string];
    series.set("", new Map([[String(time), value]]));
  } else {
    for (const row of result as {
      metric: Record<string, string>;
      value?: [number, string];
      values?: [number, string][];
    }[]) {
      const name = Object.entries(row.metric)
        .map((pair) => pair.join("="))
        .toSorted()
        .join();
      const points = row.values ?? (row.value ? [row.value] : []);
      series.set(name, new Map(points.map(([time, value]) => [String(time), value])));
    }
  }
  return { error: null, type: resultType, series, notes };
}

// --- comparing

function difference(text: string, expected: Reply, actual: Reply): string | null {
  if ((expected.error === null) !== (actual.error === null))
    return `error: ${expected.error} / ${actual.error}`;
  if (expected.error !== null) return null;
  if (expected.type !== actual.type) return `type ${expected.type} / ${actual.type}`;
  for (const name of actual.series.keys())
    if (!expected.series.has(name)) return `series too many: ${name}`;
  const tolerance = /std(dev|var)|deriv|predict/.test(text) ? 1e-6 : 1e-9;
  for (const [name, points] of expected.series) {
    const others = actual.series.get(name);
    if (!others) return `series missing: ${name}`;
    for (const time of others.keys())
      if (!points.has(time)) return `${name}: point too many at ${time}: ${others.get(time)}`;
    for (const [time, value] of points) {
      const other = others.get(time);
      if (other === undefined) return `${name}: point missing at ${time}: ${value}`;
      if (!isClose(value, other, tolerance)) return `${name} at ${time}: ${value} / ${other}`;
    }
  }
  // Which ones are omitted is chance.
  if (expected.notes.some((note) => note.includes(" annotations omitted"))) return null;
  const wanted = noteSet(expected.notes);
  const got = noteSet(actual.notes);
  return wanted === got ? null : `notes: ${wanted} / ${got}`;
}

function noteSet(notes: readonly string[]): string {
  // 3.5 also tells the name of what has none; later versions leave that out, as we do. Places inside parentheses differ
  // between versions, too.
  const texts = notes.map((note) =>
    note.replace(' for metric name ""', "").replace(/ \(\d+:\d+\)$/, ""),
  );
  return [...new Set(texts)].toSorted().join(" | ");
}

function isClose(a: string, b: string, tolerance: number): boolean {
  if (a === b) return true;
  const x = Number(a);
  const y = Number(b);
  return (
    Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y)) || Math.abs(x - y) < 1e-12
  );
}

// --- run

function randomQuestion(randomness: Random): Question {
  const text = randomQuery(randomness, { startMs: START_MS, endMs: END_MS });
  const isInstant = randomness.chance(0.5);
  const startMs = START_MS + randomness.below(SAMPLE_COUNT * STEP_MS);
  if (isInstant) return { text, isInstant, startMs, endMs: startMs, stepMs: 1_000 };
  const stepMs = randomness.pick([5_000, 15_000, 60_000, 177_000]);
  return { text, isInstant, startMs, endMs: startMs + stepMs * randomness.below(40), stepMs };
}

const data = makeData();
const folder = mkdtempSync(join(tmpdir(), "tideline-oracle-"));
const { url, child } = await startPrometheus(data, folder);
let differenceCount = 0;
let errorCount = 0;
let knownCount = 0;
try {
  const source = fakeSeriesSource(data);
  for (let number = 0; number < queryCount; number += 1) {
    const question = randomQuestion(random);
    const expected = await askPrometheus(url, question);
    const actual = await askEngine(source, question);
    if (expected.error !== null) errorCount += 1;
    if (
      expected.error === null &&
      actual.error?.includes("many-to-one matching must be explicit")
    ) {
      // Later versions check this before a comparison filters, 3.5 after it; the scripts of 3.14 decide.
      knownCount += 1;
      continue;
    }
    const found = difference(question.text, expected, actual);
    if (found === null) continue;
    differenceCount += 1;
    const { text, isInstant, startMs, endMs, stepMs } = question;
    const when = isInstant ? `at ${startMs}` : `${startMs}..${endMs} step ${stepMs}`;
    process.stdout.write(`DIFFERENT ${text}\n  ${when}\n  ${found.slice(0, 400)}\n`);
  }
  process.stdout.write(
    `${queryCount} queries, ${differenceCount} differences, ${knownCount} known ones, ${errorCount} failed on the reference\n`,
  );
} finally {
  child.kill();
  await delay(500);
  rmSync(folder, { recursive: true, force: true });
}

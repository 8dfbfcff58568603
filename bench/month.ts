/**
 * A million series over 30 days at five minutes, as two nodes hold them: how long one series and a label's values take.
 *
 *     node bench/month.ts make [series]     writes the parts (8.6 G samples, about 4 GB; some minutes), unless they are there
 *     node bench/month.ts ask               starts two vmstorage and a vmselect on them, asks, prints p50 as JSON
 *     node bench/month.ts memory            one query over 104 M samples, and what memory the three programs take meanwhile
 *
 * The data lies in $BENCH_DIR/month (default ~/.cache/tideline-bench/month) and stays.
 */
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request, type IncomingMessage } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { Worker } from "node:worker_threads";
import { MemoryGraph } from "./month/memory-graph.ts";
import { startProgram, type RunningProgram } from "./figures/program.ts";
import type { MakeNode } from "./month/make-node.ts";
import {
  DAY_COUNT,
  DAY_MS,
  instanceOf,
  METRIC_COUNT,
  metricName,
  STEP_MS,
} from "./month/series.ts";

const NODE_COUNT = 2;
const ROUND_COUNT = 200;
/** Rounds before those that count: the first ones warm caches, the others code, which takes V8 some hundreds. */
const FIRST_WARM_COUNT = 50;
const WARM_COUNT = 400;
const folder = join(
  process.env["BENCH_DIR"] ?? join(homedir(), ".cache", "tideline-bench"),
  "month",
);
const factsPath = join(folder, "facts.json");

interface Facts {
  readonly seriesCount: number;
  readonly targetCount: number;
  readonly startMs: number;
  readonly size: number;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function make(seriesCount: number): Promise<void> {
  const targetCount = Math.ceil(seriesCount / METRIC_COUNT);
  if (existsSync(factsPath) && readFacts().targetCount === targetCount) {
    sayMade(readFacts());
    return;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Whole days, so that windows lie as compaction lays them; the newest sample is of yesterday.
  const startMs = (Math.floor(Date.now() / DAY_MS) - DAY_COUNT) * DAY_MS;
  const sizes = await Promise.all(
    Array.from({ length: NODE_COUNT }, async (_, node) => {
      const targets = Array.from({ length: targetCount }, (__, target) => target).filter(
        (target) => target % NODE_COUNT === node,
      );
      return makeNode({ dataPath: join(folder, `node-${node}`), targets, startMs }, node);
    }),
  );
  const size = sizes.reduce((sum, one) => sum + one, 0);
  const facts: Facts = { seriesCount: targetCount * METRIC_COUNT, targetCount, startMs, size };
  writeFileSync(factsPath, JSON.stringify(facts));
  sayMade(facts);
}

function sayMade(facts: Facts): void {
  const sampleCount = (facts.seriesCount * DAY_COUNT * DAY_MS) / STEP_MS;
  const perSample = (facts.size / sampleCount).toFixed(3);
  process.stdout.write(`${facts.seriesCount} series, ${facts.size} bytes, ${perSample} a sample\n`);
}

function makeNode(workerData: MakeNode, node: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let size = 0;
    const worker = new Worker(new URL("month/make-node.ts", import.meta.url), { workerData });
    worker.on("message", (message: { window: number; metric?: number; size?: number }) => {
      size += message.size ?? 0;
      say(`node ${node}: ${JSON.stringify(message)}`);
    });
    worker.on("error", reject);
    worker.on("exit", () => {
      resolve(size);
    });
  });
}

/** Nearest-rank percentile. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] as number;
}

async function measure(
  name: string,
  select: RunningProgram,
  path: (round: number) => string,
  check: (answer: string) => boolean,
  warmCount = WARM_COUNT,
): Promise<void> {
  const timesMs: number[] = [];
  for (let round = -warmCount; round < ROUND_COUNT; round += 1) {
    const start = performance.now();
    const answer = await get(`${select.url}/select/0/prometheus/api/v1/${path(round)}`);
    if (!check(answer)) throw new Error(`${name}: ${answer.slice(0, 300)}`);
    if (round >= 0) timesMs.push(performance.now() - start);
  }
  const sorted = timesMs.toSorted((a, b) => a - b);
  const figures = {
    p50Ms: percentile(sorted, 0.5),
    p95Ms: percentile(sorted, 0.95),
    count: sorted.length,
  };
  process.stdout.write(`${JSON.stringify({ name, ...figures })}\n`);
}

/** One connection, kept: as the harness asks. `fetch` would take a millisecond by itself. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

async function get(url: string): Promise<string> {
  const [response] = (await once(request(url, { agent }).end(), "response")) as [IncomingMessage];
  const body = await textOf(response);
  if (response.statusCode !== 200) throw new Error(`${url}: ${body.slice(0, 300)}`);
  return body;
}

/** An answer with so many points or values. */
function holds(answer: string, count: number): boolean {
  const { data } = JSON.parse(answer) as {
    data: string[] | { result: { values: unknown[] }[] };
  };
  if (Array.isArray(data)) return data.length === count;
  return data.result.length === 1 && data.result[0]?.values.length === count;
}

function readFacts(): Facts {
  if (!existsSync(factsPath)) throw new Error(`no data in ${folder}: run "make" first`);
  return JSON.parse(readFileSync(factsPath, "utf8")) as Facts;
}

/** Runs `work` against two vmstorage on the data and a vmselect, each with the memory given. */
async function withCluster(
  selectFlags: readonly string[],
  work: (select: RunningProgram, storages: readonly RunningProgram[]) => Promise<void>,
): Promise<void> {
  const started: RunningProgram[] = [];
  try {
    for (let node = 0; node < NODE_COUNT; node += 1) {
      const flags = [`-storageDataPath=${join(folder, `node-${node}`)}`, "-retentionPeriod=1y"];
      started.push(await startProgram("vmstorage", flags));
    }
    const storages = started.slice();
    const nodes = storages.map(({ selectAddress }) => selectAddress).join(",");
    const select = await startProgram("vmselect", [`-storageNode=${nodes}`, ...selectFlags]);
    started.push(select);
    await work(select, storages);
  } finally {
    for (const program of started.toReversed()) await program.stop();
  }
}

/** The selector of another series each round, all over the index. */
function someSeries(round: number, { targetCount }: Facts): string {
  const at = Math.abs(Math.imul(round, 0x9e37_79b1));
  const instance = instanceOf((at >>> 9) % targetCount);
  return encodeURIComponent(`${metricName(at % METRIC_COUNT)}{instance="${instance}"}`);
}

function isHour(answer: string): boolean {
  return holds(answer, 12);
}

async function ask(): Promise<void> {
  const facts = readFacts();
  const endS = (facts.startMs + DAY_COUNT * DAY_MS - STEP_MS) / 1_000;
  const range = (query: string, startS: number): string =>
    `query_range?query=${query}&start=${startS}&end=${endS}&step=${STEP_MS / 1_000}&nocache=1`;
  // Fifty series again and again: the page cache is warm once all were asked for.
  const series = (round: number): string => someSeries(round % 50, facts);
  const lastHour = (round: number): string => range(series(round), endS - 3_300);
  await withCluster([], async (select) => {
    const fresh = "one series, the last hour, programs just started";
    await measure(fresh, select, lastHour, isHour, FIRST_WARM_COUNT);
    await measure("one series, the last hour", select, lastHour, isHour);
    const monthCount = (DAY_COUNT * DAY_MS) / STEP_MS;
    await measure(
      "one series, 30 days",
      select,
      (round) => range(series(round), facts.startMs / 1_000),
      (answer) => holds(answer, monthCount),
    );
    await measure(
      "label values over 30 days",
      select,
      () => `label/instance/values?start=${facts.startMs / 1_000}&end=${endS}`,
      (answer) => holds(answer, facts.targetCount),
    );
  });
}

/** One query over six metrics of all targets, with little memory allowed. */
async function memory(): Promise<void> {
  const facts = readFacts();
  const endS = (facts.startMs + DAY_COUNT * DAY_MS - STEP_MS) / 1_000;
  await withCluster(["-memory.allowedBytes=1GiB"], async (select, storages) => {
    const sums = [40, 41, 42, 60, 61, 62].map(
      (metric) => `sum(count_over_time(${metricName(metric)}[1h]))`,
    );
    const query = encodeURIComponent(sums.join(" + "));
    const path = `query_range?query=${query}&start=${facts.startMs / 1_000}&end=${endS}&step=3600`;
    const graph = new MemoryGraph({
      vmselect: [select.pid],
      vmstorage: storages.map(({ pid }) => pid),
    });
    const answer = await fetch(`${select.url}/select/0/prometheus/api/v1/${path}&timeout=10m`);
    const text = await answer.text();
    const series = graph.finish();
    if (answer.status !== 200) throw new Error(text.slice(0, 500));
    const { data } = JSON.parse(text) as { data: { result: { values: [number, string][] }[] } };
    const sampleCount = (data.result[0]?.values ?? []).reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
    process.stdout.write(`${JSON.stringify({ name: "memory", sampleCount, ...series.peaks })}\n`);
    process.stdout.write(`${series.mermaid}\n`);
  });
}

const [command, argument] = process.argv.slice(2);
if (command === "make") await make(Number(argument ?? 1_000_000));
else if (command === "ask") await ask();
else if (command === "memory") await memory();
else say("usage: node bench/month.ts make [series] | ask | memory");

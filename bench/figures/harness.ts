/**
 * Whole programs against their peers in one run: the harness that the founders gave (../shared/bench), all its targets, long data of
 * 4,000 series. Its own report has more (queries, latencies); here is what issues ask for.
 */
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { startProgram, type RunningProgram } from "./program.ts";
import type { FigureCard, Reading } from "./card.ts";
import { REPOSITORY, runCommand } from "./run-command.ts";

const SHARED = process.env["TIDELINE_SHARED_BENCH"] ?? join(REPOSITORY, "../shared/bench");
const CACHE = join(homedir(), ".cache", "tideline-bench");
const HARNESS = join(CACHE, "harness");
const RESULTS = join(CACHE, "results");
const LONG_DATA = join(CACHE, "data", "long.rwb");
const TAG = "figures";
const TARGETS = { ours: "tideline", victoria: "vm-single-1.145", prometheus: "prometheus-3.5" };
const MIB = 2 ** 20;
const LONG_QUERIES = [
  "instant-one",
  "instant-cpu-rate",
  "count-by-name",
  "count-all",
  "subquery-max-rate-1h",
  "raw-one-24h",
  "cpu-rate-1h",
  "cpu-rate-6h",
  "cpu-rate-24h",
  "topk-net-6h",
  "histogram-p99-6h",
  "regex-sum-6h",
  "join-fs-6h",
  "sum-gauge-24h",
  "cpu-max-all-1",
  "double-groupby-1",
  "double-groupby-all",
  "quantile-ot-24h",
  "label-values",
  "label-names-match",
  "series-fs",
];
const WIDE_QUERIES = [
  "wide-count",
  "wide-count-by-name",
  "wide-sum-by-instance",
  "wide-one-host",
  "wide-label-values",
];
const QUERY_LIMITS_MS: Readonly<Record<string, number>> = {
  "cpu-rate-24h": 60,
  "instant-cpu-rate": 10,
};

/** By name, one at a time. */
type QueryResults = Readonly<Record<string, { c1: { cpuMsPerQuery: number } }>>;

/** What of a target's result file is read here. */
interface TargetResult {
  readonly wide: {
    readonly register: { readonly settledCpuPerM: number };
    readonly churn: { readonly settledCpuPerM: number };
    readonly steady: { readonly cpuPerM: number; readonly settledCpuPerM: number };
    readonly base: { readonly anon: number };
    readonly rssPerMSeries: { readonly fromEmpty: number };
    readonly kill9: { readonly lost: number; readonly cpuS: number };
    readonly queries: QueryResults;
  };
  readonly long: {
    readonly ingest: { readonly cpuPerM: number };
    readonly bytesPerSample: { readonly all: number; readonly merged: number };
    readonly queries: QueryResults;
  };
}

function resultOf(target: string): TargetResult {
  return JSON.parse(readFileSync(join(RESULTS, TAG, `${target}.1.json`), "utf8")) as TargetResult;
}

async function runHarness(): Promise<void> {
  if (!existsSync(join(HARNESS, "node_modules"))) {
    cpSync(SHARED, HARNESS, { recursive: true });
    await runCommand("npm", "install", "--prefix", HARNESS, "--no-audit", "--no-fund");
  }
  const bench = (...parameters: string[]): Promise<string> =>
    runCommand(
      "env",
      `PWD=${REPOSITORY}`,
      process.execPath,
      join(HARNESS, "bench.mjs"),
      ...parameters,
    );
  if (!existsSync(LONG_DATA))
    await bench("gen", "--series", "4000", "--batch", "1000", "--file", LONG_DATA);
  rmSync(join(RESULTS, TAG), { recursive: true, force: true });
  const limits = ["--runs", "10", "--budget", "1200"];
  await bench("run", "--tag", TAG, "--file", LONG_DATA, "--results", RESULTS, ...limits);
}

/** CPU seconds that four programs use until their first answer, with nothing to replay: the median of three starts. */
async function emptyStartCpuS(): Promise<number> {
  const starts: number[] = [];
  for (let start = 0; start < 3; start += 1) starts.push(await oneEmptyStartCpuS());
  return starts.toSorted((a, b) => a - b)[1] as number;
}

async function oneEmptyStartCpuS(): Promise<number> {
  const folder = join(CACHE, "empty");
  rmSync(folder, { recursive: true, force: true });
  const started: RunningProgram[] = [];
  try {
    for (const name of ["s1", "s2"])
      started.push(await startProgram("vmstorage", [`-storageDataPath=${join(folder, name)}`]));
    const select = started.map(({ selectAddress }) => selectAddress).join(",");
    const insert = started.map(({ insertAddress }) => insertAddress).join(",");
    started.push(await startProgram("vminsert", [`-storageNode=${insert}`]));
    const vmselect = await startProgram("vmselect", [`-storageNode=${select}`]);
    started.push(vmselect);
    // What the harness asks after a kill.
    const query = `${vmselect.url}/select/0/prometheus/api/v1/query?query=count(up)`;
    const { ok } = await fetch(query);
    if (!ok) throw new Error(`no answer to ${query}`);
    return started.reduce((sum, { pid }) => sum + cpuS(pid), 0);
  } finally {
    for (const program of started.toReversed()) await program.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** User and system time of a process; the kernel counts in hundredths of a second. */
function cpuS(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function readingOf(name: string, { wide, long }: TargetResult): Reading {
  const named = {
    SteadyCpu: wide.steady.settledCpuPerM,
    LongCpu: long.ingest.cpuPerM,
    Register: wide.register.settledCpuPerM,
    Churn: wide.churn.settledCpuPerM,
    RssGiB: wide.rssPerMSeries.fromEmpty / MIB / 1_024,
    EmptyMiB: wide.base.anon / MIB,
    Lost: wide.kill9.lost,
    KillCpuS: wide.kill9.cpuS,
    Bytes: long.bytesPerSample.all,
    Merged: long.bytesPerSample.merged,
    ...cpuMsOf(wide.queries, WIDE_QUERIES),
    ...cpuMsOf(long.queries, LONG_QUERIES),
  };
  return Object.fromEntries(Object.entries(named).map(([key, value]) => [name + key, value]));
}

function cpuMsOf(results: QueryResults, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    names.map((name) => [` ${name}`, results[name]?.c1.cpuMsPerQuery ?? Number.NaN]),
  );
}

/** A figure of ours beside those of the peers in the same run. */
function compared(
  key: string,
  what: string,
  asked: string,
  holds?: (value: number, reading: Reading) => boolean,
): FigureCard["figures"][number] {
  return {
    id: `ours${key}`,
    what,
    asked,
    peers: [`victoria${key}`, `prometheus${key}`],
    ...(holds && { holds }),
  };
}

function ratio(reading: Reading, key: string): number {
  return Number(reading[`ours${key}`]) / Number(reading[`victoria${key}`]);
}

function queryFigure(name: string, data: string): FigureCard["figures"][number] {
  const limitMs = QUERY_LIMITS_MS[name];
  const what = `query ${name} (${data}), CPU-ms over all processes`;
  if (limitMs === undefined) return compared(` ${name}`, what, "reported");
  return compared(` ${name}`, what, `≤ ${limitMs}`, (value) => value <= limitMs);
}

export const harness: FigureCard = {
  name: "harness",
  command:
    "node ../shared/bench/bench.mjs gen --series 4000 --batch 1000, then run --runs 10 --budget 1200 (all targets)",
  figures: [
    compared(
      "SteadyCpu",
      "CPU-s per million samples, 200,000 series, 2,000 a request, with background work",
      "≤ 1.5, half of VictoriaMetrics'",
      (value, reading) => value <= 1.5 && ratio(reading, "SteadyCpu") <= 0.5,
    ),
    compared("LongCpu", "… 4,000 series, 1,000 a request", "≤ 1.5", (value) => value <= 1.5),
    compared(
      "Register",
      "registering new series, CPU-s per million with background work, whole cluster",
      "≤ 15",
      (value) => value <= 15,
    ),
    compared("Churn", "… as many again", "≤ 15", (value) => value <= 15),
    compared(
      "RssGiB",
      "RSS per million active series, GiB above empty, whole cluster",
      "≤ 0.8",
      (value) => value <= 0.8,
    ),
    compared("EmptyMiB", "anonymous RSS of the empty programs, MiB", "reported"),
    compared("Lost", "acknowledged samples lost by kill -9", "0", (value) => value === 0),
    compared(
      "KillCpuS",
      "start after kill -9 with 400k series in the heads, CPU-s to the first answer",
      "reported",
    ),
    {
      id: "oursKillAboveEmptyS",
      what: "… above an empty start",
      asked: "≤ 2",
      holds: (value) => value <= 2,
    },
    compared("Bytes", "bytes per sample on disk, long data, as written", "reported"),
    compared(
      "Merged",
      "… everything but the log after a forced merge",
      "≤ 0.82, ≤ 0.88 of VictoriaMetrics'",
      (value, reading) => value <= 0.82 && ratio(reading, "Merged") <= 0.88,
    ),
    ...LONG_QUERIES.map((name) => queryFigure(name, "24 h of 4,000 series")),
    ...WIDE_QUERIES.map((name) => queryFigure(name, "400,000 series")),
  ],
  async measure() {
    await runHarness();
    const emptyS = await emptyStartCpuS();
    const ours = resultOf(TARGETS.ours);
    return {
      ...readingOf("ours", ours),
      ...readingOf("victoria", resultOf(TARGETS.victoria)),
      ...readingOf("prometheus", resultOf(TARGETS.prometheus)),
      oursKillAboveEmptyS: ours.wide.kill9.cpuS - emptyS,
    };
  },
};

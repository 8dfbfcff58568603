/**
 * What the head costs by itself: registration per series, appends per sample, memory per series. Then an hour of 15 s
 * (240 samples a series) of a node_exporter's values: appends, memory per sample, reads of all and of the last 5 minutes.
 *
 *     node --expose-gc bench/memtable.ts [series [FILE]]      FILE: node_exporter_1s.f64.zst
 */
import { existsSync, readFileSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";
import { identityOf, seriesKey, wordsOf } from "@tideline/model";
import { Memtable } from "@tideline/storage/testing";

const seriesCount = Number(process.argv[2] ?? 300_000);
const keys: Uint8Array[] = [];
const identities = new Uint8Array(seriesCount * 16);
for (let i = 0; i < seriesCount; i += 1) {
  const target = Math.floor(i / 500);
  const key = seriesKey({ accountId: 0, projectId: 0 }, [
    { name: "__name__", value: `metric_name_number_${i % 500}_total` },
    { name: "cluster", value: `cluster-${target % 3}` },
    { name: "container", value: `container-of-app-${target % 40}` },
    { name: "instance", value: `10.${target >> 8}.${target & 255}.17:9100` },
    { name: "job", value: `kubernetes-job-${target % 20}` },
    { name: "namespace", value: `namespace-${target % 50}` },
    { name: "node", value: `ip-10-0-${target >> 8}-${target & 255}.eu-west-1.compute.internal` },
    { name: "pod", value: `deployment-${target % 40}-7d9f8c6b5d-${target.toString(36)}` },
    { name: "service", value: `service-${target % 40}` },
    { name: "code", value: `${200 + (i % 5)}` },
  ]);
  keys.push(key);
  identities.set(identityOf(key), i * 16);
}
const keySize = keys.reduce((sum, key) => sum + key.length, 0) / seriesCount;
const report = (name: string, fields: Record<string, number>): void => {
  process.stdout.write(`${name} ${JSON.stringify(fields)}\n`);
};
const cpuUs = (): number => {
  const usage = process.cpuUsage();
  return usage.user + usage.system;
};
globalThis.gc?.();
const rssBefore = process.memoryUsage.rss();
const table = new Memtable();
const slots = new Uint32Array(seriesCount);
let start = cpuUs();
for (let i = 0; i < seriesCount; i += 1) {
  slots[i] = table.register(identities, i * 16, keys[i] as Uint8Array) as number;
}
const times = new Float64Array(seriesCount).fill(1e12);
const values = new Float64Array(seriesCount).fill(1.5);
const registerUs = (cpuUs() - start) / seriesCount;
start = cpuUs();
table.append(slots, times, wordsOf(values), seriesCount);
const firstUs = (cpuUs() - start) / seriesCount;
globalThis.gc?.();
const rss = process.memoryUsage.rss();
report("series", {
  keySize,
  registerUs,
  firstUs,
  rssPerSeries: (rss - rssBefore) / seriesCount,
  accounted: table.memorySize / seriesCount,
});
start = cpuUs();
const rounds = 40;
for (let round = 1; round <= rounds; round += 1) {
  times.fill(1e12 + round * 15_000);
  table.append(slots, times, wordsOf(values), seriesCount);
}
report("samples", {
  appendUs: (cpuUs() - start) / seriesCount / rounds,
  rssPerSample: (process.memoryUsage.rss() - rss) / seriesCount / rounds,
});

const file = process.argv[3] ?? "/work/shared/tests/data/node_exporter_1s.f64.zst";
if (existsSync(file)) benchHour(file);
else process.stdout.write(`no ${file}: the hour is left out\n`);

/** Targets with the values of one node_exporter, each starting at another place of them. */
function benchHour(path: string): void {
  const bytes = zstdDecompressSync(readFileSync(path));
  const lineEnd = bytes.indexOf(10);
  const head = JSON.parse(bytes.subarray(0, lineEnd).toString("utf8")) as {
    rows: number;
    series: string[];
  };
  const columns = new Float64Array(new Uint8Array(bytes.subarray(lineEnd + 1)).buffer);
  const width = head.series.length;
  const targets = 100;
  const count = width * targets;
  const scrapes = 240;
  const hour = new Memtable();
  const rows = new Uint32Array(count);
  for (let i = 0; i < count; i += 1)
    rows[i] = hour.register(identities, i * 16, keys[i] as Uint8Array) as number;
  const empty = hour.memorySize;
  const scrapeTimes = new Float64Array(count);
  const scrapeValues = new Float64Array(count);
  const requests = Array.from({ length: targets }, (_, i) => {
    const [from, to] = [i * width, (i + 1) * width];
    const words = wordsOf(scrapeValues.subarray(from, to));
    return { slots: rows.subarray(from, to), times: scrapeTimes.subarray(from, to), words };
  });
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  let appendUs = 0;
  let longestUs = 0;
  const lastMs = 1e12 + scrapes * 15_000;
  for (let scrape = 0; scrape < scrapes; scrape += 1) {
    for (let i = 0; i < count; i += 1) {
      const target = Math.floor(i / width);
      const row = (target * 29 + scrape * 11) % head.rows;
      scrapeTimes[i] = 1e12 + scrape * 15_000 + target * 140;
      scrapeValues[i] = columns[((i % width) + 1) * head.rows + row] as number;
    }
    const from = cpuUs();
    for (const { slots: of, times: at, words } of requests) hour.append(of, at, words, width);
    const roundUs = cpuUs() - from;
    appendUs += roundUs;
    if (scrape > 0) longestUs = Math.max(longestUs, roundUs);
  }
  const samples = count * scrapes;
  report("an hour", {
    appendUsPer1k: (appendUs / samples) * 1000,
    longestScrapeUsPer1k: (longestUs / count) * 1000,
    accountedPerSample: (hour.memorySize - empty) / samples,
    rssPerSample: (process.memoryUsage.rss() - before) / samples,
  });
  const target = { timestampsMs: new Float64Array(0), values: new Float64Array(0) };
  for (const [name, startMs] of [
    ["read all", 0],
    ["read 5 minutes", lastMs - 300_000],
  ] as const) {
    let readCount = 0;
    const from = cpuUs();
    for (const row of rows) readCount += hour.read(row, target, startMs, lastMs);
    report(name, { usPerSeries: (cpuUs() - from) / count, perSeries: readCount / count });
  }
}

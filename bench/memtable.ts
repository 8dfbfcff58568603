/**
 * What the head costs by itself: registration per series, appends per sample, memory per series.
 *
 *     node --expose-gc bench/memtable.ts [series]
 */
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

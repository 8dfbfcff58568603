/**
 * What many small deletes cost a storage with a full head: each takes one metric of one target, while that and its neighbours go on
 * being written. Prints the time of a delete, and how many parts the deletes have made.
 *
 *     node bench/deletes.ts [series] [deletes]
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seriesKey } from "@tideline/model";
import { defaultStorageOptions, Storage } from "@tideline/storage";
import { FakeSeriesTable } from "@tideline/wire/testing";

const seriesCount = Number(process.argv[2] ?? 50_000);
const deleteCount = Number(process.argv[3] ?? 50);
const HEAD_SCRAPES = 60;
const METRICS = 500;

const tenant = { accountId: 0, projectId: 0 };
const table = new FakeSeriesTable();
const refs = new Uint32Array(seriesCount);
for (let i = 0; i < seriesCount; i += 1) {
  const key = seriesKey(tenant, [
    { name: "__name__", value: `metric_name_number_${i % METRICS}_total` },
    { name: "instance", value: `10.0.0.${Math.floor(i / METRICS)}:9100` },
    { name: "job", value: "node" },
  ]);
  refs[i] = table.refOf(key);
}

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const folder = mkdtempSync(join(tmpdir(), "tideline-bench-deletes-"));
const onFatal = (error: Error): void => {
  throw error;
};
const options = { ...defaultStorageOptions(folder), laneCount: 1, memoryBudgetSize: 2 ** 30 };
const storage = await Storage.open(options, { log, onFatal });
const firstMs = Date.now() - 3_600_000;

async function scrape(round: number): Promise<void> {
  const rowCount = seriesCount;
  const timestampsMs = new Float64Array(rowCount).fill(firstMs + round * 15_000);
  const values = new Float64Array(rowCount).map((_, i) => i + round * (i % 7));
  await storage.write({ series: table, rowCount, refs, timestampsMs, values });
}

function partCount(): number {
  return readdirSync(join(folder, "lane-00/parts")).filter((name) => name.endsWith(".part")).length;
}

async function run(name: string, times: { startMs: number; endMs: number }): Promise<void> {
  await storage.forceFlush();
  for (let round = 0; round < HEAD_SCRAPES; round += 1) await scrape(round);
  const before = partCount();
  const tookMs: number[] = [];
  for (let i = 0; i < deleteCount; i += 1) {
    const metric = `metric_name_number_${i % METRICS}_total`;
    const filters = [[{ name: "__name__", operator: "=", value: metric }] as const];
    const start = performance.now();
    await storage.deleteSeries({ tenant, filters, ...times });
    tookMs.push(performance.now() - start);
    await scrape(HEAD_SCRAPES + i);
  }
  tookMs.sort((a, b) => a - b);
  const figures = {
    medianMs: Math.round((tookMs[tookMs.length >> 1] ?? 0) * 10) / 10,
    maxMs: Math.round((tookMs.at(-1) ?? 0) * 10) / 10,
    partsMade: partCount() - before,
  };
  process.stdout.write(`${name} ${JSON.stringify(figures)}\n`);
}

await run("all times", { startMs: -8.64e15, endMs: 8.64e15 });
await run("ten minutes", { startMs: firstMs + 150_000, endMs: firstMs + 750_000 });
await storage.close();
rmSync(folder, { recursive: true });

/**
 * What the index costs when series come and go: one day, a sample a minute, 5% of the series replaced each hour. All values are equal, so
 * that parts are next to nothing but index (equal blocks are stored once).
 *
 *     node bench/churn.ts [active series]      10,000; prints a line of JSON
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identityOf, seriesKey, type RowBatch } from "@tideline/model";
import { defaultStorageOptions, Storage } from "@tideline/storage";
import { DAY_MS } from "./month/series.ts";

const ACTIVE_COUNT = Number(process.argv[2] ?? 10_000);
const HOUR_COUNT = 24;
const SCRAPES_PER_HOUR = 60;
const REPLACED_COUNT = Math.floor(ACTIVE_COUNT * 0.05);

/** A pod of a deployment, as Kubernetes names them; a hundred series each. */
function keyOf(series: number): Uint8Array {
  const pod = Math.floor(series / 100);
  return seriesKey({ accountId: 0, projectId: 0 }, [
    { name: "__name__", value: `container_metric_${series % 100}_total` },
    { name: "cluster", value: "eu-west-1" },
    { name: "container", value: `app-${pod % 20}` },
    { name: "instance", value: `10.0.${(pod >> 8) & 255}.${pod & 255}:8080` },
    { name: "job", value: "kubernetes-pods" },
    { name: "namespace", value: `team-${pod % 10}` },
    { name: "node", value: `ip-10-0-0-${pod % 50}.eu-west-1.compute.internal` },
    {
      name: "pod",
      value: `app-${pod % 20}-${(pod * 2_654_435_761).toString(36)}-${pod.toString(36)}`,
    },
    { name: "service", value: `app-${pod % 20}` },
    { name: "zone", value: `eu-west-1${"abc"[pod % 3] ?? ""}` },
  ]);
}

function partsSize(dataPath: string): number {
  return readdirSync(dataPath, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".part"))
    .reduce((size, name) => size + statSync(join(dataPath, name)).size, 0);
}

async function walSize(storage: Storage): Promise<number> {
  return (await storage.stats()).reduce((size, lane) => size + lane.walSize, 0);
}

const seriesCount = ACTIVE_COUNT + REPLACED_COUNT * (HOUR_COUNT - 1);
const keys = Array.from({ length: seriesCount }, (_, series) => keyOf(series));
const table: RowBatch["series"] = {
  epoch: 1,
  refCount: keys.length,
  identities: Buffer.concat(keys.map(identityOf)),
  keyOf: (ref) => keys[ref] as Uint8Array,
};
const dataPath = mkdtempSync(join(tmpdir(), "tideline-churn-"));
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const storage = await Storage.open(
  { ...defaultStorageOptions(dataPath), laneCount: 1 },
  {
    log,
    onFatal: (error) => {
      throw error;
    },
  },
);
try {
  const startMs = (Math.floor(Date.now() / DAY_MS) - 1) * DAY_MS;
  let logSize = 0;
  for (let hour = 0; hour < HOUR_COUNT; hour += 1) {
    const first = hour * REPLACED_COUNT;
    const refs = new Uint32Array(ACTIVE_COUNT).map((_, i) => first + i);
    for (let scrape = 0; scrape < SCRAPES_PER_HOUR; scrape += 1) {
      const ms = startMs + (hour * SCRAPES_PER_HOUR + scrape) * 60_000;
      const timestampsMs = new Float64Array(ACTIVE_COUNT).fill(ms);
      const values = new Float64Array(ACTIVE_COUNT).fill(1);
      await storage.write({ series: table, rowCount: refs.length, refs, timestampsMs, values });
    }
    logSize += await walSize(storage);
    await storage.forceFlush();
  }
  const hourlySize = partsSize(dataPath);
  await storage.forceMerge();
  const sampleCount = ACTIVE_COUNT * HOUR_COUNT * SCRAPES_PER_HOUR;
  const figures = {
    seriesCount,
    indexBytes: Number((partsSize(dataPath) / seriesCount).toFixed(1)),
    indexBytesHourly: Number((hourlySize / seriesCount).toFixed(1)),
    walBytes: Number((logSize / sampleCount).toFixed(2)),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await storage.close();
  rmSync(dataPath, { recursive: true, force: true });
}

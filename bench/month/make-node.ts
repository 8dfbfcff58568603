/**
 * Worker of the month benchmark: writes the parts of one node, as compaction leaves them (windows of 16, 4, 4, 4, 1 and 1
 * days), straight through the writer of parts.
 */
import { parentPort, workerData } from "node:worker_threads";
import { join } from "node:path";
import { NodeDisk } from "@tideline/common";
import { defaultStorageOptions, Storage } from "@tideline/storage";
import { PartWriter } from "@tideline/storage/testing";
import { DAY_MS, METRIC_COUNT, MetricValues, seriesOfMetric, STEP_MS } from "./series.ts";

export interface MakeNode {
  readonly dataPath: string;
  readonly targets: readonly number[];
  readonly startMs: number;
}

const WINDOW_DAYS = [16, 4, 4, 4, 1, 1];
const SAMPLES_PER_DAY = DAY_MS / STEP_MS;

const { dataPath, targets, startMs } = workerData as MakeNode;
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
await storage.close();

const disk = new NodeDisk();
let day = 0;
for (const [window, dayCount] of WINDOW_DAYS.entries()) {
  const sampleCount = dayCount * SAMPLES_PER_DAY;
  const start = day * SAMPLES_PER_DAY;
  const timestampsMs = new Float64Array(sampleCount).map((_, i) => startMs + (start + i) * STEP_MS);
  const values = new Float64Array(sampleCount);
  const writer = PartWriter.create({
    disk,
    folder: join(dataPath, "lane-00", "parts"),
    name: `g${String(window).padStart(6, "0")}.part`,
    laneRange: { index: 0, count: 1 },
    generation: window,
    deletesDone: 0,
  });
  for (let metric = 0; metric < METRIC_COUNT; metric += 1) {
    const source = new MetricValues(metric, start + sampleCount);
    for (const { key, identity, target } of seriesOfMetric(metric, targets)) {
      source.fill(target, start, values);
      writer.addSeries({ key, identity, timestampsMs, values });
    }
    if (metric % 50 === 49) parentPort?.postMessage({ window, metric: metric + 1 });
  }
  const summary = await writer.finish();
  parentPort?.postMessage({ window, size: summary.size });
  day += dayCount;
}

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";

test("labels that no two series share take nothing of a lane's heap", async () => {
  const seriesCount = 150_000;
  const worker = new Worker(new URL("./postings-worker-fixtures.ts", import.meta.url), {
    workerData: seriesCount,
    resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 8 },
  });
  const [labelCount] = (await once(worker, "message")) as [number];
  expect(labelCount).toBe(seriesCount + 1);
  await worker.terminate();
});

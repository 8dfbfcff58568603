/** What bounds a storage, as senders and dashboards see it: series per hour and day, and free space on the disk. */
import { expect, test } from "vitest";
import { Cluster } from "./harness/cluster.ts";
import { metricValues } from "./harness/metrics.ts";
import { sample, type Series } from "./harness/samples.ts";
import { compress, encodeWrite } from "./harness/writer.ts";

const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;

function series(count: number): Series[] {
  return Array.from({ length: count }, (_, index) => ({
    labels: { __name__: "limited", index: String(index) },
    samples: [sample(startMs, index)],
  }));
}

test("rows of series past -storage.maxHourlySeries are dropped, counted and told to the sender", async () => {
  await using cluster = await Cluster.start({
    storageFlags: ["-storage.maxHourlySeries=10", "-storage.maxDailySeries=-1", "-storage.lanes=2"],
  });
  const answer = await cluster.writer().send(compress(encodeWrite(series(100))));
  expect(answer.status).toBe(204);
  expect(answer.headers["x-tideline-rows-ignored"]).toBe("hourly_series_limit=80");
  for (const storage of cluster.storages) {
    expect(await metricValues(storage, "vm_hourly_series_limit_max_series")).toEqual([10]);
    expect(await metricValues(storage, "vm_hourly_series_limit_current_series")).toEqual([10]);
    expect(await metricValues(storage, "vm_daily_series_limit_current_series")).toEqual([10]);
    const [dropped] = await metricValues(storage, "vm_hourly_series_limit_rows_dropped_total");
    expect(dropped).toBeGreaterThan(0);
  }
  const vector = await cluster.reader().vector("count(limited)", startMs / 1_000 + 10);
  expect(vector.map(({ value }) => value[1])).toEqual(["20"]);
});

test("below -storage.minFreeDiskSpaceBytes a storage refuses writes and answers queries", async () => {
  await using cluster = await Cluster.start();
  await cluster.writer().write(series(10));
  for (const storage of cluster.storages) {
    expect(await metricValues(storage, "vm_storage_is_read_only")).toEqual([0]);
    await storage.stop();
    await storage.startAgain([
      `-storageDataPath=${cluster.folder.at(storage.name)}`,
      "-storage.minFreeDiskSpaceBytes=1000TB",
    ]);
  }
  const refused = async (): Promise<number> =>
    (await cluster.writer().send(compress(encodeWrite(series(5))))).status;
  await expect.poll(refused, { timeout: 20_000 }).toBe(503);
  for (const storage of cluster.storages)
    expect(await metricValues(storage, "vm_storage_is_read_only")).toEqual([1]);
  const count = async (): Promise<unknown[]> =>
    (await cluster.reader().vector("count(limited)", startMs / 1_000 + 10)).map(
      ({ value }) => value[1],
    );
  await expect.poll(count, { timeout: 20_000 }).toEqual(["10"]);
});

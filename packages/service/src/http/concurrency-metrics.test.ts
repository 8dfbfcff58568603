import { OverloadError } from "@tideline/model";
import { expect, test } from "vitest";
import { Metrics } from "../metrics/metrics.ts";
import { ConcurrencyLimit } from "./concurrency-limit.ts";
import { addConcurrencyMetrics } from "./concurrency-metrics.ts";

test("who runs, who had to wait and who was refused is told under VictoriaMetrics' names", async () => {
  const limit = new ConcurrencyLimit({
    noun: "queries",
    concurrentMax: 2,
    queueTimeoutMs: 60_000,
    status: 429,
    waitingMax: 1,
  });
  const metrics = new Metrics();
  addConcurrencyMetrics(metrics, "select", limit);
  const end = Promise.withResolvers<void>();
  const running = [1, 2, 3].map(() => limit.run(() => end.promise));
  await expect(limit.run(() => end.promise)).rejects.toThrow(OverloadError);
  const readings = async (): Promise<string[]> =>
    (await metrics.text()).split("\n").filter((line) => line.startsWith("vm_"));
  expect(await readings()).toEqual([
    "vm_concurrent_select_capacity 2",
    "vm_concurrent_select_current 2",
    "vm_concurrent_select_limit_reached_total 2",
    "vm_concurrent_select_limit_timeout_total 1",
  ]);
  end.resolve();
  await Promise.all(running);
  expect(await readings()).toContain("vm_concurrent_select_current 0");
});

/** A ConcurrencyLimit under VictoriaMetrics' names (reference 2.15). */
import type { Metrics } from "../metrics/metrics.ts";
import type { ConcurrencyLimit } from "./concurrency-limit.ts";

export function addConcurrencyMetrics(
  metrics: Metrics,
  kind: "insert" | "select",
  limit: ConcurrencyLimit,
): void {
  const noun = kind === "insert" ? "Writes" : "Queries";
  metrics.gaugeFrom(
    { name: `vm_concurrent_${kind}_capacity`, help: `${noun} that may be worked on at a time` },
    () => limit.concurrentMax,
  );
  metrics.gaugeFrom(
    { name: `vm_concurrent_${kind}_current`, help: `${noun} that are worked on now` },
    () => limit.runningCount,
  );
  metrics.counterFrom(
    { name: `vm_concurrent_${kind}_limit_reached_total`, help: `${noun} that had to wait` },
    () => limit.reachedCount,
  );
  metrics.counterFrom(
    {
      name: `vm_concurrent_${kind}_limit_timeout_total`,
      help: `${noun} that were refused since no place came free in time`,
    },
    () => limit.refusedCount,
  );
}

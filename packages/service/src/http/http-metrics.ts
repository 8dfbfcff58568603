/** What the HTTP server counts, under VictoriaMetrics' names. */
import type { Metrics } from "../metrics/metrics.ts";

export interface HttpMetrics {
  connectionOpened(): void;
  connectionClosed(): void;
  /** @param path of the route, with `{}` for its parameters: bounded in number */
  requestStarted(path: string): void;
  requestFailed(path: string): void;
  requestEnded(path: string, durationMs: number): void;
}

export function createHttpMetrics(metrics: Metrics): HttpMetrics {
  const requests = metrics.tally(
    {
      name: "vm_http_requests_total",
      help: "Requests by route; * are paths that no route has",
    },
    "path",
  );
  const errors = metrics.tally(
    {
      name: "vm_http_request_errors_total",
      help: "Requests that were answered with an error, by route",
    },
    "path",
  );
  const durations = metrics.summary({
    name: "vm_request_duration_seconds",
    help: "Time from a request's headers to the end of its answer, by route",
    labels: ["path"],
  });
  const connections = metrics.gauge({
    name: "vm_tcplistener_conns",
    help: "Open connections",
    labels: ["name"],
  });
  const accepts = metrics.counter({
    name: "vm_tcplistener_accepts_total",
    help: "Connections accepted",
    labels: ["name"],
  });
  let runningCount = 0;
  metrics.gaugeFrom(
    {
      name: "vm_concurrent_http_requests",
      help: "Requests being answered now",
    },
    () => runningCount,
  );
  connections.set({ name: "http" }, 0);
  return {
    connectionOpened() {
      connections.inc({ name: "http" });
      accepts.inc({ name: "http" });
    },
    connectionClosed() {
      connections.dec({ name: "http" });
    },
    requestStarted(path) {
      requests.add(path);
      runningCount += 1;
    },
    requestFailed(path) {
      errors.add(path);
    },
    requestEnded(path, durationMs) {
      durations.observe({ path }, durationMs / 1_000);
      runningCount -= 1;
    },
  };
}

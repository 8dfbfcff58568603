/** What the HTTP server counts, under VictoriaMetrics' names. */
import type { Socket } from "node:net";
import type { Metrics, Reading } from "../metrics/metrics.ts";

/** What of a socket is counted. */
type CountedSocket = Pick<Socket, "bytesRead" | "bytesWritten">;

export interface HttpMetrics {
  connectionOpened(socket: CountedSocket): void;
  connectionClosed(socket: CountedSocket): void;
  /** A connection broke. */
  connectionFailed(): void;
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
  const connections = connectionMetrics(metrics);
  let runningCount = 0;
  metrics.gaugeFrom(
    {
      name: "vm_concurrent_http_requests",
      help: "Requests being answered now",
    },
    () => runningCount,
  );
  return {
    ...connections,
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

/** Open sockets are asked for their bytes when the metrics are; closed ones have left theirs behind. */
function connectionMetrics(
  metrics: Metrics,
): Pick<HttpMetrics, "connectionOpened" | "connectionClosed" | "connectionFailed"> {
  const open = new Set<CountedSocket>();
  const closed = { bytesRead: 0, bytesWritten: 0 };
  let acceptCount = 0;
  let errorCount = 0;
  const labels = ["name"];
  const bytes = (kind: keyof CountedSocket) =>
    named(() => [...open].reduce((sum, socket) => sum + socket[kind], closed[kind]));
  metrics.gaugeFrom(
    { name: "vm_tcplistener_conns", help: "Open connections", labels },
    named(() => open.size),
  );
  metrics.counterFrom(
    { name: "vm_tcplistener_accepts_total", help: "Connections accepted", labels },
    named(() => acceptCount),
  );
  metrics.counterFrom(
    { name: "vm_tcplistener_read_bytes_total", help: "Bytes received of connections", labels },
    bytes("bytesRead"),
  );
  metrics.counterFrom(
    { name: "vm_tcplistener_written_bytes_total", help: "Bytes sent over connections", labels },
    bytes("bytesWritten"),
  );
  metrics.counterFrom(
    {
      name: "vm_tcplistener_errors_total",
      help: "Connections that broke",
      labels,
    },
    named(() => errorCount),
  );
  return {
    connectionOpened(socket) {
      acceptCount += 1;
      open.add(socket);
    },
    connectionClosed(socket) {
      open.delete(socket);
      closed.bytesRead += socket.bytesRead;
      closed.bytesWritten += socket.bytesWritten;
    },
    connectionFailed() {
      errorCount += 1;
    },
  };
}

function named(value: () => number): () => Reading[] {
  return () => [{ labels: { name: "http" }, value: value() }];
}

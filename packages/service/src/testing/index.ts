/** For tests of who uses the service: an HTTP server on a free port, and a log that keeps its lines. */
import { formatAddress } from "../http/address.ts";
import type { Route } from "../http/routes.ts";
import { createHttpMetrics } from "../http/http-metrics.ts";
import { HttpServer, type HttpServerOptions } from "../http/server.ts";
import type { Log } from "../log/logger.ts";
import { Metrics } from "../metrics/metrics.ts";

export interface KeptLine {
  readonly level: "debug" | "info" | "warn" | "error" | "fatal";
  readonly message: string;
  readonly fields: object;
}

/** A log that keeps its lines in place of writing them. */
export function keepingLog(): Log & { readonly lines: readonly KeptLine[] } {
  const lines: KeptLine[] = [];
  const keep = (level: KeptLine["level"]) => (fields: object, message: string) =>
    void lines.push({ level, message, fields });
  const log = {
    lines,
    debug: keep("debug"),
    info: keep("info"),
    warn: keep("warn"),
    error: keep("error"),
    fatal: keep("fatal"),
    child: (): Log => log,
  };
  return log;
}

export interface RunningServer {
  /** `http://127.0.0.1:12345`, without a slash at the end. */
  readonly url: string;
  readonly http: HttpServer;
  readonly metrics: Metrics;
  readonly log: ReturnType<typeof keepingLog>;
  stop(): Promise<void>;
}

/** Serves routes on a free port of 127.0.0.1. Stop it in the end. */
export async function serveRoutes(
  routes: readonly Route[],
  options: Partial<HttpServerOptions> = {},
): Promise<RunningServer> {
  const metrics = new Metrics();
  const log = keepingLog();
  const http = new HttpServer({
    log,
    metrics: createHttpMetrics(metrics),
    pathPrefix: "",
    credentials: { username: "", password: "" },
    connectionAgeMaxMs: 0,
    idleTimeoutMs: 60_000,
    isCompressionAllowed: true,
    isCorsAllowed: true,
    headers: {},
    onBug: () => {},
    ...options,
  });
  http.route(...routes);
  const [address] = await http.listen([{ host: "127.0.0.1", port: 0 }]);
  if (!address) throw new Error("a server without an address");
  const url = `http://${formatAddress(address)}`;
  return { url, http, metrics, log, stop: () => http.stop(0) };
}

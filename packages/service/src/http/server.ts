/**
 * The HTTP server of a program: routes over node:http, with auth, limits of time, error answers, counters
 * and a graceful stop. Handlers get the raw request and response; nothing reads a body before they do.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { hostname } from "node:os";
import { performance } from "node:perf_hooks";
import { BugError } from "@tideline/common";
import { InputError } from "@tideline/model";
import type { Log } from "../log/logger.ts";
import { Metrics } from "../metrics/metrics.ts";
import { formatAddress, type ListenAddress } from "./address.ts";
import { type Credentials, checkAuthKey, checkBasicAuth } from "./auth.ts";
import { discardBody } from "./body.ts";
import { errorAnswer, isClientsBusiness } from "./errors.ts";
import { ClientLeftError, Exchange } from "./exchange.ts";
import { createHttpMetrics, type HttpMetrics } from "./http-metrics.ts";
import { type Route, RouteTable } from "./routes.ts";

export interface HttpServerOptions {
  readonly log: Log;
  readonly metrics: HttpMetrics;
  readonly pathPrefix: string;
  readonly credentials: Credentials;
  /** 0 keeps connections of any age. */
  readonly connectionAgeMaxMs: number;
  readonly idleTimeoutMs: number;
  readonly isCompressionAllowed: boolean;
  readonly isCorsAllowed: boolean;
  /** Headers of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** A handler broke a promise of ours: the program must end. */
  readonly onBug: (error: BugError) => void;
}

const HEADERS_TIMEOUT_MS = 5_000;
/** A backstop: handlers read bodies under limits of their own. */
const REQUEST_TIMEOUT_MS = 300_000;
/** A query in a URL may be as long as -search.maxQueryLen allows, percent-encoded. */
const HEADER_SIZE_MAX = 128 * 1024;
const STOP_CHECK_MS = 20;

function nothing(): void {
  // Nobody reads it.
}

const SILENT_LOG: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => SILENT_LOG,
};

export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #routes = new RouteTable();
  readonly #servers: Server[] = [];
  readonly #closeAfterMs = new WeakMap<Socket, number>();
  /** Headers of every answer. */
  readonly #headers: readonly (readonly [name: string, value: string])[];
  #isStopping = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#headers = [
      ["X-Server-Hostname", hostname()],
      ...(options.isCorsAllowed ? [["Access-Control-Allow-Origin", "*"] as const] : []),
      ...Object.entries(options.headers),
    ];
  }

  /** Adds routes; two of the same path are a fault of ours. */
  route(...routes: readonly Route[]): void {
    for (const route of routes) this.#routes.add(route);
  }

  /** Paths as routes name them, sorted. */
  get paths(): readonly string[] {
    return this.#routes.paths;
  }

  /** A server with the options of this one, and none of its routes, that counts and logs nothing. */
  silentTwin(): HttpServer {
    return new HttpServer({
      ...this.#options,
      log: SILENT_LOG,
      metrics: createHttpMetrics(new Metrics()),
    });
  }

  /** The `Authorization` that its routes want; empty: none. */
  get authorization(): string {
    const { username, password } = this.#options.credentials;
    if (username === "" && password === "") return "";
    return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }

  /**
   * Starts listening.
   *
   * @returns the real addresses, in the given order
   * @throws {ListenError} when one is taken; none is listened on then
   */
  async listen(addresses: readonly ListenAddress[]): Promise<readonly ListenAddress[]> {
    const real: ListenAddress[] = [];
    try {
      for (const address of addresses) {
        const server = this.#createServer();
        real.push(await listenOn(server, address));
        this.#servers.push(server);
      }
    } catch (error) {
      await this.stop(0);
      throw error;
    }
    return real;
  }

  /** Takes no new connections, lets running requests finish for `graceMs`, then cuts what is left. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    const servers = this.#servers.splice(0);
    const closed = Promise.all(
      servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
    );
    const cut = setTimeout(() => {
      for (const server of servers) server.closeAllConnections();
    }, graceMs);
    // A kept connection may become idle at any time during the stop.
    const sweep = setInterval(() => {
      for (const server of servers) server.closeIdleConnections();
    }, STOP_CHECK_MS);
    await closed;
    clearTimeout(cut);
    clearInterval(sweep);
  }

  #createServer(): Server {
    const { idleTimeoutMs, connectionAgeMaxMs, metrics } = this.#options;
    const server = createServer(
      {
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: 1_000,
        keepAliveTimeout: idleTimeoutMs,
        maxHeaderSize: HEADER_SIZE_MAX,
      },
      (request, response) => {
        void this.#serve(request, response);
      },
    );
    server.on("connection", (socket) => {
      metrics.connectionOpened(socket);
      socket.once("close", () => {
        metrics.connectionClosed(socket);
      });
      socket.once("error", () => {
        metrics.connectionFailed();
      });
      // Spread over a fifth of the age, so that clients who came together do not come back together.
      const ageMaxMs = connectionAgeMaxMs * (0.9 + Math.random() * 0.2);
      if (ageMaxMs > 0) this.#closeAfterMs.set(socket, performance.now() + ageMaxMs);
    });
    return server;
  }

  /** Answers one request, whatever happens. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startMs = performance.now();
    const { metrics } = this.#options;
    this.#setHeaders(request, response);
    const url = splitUrl(request.url ?? "/", this.#options.pathPrefix);
    const found = this.#routes.find(url.path);
    const metricPath = found?.metricPath ?? "*";
    const exchange = new Exchange({
      request,
      response,
      path: url.path,
      queryText: url.queryText,
      parameters: found?.parameters ?? {},
      isCompressionAllowed: this.#options.isCompressionAllowed,
    });
    metrics.requestStarted(metricPath);
    try {
      if (request.method === "OPTIONS" && this.#options.isCorsAllowed)
        await answerPreflight(exchange);
      else if (found) await this.#handle(exchange, found.route);
      else throw new InputError("TIDELINE_PATH", `unsupported path requested: ${url.path}`);
    } catch (error) {
      metrics.requestFailed(metricPath);
      await this.#answerError(exchange, error, found?.route.errors ?? "text");
    }
    discardBody(request);
    metrics.requestEnded(metricPath, performance.now() - startMs);
  }

  async #handle(exchange: Exchange, route: Route): Promise<void> {
    const { guard = { kind: "basic" } } = route;
    if (guard.kind === "key") checkAuthKey(exchange, guard.key, guard.flagName);
    if (guard.kind === "basic") checkBasicAuth(exchange, this.#options.credentials);
    const method = exchange.request.method ?? "GET";
    const methods: readonly string[] | undefined = route.methods;
    if (methods && !methods.includes(method === "HEAD" ? "GET" : method)) {
      exchange.response.setHeader("Allow", methods.join(", "));
      throw new InputError(
        "TIDELINE_METHOD",
        `Cannot ${method} ${exchange.path}: want ${methods.join(" or ")}`,
        { status: 405 },
      );
    }
    await route.handle(exchange);
  }

  async #answerError(
    exchange: Exchange,
    error: unknown,
    style: "text" | "prometheus",
  ): Promise<void> {
    const { log, onBug } = this.#options;
    const { response } = exchange;
    if (error instanceof ClientLeftError || response.destroyed) {
      response.destroy();
    } else if (response.headersSent) {
      // A cut connection is never mistaken for a whole answer.
      log.error({ error, path: exchange.path }, "cannot finish an answer");
      response.destroy();
    } else {
      if (!isClientsBusiness(error))
        log.error({ error, path: exchange.path }, "cannot answer a request");
      response.removeHeader("Content-Encoding");
      await exchange.send(errorAnswer(error, style)).catch(() => response.destroy());
    }
    if (error instanceof BugError) onBug(error);
  }

  #setHeaders(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of this.#headers) response.setHeader(name, value);
    const closeAfterMs = this.#closeAfterMs.get(request.socket) ?? Infinity;
    if (this.#isStopping || performance.now() > closeAfterMs)
      response.setHeader("Connection", "close");
  }
}

/** An address cannot be listened on; the message names it and the reason. */
export class ListenError extends Error {
  override readonly name = "ListenError";
  readonly code = "TIDELINE_LISTEN";
}

const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "already in use",
  EACCES: "not permitted",
  EADDRNOTAVAIL: "no such address on this machine",
  ENOTFOUND: "unknown host name",
};

async function listenOn(server: Server, address: ListenAddress): Promise<ListenAddress> {
  const { host, port } = address;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const { code = "unknown" } = cause;
      const reason = LISTEN_REASONS[code] ?? cause.message;
      reject(
        new ListenError(`cannot listen on ${formatAddress(address)}: ${reason} (${code})`, {
          cause,
        }),
      );
    });
    server.listen(host === "" ? { port } : { port, host }, resolve);
  });
  const { address: realHost, port: realPort } = server.address() as AddressInfo;
  return { host: realHost, port: realPort };
}

function splitUrl(url: string, prefix: string): { path: string; queryText: string } {
  const mark = url.indexOf("?");
  let path = mark < 0 ? url : url.slice(0, mark);
  if (path.includes("//")) path = path.replaceAll(/\/{2,}/g, "/");
  if (prefix !== "" && (path === prefix || path.startsWith(`${prefix}/`))) {
    path = path.slice(prefix.length) || "/";
  }
  return { path, queryText: mark < 0 ? "" : url.slice(mark + 1) };
}

function answerPreflight(exchange: Exchange): Promise<void> {
  return exchange.send({
    status: 204,
    headers: {
      "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS",
      "Access-Control-Allow-Headers":
        exchange.request.headers["access-control-request-headers"] ?? "*",
      "Access-Control-Max-Age": "86400",
    },
  });
}

/** The routes that every program has: health, readiness, metrics, flags and a list of what there is. */
import type { FlagState } from "../flags/parse.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { guardBy, type Guard, type Route } from "./routes.ts";

export interface StandardRoutesOptions {
  /** What `/` calls the program. */
  readonly title: string;
  readonly metrics: Metrics;
  readonly flags: readonly FlagState[];
  readonly metricsAuthKey: string;
  readonly flagsAuthKey: string;
  /** False while the program is about to stop. */
  readonly isHealthy: () => boolean;
  /** Null when the program can do its work, else the reason why not. */
  readonly unreadyReason: () => string | null;
  /** Paths of the other routes, for the list at `/`. */
  readonly paths: () => readonly string[];
}

const OPEN: Guard = { kind: "open" };

export function standardRoutes(options: StandardRoutesOptions): readonly Route[] {
  const { metrics, flags } = options;
  return [
    {
      path: "/health",
      guard: OPEN,
      handle: (exchange) =>
        options.isHealthy()
          ? exchange.sendText("OK")
          : exchange.sendText("The server is about to stop", 503),
    },
    {
      path: "/-/healthy",
      guard: OPEN,
      handle: (exchange) => exchange.sendText("VictoriaMetrics is Healthy.\n"),
    },
    {
      path: "/-/ready",
      guard: OPEN,
      handle: (exchange) => {
        const reason = options.isHealthy()
          ? options.unreadyReason()
          : "the server is about to stop";
        return reason === null
          ? exchange.sendText("VictoriaMetrics is Ready.\n")
          : exchange.sendText(`Not ready: ${reason}\n`, 503);
      },
    },
    {
      path: "/ping",
      guard: OPEN,
      handle: (exchange) =>
        exchange.send({ status: exchange.query.get("verbose") === "true" ? 200 : 204 }),
    },
    {
      path: "/metrics",
      guard: guardBy(options.metricsAuthKey, "metricsAuthKey"),
      handle: async (exchange) => {
        await exchange.send({ type: metrics.contentType, body: await metrics.text() });
      },
    },
    {
      path: "/flags",
      guard: guardBy(options.flagsAuthKey, "flagsAuthKey"),
      handle: (exchange) =>
        exchange.sendText(
          flags.map(({ name, text }) => `-${name}=${JSON.stringify(text)}\n`).join(""),
        ),
    },
    { path: "/favicon.ico", guard: OPEN, handle: (exchange) => exchange.send({ status: 204 }) },
    {
      path: "/robots.txt",
      guard: OPEN,
      handle: (exchange) => exchange.sendText("User-agent: *\nDisallow: /\n"),
    },
    {
      path: "/",
      methods: ["GET"],
      handle: (exchange) =>
        exchange.sendText(`${options.title}\n\n${options.paths().join("\n")}\n`),
    },
  ];
}

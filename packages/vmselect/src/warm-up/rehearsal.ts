/**
 * A rehearsal of the whole way of a query, from the socket to the nodes and back, while nobody asks yet: made-up questions over
 * the real pool and the real links, through a server that only listens to itself. So the first real queries find code of the main thread
 * that V8 has compiled, here and in the nodes.
 */
import { randomUUID } from "node:crypto";
import type { HttpServer, Route } from "@tideline/service";
import { LoopbackAsker } from "./loopback-asker.ts";
import { MADE_UP_END_MS } from "./made-up-frames.ts";
import type { RehearsedSource } from "./rehearsed-source.ts";

export interface RehearsalOptions {
  readonly http: HttpServer;
  /** The routes of queries, over a runner that counts for nobody. */
  readonly routes: readonly Route[];
  /** Before `/api/v1/…`. */
  readonly base: string;
  readonly source: RehearsedSource;
  /** Questions at a time: one for each worker. */
  readonly askerCount: number;
  /** Of the main thread. */
  readonly cpuMsMax: number;
  /** Told before each question: real work ends the rehearsal. */
  readonly isBusy: () => boolean;
}

/** Of so many questions one is about made-up series; the others cost next to nothing but their way. */
const FULL_EVERY = 4;

/** @returns how many questions were answered. Whatever goes wrong ends it early; it never throws */
export async function rehearse(options: RehearsalOptions): Promise<number> {
  const { http, routes, source, askerCount, cpuMsMax, isBusy } = options;
  if (isBusy()) return 0;
  const name = `tideline_rehearsal_${randomUUID().replaceAll("-", "_")}`;
  const endMs = cpuMs() + cpuMsMax;
  const stage = http.silentTwin();
  stage.route(...routes);
  source.begin(name);
  let count = 0;
  try {
    const [address] = await stage.listen([{ host: "127.0.0.1", port: 0 }]);
    const ask = async (): Promise<void> => {
      const asker = new LoopbackAsker(address?.port ?? 0, http.authorization);
      try {
        while (!isBusy() && cpuMs() < endMs) {
          const answer = await asker.get(`${options.base}${question(name, count)}`);
          // Nodes that are away are asked no more.
          if (answer.status !== 200 || answer.body.includes('"isPartial":true')) break;
          count += 1;
        }
      } finally {
        asker.close();
      }
    };
    await Promise.allSettled(Array.from({ length: askerCount }, ask));
  } catch {
    // There is no such address here: it goes without.
  } finally {
    source.end();
    await stage.stop(0);
  }
  return count;
}

function question(name: string, number: number): string {
  const isFull = number % FULL_EVERY === 0;
  const selector = isFull ? `${name}{mode!="idle"}` : `${name}_none{instance="host-00003:9100"}`;
  const query = encodeURIComponent(`sum by (instance)(rate(${selector}[5m]))`);
  return `/api/v1/query?query=${query}&time=${MADE_UP_END_MS / 1_000}`;
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

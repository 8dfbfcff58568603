import { COMPLETE } from "@tideline/model";
import type { Exchange } from "@tideline/service";
import { serveRoutes, type RunningServer } from "@tideline/service/testing";
import { encodeEndFrame, frameSourceOf, type FrameQuery } from "@tideline/wire";
import { afterEach, expect, test } from "vitest";
import { rehearse } from "./rehearsal.ts";
import { RehearsedSource } from "./rehearsed-source.ts";

let servers: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

const noFrames = frameSourceOf(async function* () {
  yield await Promise.resolve(encodeEndFrame(COMPLETE));
});

/** Rehearses over routes that answer `body`. */
async function rehearsed(answer: (exchange: Exchange) => Promise<void>, askedMax = 20) {
  const server = await serveRoutes([], { credentials: { username: "me", password: "secret" } });
  servers.push(server);
  const asked: string[] = [];
  const count = await rehearse({
    http: server.http,
    routes: [
      {
        path: "/p/api/v1/query",
        handle(exchange) {
          asked.push(exchange.query.get("query") ?? "");
          return answer(exchange);
        },
      },
    ],
    base: "/p",
    source: new RehearsedSource(noFrames),
    askerCount: 2,
    cpuMsMax: 60_000,
    isBusy: () => asked.length >= askedMax,
  });
  return { count, asked, server };
}

test("questions are asked until real ones come, with the credentials, and nobody counts or logs them", async () => {
  const { count, asked, server } = await rehearsed((exchange) => exchange.sendJson({ a: "b" }));
  expect(count).toBe(asked.length);
  expect(count).toBeGreaterThanOrEqual(20);
  expect(asked[0]).toMatch(/^sum by \(instance\)\(rate\(tideline_rehearsal_\w+\{/);
  expect(await server.metrics.text()).not.toContain("/p/api/v1/query");
  expect(server.log.lines).toEqual([]);
  expect(server.http.paths).toEqual([]);
});

test("an error or a partial answer ends it, and so does a server that is busy from the start", async () => {
  const failing = await rehearsed(() => Promise.reject(new Error("out of luck")));
  expect(failing.count).toBe(0);
  expect(failing.asked.length).toBeLessThanOrEqual(2);
  expect(failing.server.log.lines).toEqual([]);
  const partial = await rehearsed((exchange) => exchange.sendJson({ isPartial: true }));
  expect(partial.count).toBe(0);
  expect((await rehearsed((exchange) => exchange.sendJson({}), 0)).asked).toEqual([]);
});

test("only the metric of a rehearsal is made up, and only while it lasts", async () => {
  const source = new RehearsedSource(noFrames);
  const sizeOf = async (value: string, more: Partial<FrameQuery> = {}): Promise<number> => {
    const filters = [[{ name: "__name__", operator: "=", value } as const]];
    const tenant = { accountId: 0, projectId: 0 };
    const query = { tenant, filters, startMs: 0, endMs: 1, seriesCountMax: 0, ...more };
    const search = source.searchFrames(query, new AbortController().signal);
    let size = 0;
    for await (const frame of search) size += frame.length;
    expect(search.coverage()).toEqual(COMPLETE);
    return size;
  };
  expect(await sizeOf("x")).toBe(0);
  source.begin("x");
  const size = await sizeOf("x");
  expect(size).toBeGreaterThan(100_000);
  const offer = { name: new Uint8Array(32), seriesCount: 1, keysSize: 1 };
  expect(await sizeOf("x", { offers: [offer] })).toBeLessThan(size);
  expect(await sizeOf("y")).toBe(0);
  source.end();
  expect(await sizeOf("x")).toBe(0);
});

/**
 * Lines that break or stall at any moment: what was acknowledged is kept, what is asked ends, and everything
 * goes on afterwards.
 */
import { forEachSeed, seededRandom } from "@tideline/common/testing";
import { DEFAULT_TENANT, OverloadError, seriesKey, type RowBatch } from "@tideline/model";
import type { StorageNode } from "@tideline/placement";
import {
  ANY_QUERY,
  FakeFrameSource,
  fakeSeries,
  FakeSeriesTable,
  rowBatch,
} from "@tideline/wire/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { InsertClient } from "./insert-client.ts";
import { InsertServer } from "./insert-server.ts";
import { SelectClient } from "./select-client.ts";
import { SelectServer } from "./select-server.ts";
import { FakeSink } from "./testing/fake-sink.ts";
import { SilentLog } from "./testing/silent-log.ts";
import { TcpProxy } from "./testing/tcp-proxy.ts";

const TIMINGS = { backoffMinMs: 2, backoffMaxMs: 10, helloTimeoutMs: 200, refusedPauseMs: 20 };
const NEVER = new AbortController().signal;

const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const log = new SilentLog();

async function proxyTo(address: string): Promise<TcpProxy> {
  const proxy = await TcpProxy.listen(address);
  cleanups.push(() => {
    proxy.close();
  });
  return proxy;
}

interface Line {
  readonly sink: FakeSink;
  readonly proxy: TcpProxy;
}

async function startLine(name: string): Promise<Line> {
  const sink = new FakeSink(name, 2);
  const server = new InsertServer({ sink, log });
  const proxy = await proxyTo(await server.listen("127.0.0.1:0"));
  cleanups.push(() => server.close());
  return { sink, proxy };
}

async function openInsert(lines: readonly Line[], requestTimeoutMs: number): Promise<InsertClient> {
  const nodes = lines.map(({ sink, proxy }): StorageNode => ({
    name: sink.nodeId,
    address: proxy.address,
  }));
  const client = await InsertClient.open({
    nodes,
    bootId: "test",
    log,
    timings: TIMINGS,
    limits: { requestTimeoutMs },
  });
  cleanups.push(() => {
    client.close();
  });
  await client.firstTries();
  return client;
}

function batchOf(table: FakeSeriesTable, from: number, timeMs: number): RowBatch {
  const rows = Array.from({ length: 60 }, (_, i) => ({
    ref: table.refOf(seriesKey(DEFAULT_TENANT, [{ name: "i", value: String(from + i) }])),
    timeMs,
  }));
  return rowBatch(table, rows);
}

function keysAt(rows: readonly string[], timeMs: number): Set<string> {
  const at = rows.map((row) => row.split(" ")).filter(([, time]) => time === String(timeMs));
  return new Set(at.map(([key]) => key as string));
}

describe("a line that breaks", () => {
  const seeds: number[] = [];
  forEachSeed(Number(process.env["TIDELINE_SEEDS"] ?? 4), (_, seed) => seeds.push(seed));

  test.for(seeds)("loses no acknowledged row: seed %i", async (seed) => {
    const random = seededRandom(seed);
    const lines = await Promise.all([startLine("a"), startLine("b")]);
    const client = await openInsert(lines, 10_000);
    const table = new FakeSeriesTable();
    const acknowledged: number[] = [];
    const rejections: unknown[] = [];
    const write = async (timeMs: number): Promise<void> => {
      try {
        await client.write(batchOf(table, random.below(100), timeMs));
        acknowledged.push(timeMs);
      } catch (error) {
        rejections.push(error);
      }
    };
    const running: Promise<void>[] = [];
    for (let step = 0; step < 300; step += 1) {
      running.push(write(step));
      if (random.chance(0.04)) random.pick(lines).proxy.cut();
      if (random.chance(0.02)) random.pick(random.pick(lines).sink.lanes).forgetSeries();
      if (random.chance(0.02)) table.renew();
      if (random.chance(0.5)) await new Promise((resolve) => setImmediate(resolve));
      if (random.chance(0.1)) await running[random.below(running.length)];
    }
    await Promise.all(running);
    expect(rejections.length).toBeGreaterThan(0);
    expect(rejections.filter((error) => !(error instanceof OverloadError))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(0);
    const rows = lines.flatMap(({ sink }) => sink.rows());
    for (const timeMs of acknowledged) expect(keysAt(rows, timeMs).size).toBe(60);
    await vi.waitFor(async () => {
      await client.write(batchOf(table, 0, 1000));
    });
    await vi.waitFor(() => {
      expect(lines.map(({ sink }) => sink.openStreams.size)).toEqual([1, 1]);
    });
    for (const { inFlightCount, inFlightSize } of client.stats()) {
      expect([inFlightCount, inFlightSize]).toEqual([0, 0]);
    }
  });

  test("makes an answer partial when it breaks in the middle", async () => {
    const series = Array.from({ length: 50 }, (_, i) => fakeSeries(`${i}`, 200_000));
    const sources = [
      new FakeFrameSource({ series }),
      new FakeFrameSource({ series: [fakeSeries("x")] }),
    ];
    const proxies = await Promise.all(sources.map((source, i) => startSelect(source, `${i}`)));
    const client = await openSelect(proxies);
    const search = client.searchFrames(ANY_QUERY, NEVER);
    let frameCount = 0;
    for await (const frame of search) {
      expect(frame.length).toBeGreaterThan(0);
      frameCount += 1;
      if (frameCount === 5) proxies[0]?.cut();
    }
    expect(frameCount).toBeLessThan(51);
    expect(search.coverage().missing).toMatchObject([{ where: "node-0" }]);
    await vi.waitFor(() => {
      expect(sources.map(({ openCount }) => openCount)).toEqual([0, 0]);
    });
  });
});

describe("a line that stalls", () => {
  test("rejects rows after the timeout, and goes on when it flows again", async () => {
    const line = await startLine("a");
    const client = await openInsert([line], 50);
    const table = new FakeSeriesTable();
    await client.write(batchOf(table, 0, 1));
    line.proxy.stall();
    await expect(client.write(batchOf(table, 0, 2))).rejects.toThrow(OverloadError);
    await vi.waitFor(() => {
      expect(client.stats()).toMatchObject([{ inFlightCount: 0, inFlightSize: 0 }]);
    });
    line.proxy.flow();
    await vi.waitFor(async () => {
      await client.write(batchOf(table, 0, 3));
    });
    expect(keysAt(line.sink.rows(), 3).size).toBe(60);
  });

  test("is left by a query whose signal ends", async () => {
    const source = new FakeFrameSource({ series: [fakeSeries("x")] });
    const proxy = await startSelect(source, "0");
    const client = await openSelect([proxy]);
    proxy.stall();
    await expect(client.labelNames(ANY_QUERY, 0, AbortSignal.timeout(50))).rejects.toThrow(
      /timeout/,
    );
    expect(client.stats()).toMatchObject([{ inFlightCount: 0 }]);
  });
});

async function startSelect(source: FakeFrameSource, name: string): Promise<TcpProxy> {
  const server = new SelectServer({ source, nodeId: name, bootId: "b", laneCount: 1, log });
  const proxy = await proxyTo(await server.listen("127.0.0.1:0"));
  cleanups.push(() => server.close());
  return proxy;
}

async function openSelect(proxies: readonly TcpProxy[]): Promise<SelectClient> {
  const nodes = proxies.map(({ address }, i) => ({ name: `node-${i}`, address }));
  const client = new SelectClient({ nodes, bootId: "test", log, timings: TIMINGS });
  cleanups.push(() => {
    client.close();
  });
  await client.firstTries();
  return client;
}

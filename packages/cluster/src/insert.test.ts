import { forEachSeed } from "@tideline/common/testing";
import { DEFAULT_TENANT, OverloadError, seriesKey, type RowBatch, wordsOf } from "@tideline/model";
import { rowBlockAnswer } from "@tideline/wire";
import { FakeSeriesTable, rowBatch } from "@tideline/wire/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { InsertClient, type InsertClientOptions } from "./insert-client.ts";
import { InsertServer } from "./insert-server.ts";
import { FakeSink } from "./testing/fake-sink.ts";
import { SilentLog } from "./testing/silent-log.ts";

/** Short pauses, so that tests come back soon; nothing depends on their length. */
const TIMINGS = { backoffMinMs: 5, backoffMaxMs: 20, helloTimeoutMs: 500, refusedPauseMs: 20 };

const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Node {
  readonly sink: FakeSink;
  readonly server: InsertServer;
  readonly address: string;
}

async function startNode(sink: FakeSink, address = "127.0.0.1:0", options = {}): Promise<Node> {
  const server = new InsertServer({ sink, log: new SilentLog(), ...options });
  const real = await server.listen(address);
  cleanups.push(() => server.close());
  return { sink, server, address: real };
}

async function openClient(
  addresses: readonly string[],
  options: Partial<InsertClientOptions> = {},
): Promise<{ client: InsertClient; log: SilentLog }> {
  const log = new SilentLog();
  const client = await InsertClient.open({
    nodes: addresses.map((address, i) => ({ name: `node-${i}`, address })),
    bootId: "test",
    log,
    timings: TIMINGS,
    ...options,
  });
  cleanups.push(() => {
    client.close();
  });
  await client.firstTries();
  return { client, log };
}

const table = new FakeSeriesTable();

function batchOf(count: number, timeMs: number): RowBatch {
  const rows = Array.from({ length: count }, (_, i) => ({
    ref: table.refOf(seriesKey(DEFAULT_TENANT, [{ name: "i", value: String(i) }])),
    timeMs,
  }));
  return rowBatch(table, rows);
}

function rowsAt(nodes: readonly Node[], timeMs: number): Set<string> {
  const rows = nodes.flatMap(({ sink }) => sink.rows());
  return new Set(rows.filter((row) => row.split(" ")[1] === String(timeMs)));
}

describe("writing to a cluster", () => {
  test("every row is kept once, on one node and lane, with its bits", async () => {
    const nodes = await Promise.all([
      startNode(new FakeSink("a", 3)),
      startNode(new FakeSink("b", 2)),
    ]);
    const { client, log } = await openClient(nodes.map(({ address }) => address));
    const batch = batchOf(500, 77);
    const words = wordsOf(batch.values);
    forEachSeed(1, (random) => {
      for (let i = 0; i < words.length; i += 1) words[i] = random.u32();
    });
    expect(await client.write(batch)).toEqual({ ignoredByReason: {} });
    await client.write(batchOf(500, 78));
    const rows = nodes.flatMap(({ sink }) => sink.rows());
    expect(rows).toHaveLength(1000);
    expect(rowsAt(nodes, 77).size).toBe(500);
    for (const { sink } of nodes) {
      for (const lane of sink.lanes) expect(lane.rowCount).toBeGreaterThan(40);
    }
    expect(log.messages("info").filter((line) => line.includes("successfully dialed"))).toEqual(
      nodes.map(({ address }) => `successfully dialed -storageNode="${address}"`),
    );
    const sent = client.stats().map(({ state, rowsSentCount }) => ({ state, rowsSentCount }));
    expect(sent.every(({ state }) => state === "ready")).toBe(true);
    expect(sent.reduce((sum, { rowsSentCount }) => sum + rowsSentCount, 0)).toBe(1000);
    expect(nodes.reduce((sum, { server }) => sum + server.stats().rowCount, 0)).toBe(1000);
  });

  test("one envelope per node holds the blocks of all its lanes", async () => {
    const node = await startNode(new FakeSink("a", 4));
    const { client } = await openClient([node.address]);
    await client.write(batchOf(300, 1));
    // Once without keys, once with them.
    expect(node.server.stats().envelopeCount).toBe(2);
    await client.write(batchOf(300, 2));
    expect(node.server.stats().envelopeCount).toBe(3);
    expect(client.stats()[0]).toMatchObject({ inFlightCount: 0, inFlightSize: 0 });
  });

  test("a node never seen rejects its rows as away; the others' rows are kept", async () => {
    const node = await startNode(new FakeSink("a", 2));
    const gone = await startNode(new FakeSink("b", 1));
    await gone.server.close();
    const { client, log } = await openClient([node.address, gone.address]);
    const error: unknown = await client.write(batchOf(200, 5)).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(OverloadError);
    expect(error).toMatchObject({ code: "TIDELINE_NODE_AWAY", status: 503 });
    expect(String(error)).toContain("node-1");
    expect(rowsAt([node], 5).size).toBeGreaterThan(50);
    expect(log.messages("warn")).toEqual(["a storage node is away"]);
    const back = await startNode(gone.sink, gone.address);
    await vi.waitFor(async () => {
      await client.write(batchOf(200, 5));
    });
    expect(rowsAt([node, back], 5).size).toBe(200);
  });

  test("a node that is killed in the middle rejects; afterwards writing again keeps every row", async () => {
    const sink = new FakeSink("a", 2);
    const node = await startNode(sink);
    const { client } = await openClient([node.address]);
    await client.write(batchOf(100, 1));
    const answers = Promise.withResolvers<void>();
    sink.hold = answers.promise;
    const writing = client.write(batchOf(100, 2)).catch((cause: unknown) => cause);
    await vi.waitFor(() => {
      expect(sink.heldCount).toBeGreaterThan(0);
    });
    const closing = node.server.close();
    // The server drains first; a killed one would not. Either way the rows may be kept or not.
    sink.hold = null;
    answers.resolve();
    await closing;
    await writing;
    const again = await startNode(sink, node.address);
    sink.lanes.forEach((lane) => {
      lane.forgetStreams();
    });
    await vi.waitFor(async () => {
      await client.write(batchOf(100, 2));
    });
    expect(rowsAt([again], 2).size).toBe(100);
    expect(client.stats()[0]).toMatchObject({
      state: "ready",
      reconnectCount: 1,
      inFlightSize: 0,
      rowsInFlightCount: 0,
      failures: { handshakeCount: 0, connectionCount: 1 },
    });
  });

  test("a node that takes no rows is told from one that does, lane by lane", async () => {
    const sink = new FakeSink("a", 1);
    const node = await startNode(sink);
    const { client } = await openClient([node.address]);
    const append = vi.spyOn(sink, "appendBlock");
    append.mockResolvedValueOnce(rowBlockAnswer("readOnly", { message: "no room" }));
    await expect(client.write(batchOf(10, 1))).rejects.toThrow(/no room/);
    expect(client.stats()[0]).toMatchObject({ isReadOnly: true, rowsSentCount: 0 });
    await client.write(batchOf(10, 1));
    expect(client.stats()[0]).toMatchObject({ isReadOnly: false, rowsSentCount: 10 });
  });

  test("a node that comes back with other lanes gets every row on the right one", async () => {
    const node = await startNode(new FakeSink("a", 1));
    const { client } = await openClient([node.address]);
    await client.write(batchOf(200, 1));
    await node.server.close();
    const wider = await startNode(new FakeSink("a", 4), node.address);
    await vi.waitFor(async () => {
      await client.write(batchOf(200, 2));
    });
    expect(rowsAt([wider], 2).size).toBe(200);
    for (const lane of wider.sink.lanes) expect(lane.rowCount).toBeGreaterThan(20);
  });

  test("a node that does not answer in time counts as broken, and its rows as not kept", async () => {
    const sink = new FakeSink("a", 1);
    const node = await startNode(sink);
    const { client } = await openClient([node.address], { limits: { requestTimeoutMs: 50 } });
    sink.hold = new Promise(() => undefined);
    await expect(client.write(batchOf(10, 1))).rejects.toThrow(OverloadError);
    sink.hold = null;
    await vi.waitFor(async () => {
      await client.write(batchOf(10, 1));
    });
    await vi.waitFor(() => {
      expect(sink.openStreams.size).toBe(1);
    });
  });

  test("past the window writes are rejected, and go on once answers come", async () => {
    const sink = new FakeSink("a", 1);
    const node = await startNode(sink);
    const { client } = await openClient([node.address], { limits: { windowSizePerNode: 28_000 } });
    await client.write(batchOf(500, 1));
    const answers = Promise.withResolvers<void>();
    sink.hold = answers.promise;
    // 4 kB each: at least one does not fit.
    const writes = [2, 3, 4, 5, 6, 7, 8, 9].map((timeMs) => client.write(batchOf(500, timeMs)));
    const settled = Promise.allSettled(writes);
    await vi.waitFor(() => {
      expect(sink.heldCount).toBeGreaterThan(4);
    });
    sink.hold = null;
    answers.resolve();
    const rejected = (await settled).filter((outcome) => outcome.status === "rejected");
    expect(rejected.length).toBeGreaterThan(0);
    expect(rejected.length).toBeLessThan(4);
    for (const { reason } of rejected) {
      expect(reason).toMatchObject({ code: "TIDELINE_NODE_WINDOW", status: 503 });
    }
    await client.write(batchOf(500, 10));
    const [stats] = client.stats();
    expect(stats).toMatchObject({ inFlightSize: 0, rowsInFlightCount: 0, isReadOnly: false });
    // The first block came twice: again with the keys of its series.
    expect(stats?.rowsPushedCount).toBe((stats?.rowsSentCount ?? 0) + 500);
    expect(stats?.rowsSentCount).toBe((10 - rejected.length) * 500);
    expect(stats?.answerWaitMs).toBeGreaterThan(0);
  });

  test("a full stream is not read until lanes have answered, and nothing is lost", async () => {
    const sink = new FakeSink("a", 2);
    const node = await startNode(sink, "127.0.0.1:0", { inFlightSizeMaxPerStream: 2_000 });
    const { client } = await openClient([node.address]);
    await Promise.all(Array.from({ length: 30 }, (_, i) => client.write(batchOf(100, i))));
    expect(new Set(sink.rows()).size).toBe(3000);
    expect(node.server.stats().inFlightSize).toBe(0);
  });

  test("one storage under two names is refused under the second", async () => {
    const sink = new FakeSink("a", 1);
    const one = await startNode(sink);
    const two = await startNode(sink);
    const { client, log } = await openClient([one.address, two.address]);
    expect(
      client
        .stats()
        .map(({ state }) => state)
        .toSorted(),
    ).toEqual(["ready", "refused"]);
    const refusal = log.lines.find(({ level }) => level === "error");
    expect(refusal?.fields["refusal"]).toMatch(/same storage as "node-[01]"/);
    expect(client.stats().reduce((sum, { failures }) => sum + failures.handshakeCount, 0)).toBe(1);
    await expect(client.write(batchOf(50, 1))).rejects.toThrow(/refused/);
  });

  test("a lane that throws is an answer, not the end of the stream", async () => {
    const sink = new FakeSink("a", 1);
    const node = await startNode(sink);
    const { client } = await openClient([node.address]);
    const append = vi.spyOn(sink, "appendBlock");
    append.mockRejectedValueOnce(new OverloadError("X", "ring is full", { retryAfterMs: 321 }));
    await expect(client.write(batchOf(10, 1))).rejects.toMatchObject({ retryAfterMs: 321 });
    append.mockRejectedValueOnce(new TypeError("oops"));
    await expect(client.write(batchOf(10, 1))).rejects.toThrow(/oops/);
    await client.write(batchOf(10, 1));
    expect(rowsAt([node], 1).size).toBe(10);
    expect(client.stats()[0]?.reconnectCount).toBe(0);
  });

  test("streams are closed at the sink when the client leaves", async () => {
    const node = await startNode(new FakeSink("a", 1));
    const { client } = await openClient([node.address]);
    expect(node.sink.openStreams.size).toBe(1);
    client.close();
    await vi.waitFor(() => {
      expect(node.sink.openStreams.size).toBe(0);
    });
    await expect(client.write(batchOf(10, 1))).rejects.toThrow(OverloadError);
  });
});

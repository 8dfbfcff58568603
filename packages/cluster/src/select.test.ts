import {
  CorruptionError,
  ExecutionError,
  InputError,
  OverloadError,
  type DeleteSink,
  type LabelCount,
  type SeriesDelete,
} from "@tideline/model";
import { seriesSourceOf, type FrameSource } from "@tideline/wire";
import { ANY_QUERY, FakeFrameSource, fakeSeries } from "@tideline/wire/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { SelectClient } from "./select-client.ts";
import { SelectServer } from "./select-server.ts";
import { SilentLog } from "./testing/silent-log.ts";

/** Short pauses, so that tests come back soon; nothing depends on their length. */
const TIMINGS = { backoffMinMs: 5, backoffMaxMs: 20, helloTimeoutMs: 500, refusedPauseMs: 20 };
const NEVER = new AbortController().signal;

const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Node {
  readonly server: SelectServer;
  readonly address: string;
}

let nodeCount = 0;

async function startNode(
  source: FrameSource,
  address = "127.0.0.1:0",
  deletes?: DeleteSink,
  features?: readonly string[],
): Promise<Node> {
  nodeCount += 1;
  const nodeId = `node id ${nodeCount}`;
  const log = new SilentLog();
  const server = new SelectServer({
    source,
    ...(deletes ? { deletes } : {}),
    ...(features ? { features } : {}),
    nodeId,
    bootId: "b",
    laneCount: 1,
    log,
  });
  const real = await server.listen(address);
  cleanups.push(() => server.close());
  return { server, address: real };
}

async function openClient(
  addresses: readonly string[],
  features?: readonly string[],
): Promise<SelectClient> {
  const client = new SelectClient({
    nodes: addresses.map((address, i) => ({ name: `node-${i}`, address })),
    bootId: "test",
    log: new SilentLog(),
    timings: TIMINGS,
    ...(features ? { features } : {}),
  });
  cleanups.push(() => {
    client.close();
  });
  await client.firstTries();
  return client;
}

/** A cluster over these sources, and its client. */
async function cluster(
  ...sources: FrameSource[]
): Promise<{ nodes: Node[]; client: SelectClient }> {
  const nodes = await Promise.all(sources.map((source) => startNode(source)));
  return { nodes, client: await openClient(nodes.map(({ address }) => address)) };
}

async function read(source: FrameSource, signal = NEVER) {
  const search = seriesSourceOf(source).search(ANY_QUERY, signal);
  const keys: string[] = [];
  for await (const batch of search) {
    for (const { key } of batch) keys.push(Buffer.from(key).toString());
  }
  return { keys: keys.toSorted(), coverage: search.coverage() };
}

describe("reading from a cluster", () => {
  test("series of all nodes come, large frames as well, with the nodes' coverage", async () => {
    const many = Array.from({ length: 30 }, (_, i) => fakeSeries(`a${10 + i}`, 300_000));
    const { client, nodes } = await cluster(
      new FakeFrameSource({ series: many }),
      new FakeFrameSource({
        series: [fakeSeries("b")],
        coverage: { missing: [{ where: "part 3", reason: "damaged" }] },
      }),
    );
    const { keys, coverage } = await read(client);
    expect(keys).toEqual([...many.map(({ key }) => Buffer.from(key).toString()), "b"]);
    expect(coverage).toEqual({ missing: [{ where: "part 3", reason: "damaged" }] });
    expect(nodes[0]?.server.stats()).toMatchObject({ requestCount: 1, inFlightCount: 0 });
    expect(client.stats()[0]?.receivedSize).toBeGreaterThan(9_000_000);
  });

  test("keys that are known are named by a node of this build, and never asked for of an older one", async () => {
    const key = Buffer.alloc(10_000, "k");
    const [series] = [{ ...fakeSeries("a"), key }];
    const today = new FakeFrameSource({ series: [series] });
    const older = new FakeFrameSource({ series: [series] });
    const nodes = [await startNode(today), await startNode(older, "127.0.0.1:0", undefined, [])];
    const client = await openClient(nodes.map(({ address }) => address));
    const source = seriesSourceOf(client);
    for (let round = 0; round < 2; round += 1) {
      const keys: Uint8Array[] = [];
      for await (const batch of source.search(ANY_QUERY, NEVER))
        keys.push(...Array.from(batch, (one) => one.key));
      expect(keys.map((one) => Buffer.compare(one, key))).toEqual([0, 0]);
    }
    expect(today.queries[1]?.offers).toHaveLength(2);
    expect(older.queries[1]).not.toHaveProperty("offers");
    const [fromToday, fromOlder] = client.stats().map(({ receivedSize }) => receivedSize);
    expect(fromToday).toBeLessThan(11_000);
    expect(fromOlder).toBeGreaterThan(20_000);
  });

  test("a leaf is told to a node of this build, and never to an older one", async () => {
    const today = new FakeFrameSource({ series: [fakeSeries("a")] });
    const older = new FakeFrameSource({ series: [fakeSeries("b")] });
    const nodes = [
      await startNode(today),
      await startNode(older, "127.0.0.1:0", undefined, ["key-lists"]),
    ];
    const client = await openClient(nodes.map(({ address }) => address));
    const leaf = {
      text: "rate(a[5m])",
      grid: { startMs: 7, endMs: 7, stepMs: 1 },
      lookbackMs: 300_000,
      dedupIntervalMs: 0,
    };
    const keys: string[] = [];
    for await (const batch of seriesSourceOf(client).search({ ...ANY_QUERY, leaf }, NEVER))
      for (const { key } of batch) keys.push(Buffer.from(key).toString());
    expect(keys.toSorted()).toEqual(["a", "b"]);
    expect(today.queries[0]?.leaf).toEqual(leaf);
    expect(older.queries[0]).not.toHaveProperty("leaf");
  });

  test("an asker and a node of which one is older understand each other", async () => {
    const series = [fakeSeries("a"), fakeSeries("b")];
    for (const [nodeFeatures, askerFeatures] of [
      [[], undefined],
      [undefined, []],
    ] as const) {
      const node = await startNode(
        new FakeFrameSource({ series, names: ["n"] }),
        "127.0.0.1:0",
        undefined,
        nodeFeatures,
      );
      const client = await openClient([node.address], askerFeatures);
      expect(await read(client)).toEqual({ keys: ["a", "b"], coverage: { missing: [] } });
      expect((await client.labelNames(ANY_QUERY, 0, NEVER)).items).toEqual(["n"]);
    }
  });

  test("names, values and keys of all nodes come once, sorted, cut to the limit", async () => {
    const { client } = await cluster(
      new FakeFrameSource({ names: ["a", "c", "\u{1F600}"], keys: [Buffer.from("k2")] }),
      new FakeFrameSource({
        names: ["b", "c", "\uFF5E"],
        keys: [Buffer.from("k1"), Buffer.from("k2")],
      }),
    );
    const coverage = { missing: [] };
    // UTF-8 order: U+FF5E before U+1F600, unlike code units.
    expect(await client.labelNames(ANY_QUERY, 0, NEVER)).toEqual({
      items: ["a", "b", "c", "\uFF5E", "\u{1F600}"],
      coverage,
    });
    expect((await client.labelValues("x", ANY_QUERY, 2, NEVER)).items).toEqual(["x-a", "x-b"]);
    const keys = await client.seriesKeys(ANY_QUERY, 0, NEVER);
    expect(keys.items.map((key) => Buffer.from(key).toString())).toEqual(["k1", "k2"]);
  });

  test("counts of labels are added over the nodes that answer; others are missing", async () => {
    const all = { name: "", value: "" };
    const { client } = await cluster(
      new FakeFrameSource({
        counts: [
          { ...all, seriesCount: 5 },
          { name: "job", value: "a", seriesCount: 2 },
        ],
      }),
      new FakeFrameSource({
        counts: [
          { ...all, seriesCount: 3 },
          { name: "job", value: "a", seriesCount: 1 },
          { name: "job", value: "b", seriesCount: 2 },
        ],
      }),
      new FakeFrameSource({ error: new OverloadError("CODE", "no more") }),
    );
    const search = seriesSourceOf(client).labelCounts(ANY_QUERY, NEVER);
    const counts: LabelCount[] = [];
    for await (const batch of search) counts.push(...batch);
    expect(counts).toEqual([
      { ...all, seriesCount: 8 },
      { name: "job", value: "a", seriesCount: 3 },
      { name: "job", value: "b", seriesCount: 2 },
    ]);
    expect(search.coverage().missing).toEqual([{ where: "node-2", reason: "no more" }]);
  });

  test("a node that is away is missing, and comes back", async () => {
    const source = new FakeFrameSource({ series: [fakeSeries("b")], names: ["b"] });
    const { client, nodes } = await cluster(
      new FakeFrameSource({ series: [fakeSeries("a")], names: ["a"] }),
      source,
    );
    const gone = nodes[1] as Node;
    await gone.server.close();
    await vi.waitFor(async () => {
      const { keys, coverage } = await read(client);
      expect(keys).toEqual(["a"]);
      expect(coverage.missing).toMatchObject([{ where: "node-1" }]);
    });
    const names = await client.labelNames(ANY_QUERY, 0, NEVER);
    expect(names.items).toEqual(["a"]);
    expect(names.coverage.missing).toMatchObject([{ where: "node-1" }]);
    // The id of the data directory is the same: only the process is another one.
    nodeCount -= 1;
    await startNode(source, gone.address);
    await vi.waitFor(async () => {
      expect(await read(client)).toEqual({ keys: ["a", "b"], coverage: { missing: [] } });
    });
  });

  test("all nodes are reached once the last one has come", async () => {
    const { nodes } = await cluster(new FakeFrameSource({ series: [] }));
    const first = nodes[0] as Node;
    // A port that nobody listens on yet.
    const late = await startNode(new FakeFrameSource({ series: [] }));
    await late.server.close();
    const client = await openClient([first.address, late.address]);
    const reached = client.reached();
    await vi.waitFor(async () => {
      expect((await read(client)).coverage.missing).toMatchObject([{ where: "node-1" }]);
    });
    expect(await Promise.race([reached.then(() => "all"), Promise.resolve("not all")])).toBe(
      "not all",
    );
    await startNode(new FakeFrameSource({ series: [] }), late.address);
    await reached;
    expect(client.stats().map(({ state }) => state)).toEqual(["ready", "ready"]);
  });

  test("a node killed while it answers is missing", async () => {
    const hanging = new FakeFrameSource({ series: [fakeSeries("b")], hangs: true });
    const { client, nodes } = await cluster(
      new FakeFrameSource({ series: [fakeSeries("a")] }),
      hanging,
    );
    const reading = read(client);
    await vi.waitFor(() => {
      expect(hanging.openCount).toBe(1);
    });
    await nodes[1]?.server.close();
    const { keys, coverage } = await reading;
    expect(keys).toContain("a");
    expect(coverage.missing).toMatchObject([{ where: "node-1" }]);
  });

  test("when no node is left, the request fails and can be tried again", async () => {
    const { client, nodes } = await cluster(new FakeFrameSource(), new FakeFrameSource());
    await Promise.all(nodes.map(({ server }) => server.close()));
    await vi.waitFor(() => {
      expect(client.stats().some(({ state }) => state === "ready")).toBe(false);
    });
    await expect(read(client)).rejects.toThrow(OverloadError);
    await expect(client.labelNames(ANY_QUERY, 0, NEVER)).rejects.toThrow(/any storage node/);
  });

  test.for([new ExecutionError("LIMIT", "too many series"), new InputError("RE", "bad regexp")])(
    "$name of one node fails the request at once, and stops the others",
    async (thrown) => {
      const hanging = new FakeFrameSource({ hangs: true });
      const { client } = await cluster(new FakeFrameSource({ error: thrown }), hanging);
      const caught: unknown = await read(client).catch((cause: unknown) => cause);
      expect(caught).toEqual(thrown);
      await expect(client.labelNames(ANY_QUERY, 0, NEVER)).rejects.toThrow(thrown.message);
      await vi.waitFor(() => {
        expect(hanging.openCount).toBe(0);
      });
    },
  );

  test.for([new OverloadError("BUSY", "busy"), new CorruptionError("BAD", "bad part")])(
    "$name of one node makes the answer partial",
    async (thrown) => {
      const { client } = await cluster(
        new FakeFrameSource({ series: [fakeSeries("a")] }),
        new FakeFrameSource({ error: thrown }),
      );
      expect(await read(client)).toEqual({
        keys: ["a"],
        coverage: { missing: [{ where: "node-1", reason: thrown.message }] },
      });
    },
  );

  test("the signal ends a request that nobody answers, down to the nodes", async () => {
    const hanging = [new FakeFrameSource({ hangs: true }), new FakeFrameSource({ hangs: true })];
    const { client, nodes } = await cluster(...hanging);
    const abort = new AbortController();
    const reading = read(client, abort.signal);
    await vi.waitFor(() => {
      expect(hanging.map(({ openCount }) => openCount)).toEqual([1, 1]);
    });
    abort.abort(new Error("took too long"));
    await expect(reading).rejects.toThrow("took too long");
    await vi.waitFor(() => {
      expect(hanging.map(({ openCount }) => openCount)).toEqual([0, 0]);
      expect(nodes.map(({ server }) => server.stats().inFlightCount)).toEqual([0, 0]);
    });
    expect(client.stats().map(({ inFlightCount }) => inFlightCount)).toEqual([0, 0]);
  });

  test("a reader that leaves early stops the nodes, which never ran far ahead", async () => {
    const series = Array.from({ length: 200 }, (_, i) => fakeSeries(`${i}`));
    const source = new FakeFrameSource({ series });
    const { client } = await cluster(source);
    let takenCount = 0;
    for await (const frame of client.searchFrames(ANY_QUERY, NEVER)) {
      takenCount += frame.length > 0 ? 1 : 0;
      if (takenCount === 10) break;
    }
    await vi.waitFor(() => {
      expect(source.openCount).toBe(0);
    });
    expect(source.frameCount).toBeLessThan(25);
  });

  test("many requests share a stream", async () => {
    const { client } = await cluster(
      new FakeFrameSource({ series: [fakeSeries("a"), fakeSeries("b")] }),
      new FakeFrameSource({ series: [fakeSeries("c")] }),
    );
    const answers = await Promise.all(Array.from({ length: 50 }, () => read(client)));
    for (const { keys } of answers) expect(keys).toEqual(["a", "b", "c"]);
  });
});

/** A cluster whose nodes delete by these, or not at all. */
async function deletingCluster(...sinks: (DeleteSink["deleteSeries"] | undefined)[]) {
  const nodes = await Promise.all(
    sinks.map((deleteSeries) =>
      startNode(new FakeFrameSource({}), undefined, deleteSeries && { deleteSeries }),
    ),
  );
  return { nodes, client: await openClient(nodes.map(({ address }) => address)) };
}

describe("deleting", () => {
  const { tenant, startMs, endMs } = ANY_QUERY;
  const filters = [[{ name: "a", operator: "=", value: "b" } as const]];
  const request: SeriesDelete = { tenant, filters, startMs, endMs };

  test("every node is told, and has done it when the answer comes", async () => {
    const told: SeriesDelete[] = [];
    const tell = async (one: SeriesDelete): Promise<void> => {
      await Promise.resolve();
      told.push(one);
    };
    const { client } = await deletingCluster(tell, tell);
    await client.deleteSeries(request, NEVER);
    expect(told).toEqual([request, request]);
  });

  test("a node that fails is named, and so are those that have deleted", async () => {
    const { client } = await deletingCluster(
      () => Promise.resolve(),
      () => Promise.reject(new OverloadError("FULL", "the disk is full")),
      undefined,
    );
    const deleted = client.deleteSeries(request, NEVER);
    await expect(deleted).rejects.toThrow(OverloadError);
    await expect(deleted).rejects.toThrow(/node-1: the disk is full; node-2: .*certain: on node-0/);
  });

  test("with a node away nobody is told", async () => {
    const told = vi.fn<DeleteSink["deleteSeries"]>(() => Promise.resolve());
    const { client, nodes } = await deletingCluster(told, told);
    await nodes[1]?.server.close();
    await vi.waitFor(() => {
      expect(client.stats()[1]?.state).not.toBe("ready");
    });
    await expect(client.deleteSeries(request, NEVER)).rejects.toThrow(
      /node-1.*Nothing was deleted/,
    );
    expect(told).not.toHaveBeenCalled();
  });

  test("a node that breaks off in the middle is named", async () => {
    const begun = Promise.withResolvers<void>();
    const never = Promise.withResolvers<void>();
    const { client, nodes } = await deletingCluster(() => {
      begun.resolve();
      return never.promise;
    });
    const deleted = client.deleteSeries(request, NEVER);
    deleted.catch(() => undefined);
    await begun.promise;
    const closed = nodes[0]?.server.close();
    client.close();
    await expect(deleted).rejects.toThrow(/node-0.*nowhere/);
    never.resolve();
    await closed;
  });

  test("who does not wait any longer leaves", async () => {
    const { client } = await deletingCluster(() => Promise.withResolvers<void>().promise);
    const leave = new AbortController();
    const deleted = client.deleteSeries(request, leave.signal);
    leave.abort(new Error("left"));
    await expect(deleted).rejects.toThrow("left");
  });

  test("a selector that is none is the client's fault", async () => {
    const { client } = await deletingCluster(() => Promise.reject(new InputError("BAD", "bad")));
    await expect(client.deleteSeries(request, NEVER)).rejects.toThrow(InputError);
  });
});

/** A client that leaves stops its query all the way down: HTTP, query worker, port, gRPC, storage node. */
import { randomUUID } from "node:crypto";
import { SelectClient, SelectServer } from "@tideline/cluster";
import { SilentLog } from "@tideline/cluster/testing";
import { FakeFrameSource } from "@tideline/wire/testing";
import { afterEach, expect, test, vi } from "vitest";
import { serveSelect } from "./select-fixtures.ts";

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A storage node that begins to answer a search and never ends. */
async function startNode() {
  const source = new FakeFrameSource({ hangs: true });
  const server = new SelectServer({
    source,
    nodeId: randomUUID(),
    bootId: "b",
    laneCount: 1,
    log: new SilentLog(),
  });
  const address = await server.listen("127.0.0.1:0");
  cleanups.push(() => server.close());
  return { source, address };
}

/** The query side over these nodes. @returns its URL */
async function startQueries(addresses: readonly string[]): Promise<string> {
  const frames = new SelectClient({
    nodes: addresses.map((address, i) => ({ name: `node-${i}`, address })),
    bootId: "s",
    log: new SilentLog(),
  });
  cleanups.push(() => {
    frames.close();
  });
  await frames.firstTries();
  const { url } = await serveSelect(frames, cleanups);
  return url;
}

test("a client that leaves stops its query on every storage node", async () => {
  const nodes = [await startNode(), await startNode()];
  const url = await startQueries(nodes.map(({ address }) => address));
  const leaving = new AbortController();
  const asking = fetch(`${url}/p/api/v1/query?query=sum(up)&time=1700000000`, {
    signal: leaving.signal,
  });
  const openCounts = (): number[] => nodes.map(({ source }) => source.openCount);
  await vi.waitFor(
    () => {
      expect(openCounts()).toEqual([1, 1]);
    },
    { timeout: 10_000 },
  );
  leaving.abort();
  await expect(asking).rejects.toThrow("abort");
  await vi.waitFor(() => {
    expect(openCounts()).toEqual([0, 0]);
  });
});

import { CorruptionError, ExecutionError, InputError, OverloadError } from "@tideline/model";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ANY_QUERY, FakeFrameSource, fakeSeries } from "../testing/fake-frame-source.ts";
import {
  seriesSourceOf,
  type FrameSearch,
  type FrameSource,
} from "../series-frame/frame-source.ts";
import { FRAMES_IN_FLIGHT_MAX } from "./frame-client.ts";
import { portFrameSource, serveFrames } from "./port.ts";

const ports: MessagePort[] = [];
const faults: unknown[] = [];

function connect(source: FrameSource): { remote: FrameSource; close: () => void } {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  serveFrames(port1, source, (error) => faults.push(error));
  return { remote: portFrameSource(port2), close: () => port1.close() };
}

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
  faults.length = 0;
});

const NEVER = new AbortController().signal;

async function keysOf(source: FrameSource, signal = NEVER): Promise<string[]> {
  const keys: string[] = [];
  for await (const batch of seriesSourceOf(source).search(ANY_QUERY, signal)) {
    for (const { key } of batch) keys.push(Buffer.from(key).toString());
  }
  return keys;
}

describe("frames over a port", () => {
  test("bring series and coverage", async () => {
    const names = Array.from({ length: 30 }, (_, i) => `series ${i}`);
    const coverage = { missing: [{ where: "part 1", reason: "damaged" }] };
    const series = names.map((name) => fakeSeries(name));
    const { remote } = connect(new FakeFrameSource({ series, coverage }));
    const search = remote.searchFrames(ANY_QUERY, NEVER);
    expect(await keysOf({ ...remote, searchFrames: () => search })).toEqual(names);
    expect(search.coverage()).toEqual(coverage);
  });

  test("bring names, values and keys, cut by the limit", async () => {
    const coverage = { missing: [] };
    const keys = [Buffer.from("k1"), Buffer.from("k2")];
    const { remote } = connect(new FakeFrameSource({ names: ["a", "b", "ü"], keys, coverage }));
    expect(await remote.labelNames(ANY_QUERY, 0, NEVER)).toEqual({
      items: ["a", "b", "ü"],
      coverage,
    });
    expect(await remote.labelValues("job", ANY_QUERY, 2, NEVER)).toEqual({
      items: ["job-a", "job-b"],
      coverage,
    });
    const { items } = await remote.seriesKeys(ANY_QUERY, 0, NEVER);
    expect(items.map((key) => Buffer.from(key).toString())).toEqual(["k1", "k2"]);
  });

  test.for([
    new InputError("A", "bad regexp"),
    new OverloadError("B", "busy", { retryAfterMs: 9 }),
    new CorruptionError("C", "bad part"),
    new ExecutionError("D", "too many series"),
  ])("carry an error over as itself: $name", async (thrown) => {
    const { remote } = connect(new FakeFrameSource({ series: [fakeSeries("a")], error: thrown }));
    const caught: unknown = await keysOf(remote).catch((cause: unknown) => cause);
    expect(caught).toEqual(thrown);
    expect(caught?.constructor).toBe(thrown.constructor);
    await expect(remote.labelNames(ANY_QUERY, 0, NEVER)).rejects.toThrow(thrown.message);
    expect(faults).toEqual([]);
  });

  test("report a fault of ours on the side where it happened", async () => {
    const error = new TypeError("oops");
    const { remote } = connect(new FakeFrameSource({ error }));
    await expect(keysOf(remote)).rejects.toThrow(/Internal error: oops/);
    expect(faults).toEqual([error]);
  });

  test("are not read faster than they are taken, and stop when the reader leaves", async () => {
    const series = Array.from({ length: 100 }, (_, i) => fakeSeries(`${i}`));
    const source = new FakeFrameSource({ series });
    const { remote } = connect(source);
    let takenCount = 0;
    for await (const frame of remote.searchFrames(ANY_QUERY, NEVER)) {
      expect(frame.length).toBeGreaterThan(0);
      takenCount += 1;
      // One more than the credits may have been made before the gate stops it.
      expect(source.frameCount).toBeLessThanOrEqual(takenCount + FRAMES_IN_FLIGHT_MAX + 1);
      if (takenCount === 10) break;
    }
    await vi.waitFor(() => {
      expect(source.openCount).toBe(0);
    });
    expect(source.frameCount).toBeLessThan(20);
  });

  test("cancel by signal, also while the source is silent", async () => {
    const source = new FakeFrameSource({ series: [fakeSeries("a")], hangs: true });
    const { remote } = connect(source);
    const abort = new AbortController();
    const reading = keysOf(remote, abort.signal);
    await vi.waitFor(() => {
      expect(source.openCount).toBe(1);
    });
    abort.abort(new Error("client left"));
    await expect(reading).rejects.toThrow("client left");
    await vi.waitFor(() => {
      expect(source.openCount).toBe(0);
    });
  });

  test("a closed port fails what is being read", async () => {
    const source = new FakeFrameSource({ hangs: true });
    const { remote, close } = connect(source);
    const reading = keysOf(remote);
    await vi.waitFor(() => {
      expect(source.openCount).toBe(1);
    });
    close();
    await expect(reading).rejects.toThrow(OverloadError);
    await vi.waitFor(() => {
      expect(source.openCount).toBe(0);
    });
  });

  test("a frame that is a view into a larger buffer leaves that buffer whole", async () => {
    const pool = Buffer.alloc(1 << 16);
    class PooledSource extends FakeFrameSource {
      override searchFrames(...given: Parameters<FrameSource["searchFrames"]>): FrameSearch {
        const search = super.searchFrames(...given);
        return {
          coverage: () => search.coverage(),
          async *[Symbol.asyncIterator]() {
            for await (const frame of search) {
              pool.set(frame, 100);
              yield pool.subarray(100, 100 + frame.length);
            }
          },
        };
      }
    }
    const { remote } = connect(new PooledSource({ series: [fakeSeries("a")] }));
    expect(await keysOf(remote)).toEqual(["a"]);
    expect(pool.length).toBe(1 << 16);
  });
});

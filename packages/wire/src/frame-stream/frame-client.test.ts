import { CorruptionError, OverloadError } from "@tideline/model";
import { describe, expect, test, vi } from "vitest";
import { frameKind } from "../series-frame/frame-start.ts";
import { encodeEndFrame, SeriesFrameEncoder } from "../series-frame/encode.ts";
import { decodeFailure } from "../failure/codec.ts";
import { encodeReadRequest, type ReadRequest } from "../read-request/codec.ts";
import { ANY_QUERY, FakeFrameSource, fakeSeries } from "../testing/fake-frame-source.ts";
import { frameSourceOf } from "./answer-frames.ts";
import { FrameClient, FRAMES_IN_FLIGHT_MAX, FRAMES_PER_GRANT } from "./frame-client.ts";
import { FrameServer } from "./frame-server.ts";

const NEVER = new AbortController().signal;
const SEARCH: ReadRequest = { kind: "search", query: ANY_QUERY };
const END = encodeEndFrame({ missing: [] });

function seriesFrame(): Uint8Array {
  const encoder = new SeriesFrameEncoder();
  encoder.append(fakeSeries("a"));
  return encoder.takeRest() as Uint8Array;
}

async function* withoutEnd(): AsyncGenerator<Uint8Array> {
  yield seriesFrame();
}

/** A client whose other end is the test: what was sent is recorded. */
function setUp() {
  const sent: string[] = [];
  const client = new FrameClient({
    ask: (id, _, credit) => sent.push(`ask ${id} for ${credit}`),
    credit: (id, count) => sent.push(`credit ${id} ${count}`),
    cancel: (id) => sent.push(`cancel ${id}`),
  });
  return { client, sent };
}

/** Gives the client an answer of so many frames, one by one as it has room; what it sent meanwhile. */
async function answered(frameCount: number): Promise<string[]> {
  const { client, sent } = setUp();
  const frames = client.ask(SEARCH, NEVER);
  for (let i = 0; i <= frameCount; i += 1) {
    const next = frames.next();
    client.onFrame(1, i < frameCount ? seriesFrame() : END);
    expect(await next).toMatchObject({ done: false });
  }
  expect(await frames.next()).toMatchObject({ done: true });
  expect(client.inFlightCount).toBe(0);
  return sent;
}

describe("asking for frames", () => {
  test("grants room again for frames that were taken and cancels nothing that has ended", async () => {
    const began = `ask 1 for ${FRAMES_IN_FLIGHT_MAX}`;
    const grant = `credit 1 ${FRAMES_PER_GRANT}`;
    expect(await answered(2 * FRAMES_PER_GRANT + 1)).toEqual([began, grant, grant]);
    expect(await answered(FRAMES_PER_GRANT)).toEqual([began, grant]);
  });

  test("asks for no more room than a short answer needs", async () => {
    expect(await answered(FRAMES_PER_GRANT - 1)).toEqual([`ask 1 for ${FRAMES_IN_FLIGHT_MAX}`]);
  });

  test("takes more frames than credits for damage, and cancels", async () => {
    const { client, sent } = setUp();
    const frames = client.ask(SEARCH, NEVER);
    const first = frames.next();
    for (let i = 0; i <= FRAMES_IN_FLIGHT_MAX; i += 1) client.onFrame(1, seriesFrame());
    await expect(first).rejects.toThrow(CorruptionError);
    expect(sent.at(-1)).toBe("cancel 1");
  });

  test("takes bytes that are no frame for damage", async () => {
    const { client, sent } = setUp();
    const first = client.ask(SEARCH, NEVER).next();
    client.onFrame(1, Buffer.from("nonsense"));
    await expect(first).rejects.toThrow(CorruptionError);
    expect(sent.at(-1)).toBe("cancel 1");
  });

  test("takes a last frame for the end of an answer that misses nothing", async () => {
    const { client, sent } = setUp();
    const source = frameSourceOf((request, signal) => client.ask(request, signal));
    const search = source.searchFrames(ANY_QUERY, NEVER);
    const frames = search[Symbol.asyncIterator]();
    const first = frames.next();
    for (let i = 1; i <= FRAMES_IN_FLIGHT_MAX; i += 1)
      client.onFrame(1, seriesFrame(), i === FRAMES_IN_FLIGHT_MAX);
    expect(await first).toMatchObject({ done: false });
    for (let i = 1; i < FRAMES_IN_FLIGHT_MAX; i += 1)
      expect(await frames.next()).toMatchObject({ done: false });
    expect(await frames.next()).toMatchObject({ done: true });
    expect(search.coverage()).toEqual({ missing: [] });
    expect(client.inFlightCount).toBe(0);
    expect(sent.filter((text) => text.startsWith("cancel"))).toEqual([]);
  });

  test("drops frames and failures of requests that are over", async () => {
    const { client } = setUp();
    const abort = new AbortController();
    const first = client.ask(SEARCH, abort.signal).next();
    abort.abort(new Error("left"));
    await expect(first).rejects.toThrow("left");
    client.onFrame(1, seriesFrame());
    client.onFailure(1, Buffer.from("x"));
    client.fail(99, new Error("nobody"));
    expect(client.inFlightCount).toBe(0);
  });

  test("does not begin when the signal has ended before", async () => {
    const { client, sent } = setUp();
    await expect(client.ask(SEARCH, AbortSignal.abort(new Error("late"))).next()).rejects.toThrow(
      "late",
    );
    expect(sent).toEqual([]);
  });

  test("an answer without an end frame is cut off", async () => {
    const frames = frameSourceOf(withoutEnd).searchFrames(ANY_QUERY, NEVER)[Symbol.asyncIterator]();
    expect(await frames.next()).toMatchObject({ done: false });
    await expect(frames.next()).rejects.toThrow(/end is missing/);
  });
});

/** A server whose other end is the test. */
function serve(source: FakeFrameSource, requestsMax: number, endsApart = false) {
  const failures: Error[] = [];
  const frames: string[] = [];
  const server = new FrameServer({
    source,
    requestsMax,
    endsApart,
    onFault: () => undefined,
    transport: {
      frame: (_, frame, isLast) => void frames.push(`${isLast ? "last " : ""}${frameKind(frame)}`),
      failure: (_, failure) => void failures.push(decodeFailure(failure)),
    },
  });
  return { server, failures, frames };
}

describe("answering with frames", () => {
  test("sends nothing without credit", async () => {
    const source = new FakeFrameSource({ series: [fakeSeries("a"), fakeSeries("b")] });
    const { server, frames } = serve(source, 10);
    server.onAsk(1, encodeReadRequest(SEARCH));
    await vi.waitFor(() => {
      expect(source.frameCount).toBe(1);
    });
    expect(frames).toEqual([]);
    server.onCredit(1, 1);
    await vi.waitFor(() => {
      expect(source.frameCount).toBe(2);
    });
    expect(server.inFlightCount).toBe(1);
    server.onCredit(1, 1);
    await vi.waitFor(() => {
      expect(server.inFlightCount).toBe(0);
    });
    expect(frames).toEqual(["series", "last series"]);
  });

  test.for([
    ["two series", { series: [fakeSeries("a"), fakeSeries("b")] }, ["series", "last series"]],
    ["nothing", {}, ["end"]],
    ["names", { names: ["a"] }, ["last items"]],
    [
      "a series, and something is missing",
      { series: [fakeSeries("a")], coverage: { missing: [{ where: "part", reason: "damaged" }] } },
      ["series", "end"],
    ],
  ] as const)("says with the last frame that it is the last: %s", async ([, options, expected]) => {
    const request: ReadRequest =
      "names" in options ? { kind: "labelNames", query: ANY_QUERY, limit: 0 } : SEARCH;
    for (const endsApart of [false, true]) {
      const { server, frames } = serve(new FakeFrameSource(options), 10, endsApart);
      server.onAsk(1, encodeReadRequest(request), 10);
      await vi.waitFor(() => {
        expect(server.inFlightCount).toBe(0);
      });
      const apart = expected.flatMap((kind) =>
        kind.startsWith("last ") ? [kind.slice(5), "end"] : [kind],
      );
      expect(frames).toEqual(endsApart ? apart : expected);
    }
  });

  test("refuses more requests than it may have, and ones that it cannot read", async () => {
    const source = new FakeFrameSource({ hangs: true });
    const { server, failures } = serve(source, 2);
    server.onAsk(1, encodeReadRequest(SEARCH));
    server.onAsk(2, Buffer.from("nonsense"));
    await vi.waitFor(() => {
      expect(failures).toHaveLength(1);
    });
    expect(failures[0]).toBeInstanceOf(CorruptionError);
    server.onAsk(3, encodeReadRequest(SEARCH));
    server.onAsk(4, encodeReadRequest(SEARCH));
    expect(failures[1]).toBeInstanceOf(OverloadError);
    expect(failures[1]).toMatchObject({ status: 429 });
    server.close();
    await vi.waitFor(() => {
      expect(source.openCount).toBe(0);
    });
  });
});

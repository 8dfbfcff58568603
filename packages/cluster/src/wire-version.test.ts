import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  type ClientDuplexStream,
  type ServerDuplexStream,
} from "@grpc/grpc-js";
import { DEFAULT_TENANT, seriesKey } from "@tideline/model";
import { FakeSeriesTable, rowBatch } from "@tideline/wire/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  decodeEnvelope,
  encodeEnvelope,
  KIND_HELLO,
  KIND_ROWS,
  STATUS_UNSUPPORTED,
  type Envelope,
} from "./envelope.ts";
import { rawMessage } from "./grpc.ts";
import { InsertClient } from "./insert-client.ts";
import { InsertServer } from "./insert-server.ts";
import { encodeHello, streamPath, type Hello } from "./proto.ts";
import { FakeSink } from "./testing/fake-sink.ts";
import { SilentLog } from "./testing/silent-log.ts";

const HELLO: Hello = {
  wireVersions: [1],
  features: [],
  nodeId: "someone",
  bootId: "boot",
  laneCount: 1,
  placementHash: "",
  clockMs: 0,
  programVersion: "",
};

function hello(rest: Partial<Hello> = {}): Buffer {
  return encodeEnvelope({ id: 0, kind: KIND_HELLO, body: [encodeHello({ ...HELLO, ...rest })] });
}

const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A peer of a real server that sends what it likes. */
async function rawPeer(): Promise<{
  stream: ClientDuplexStream<Buffer, Buffer>;
  received: Envelope[];
  errors: Error[];
}> {
  const server = new InsertServer({ sink: new FakeSink("a", 1), log: new SilentLog() });
  const address = await server.listen("127.0.0.1:0");
  const client = new Client(address, credentials.createInsecure());
  const stream: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    streamPath("Insert"),
    rawMessage,
    rawMessage,
  );
  const received: Envelope[] = [];
  const errors: Error[] = [];
  stream.on("data", (message: Buffer) => received.push(decodeEnvelope(message)));
  stream.on("error", (error) => errors.push(error));
  cleanups.push(
    () => server.close(),
    () => {
      client.close();
    },
    () => {
      stream.cancel();
    },
  );
  return { stream, received, errors };
}

/** A node that answers a real client as it likes. */
async function rawNode(
  onEnvelope: (stream: ServerDuplexStream<Buffer, Buffer>, envelope: Envelope) => void,
): Promise<{ client: InsertClient; log: SilentLog }> {
  const server = new Server();
  const method = {
    path: streamPath("Insert"),
    requestStream: true,
    responseStream: true,
    requestSerialize: rawMessage,
    requestDeserialize: rawMessage,
    responseSerialize: rawMessage,
    responseDeserialize: rawMessage,
  };
  const handler = (stream: ServerDuplexStream<Buffer, Buffer>): void => {
    stream.on("data", (message: Buffer) => {
      onEnvelope(stream, decodeEnvelope(message));
    });
    stream.on("error", () => undefined);
  };
  server.addService({ Stream: method }, { Stream: handler });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  const log = new SilentLog();
  const client = await InsertClient.open({
    nodes: [{ name: "odd", address: `127.0.0.1:${port}` }],
    bootId: "test",
    log,
    timings: { helloTimeoutMs: 100, backoffMinMs: 5, backoffMaxMs: 20, refusedPauseMs: 20 },
  });
  cleanups.push(
    () => {
      server.forceShutdown();
    },
    () => {
      client.close();
    },
  );
  await client.firstTries();
  return { client, log };
}

test("a port that is taken is named", async () => {
  const servers = [0, 1].map(
    () => new InsertServer({ sink: new FakeSink("a", 1), log: new SilentLog() }),
  );
  const [first, second] = servers as [InsertServer, InsertServer];
  const address = await first.listen("127.0.0.1:0");
  await expect(second.listen(address)).rejects.toThrow(
    `cannot listen on ${address}: already in use (EADDRINUSE)`,
  );
  await Promise.all(servers.map((server) => server.close()));
});

describe("a server", () => {
  test("answers a kind it does not know with UNSUPPORTED, and goes on", async () => {
    const { stream, received } = await rawPeer();
    stream.write(hello());
    stream.write(encodeEnvelope({ id: 7, kind: 99 }));
    stream.write(encodeEnvelope({ id: 8, kind: KIND_ROWS, body: [new Uint8Array(8)] }));
    await vi.waitFor(() => {
      expect(received).toHaveLength(3);
    });
    expect(received[1]).toMatchObject({ id: 7, kind: 99, status: STATUS_UNSUPPORTED });
    expect(received[2]).toMatchObject({ id: 8, kind: KIND_ROWS, status: 0 });
  });

  test("answers a hello without a common version with UNSUPPORTED and its own versions", async () => {
    const { stream, received } = await rawPeer();
    stream.write(hello({ wireVersions: [2, 3] }));
    await vi.waitFor(() => {
      expect(received).toMatchObject([{ kind: KIND_HELLO, status: STATUS_UNSUPPORTED }]);
    });
  });

  test.for([
    {
      name: "something else than a hello first",
      message: encodeEnvelope({ id: 1, kind: KIND_ROWS }),
    },
    { name: "no protobuf", message: Buffer.from([0xff, 0xff]) },
    {
      name: "a hello that is no protobuf",
      message: encodeEnvelope({ id: 0, kind: KIND_HELLO, body: [Buffer.from([0x0a, 0xff])] }),
    },
  ])("breaks the stream on $name", async ({ message }) => {
    const { stream, errors } = await rawPeer();
    stream.write(message);
    await vi.waitFor(() => {
      expect(errors).toHaveLength(1);
    });
    expect(String(errors[0])).toContain("INVALID_ARGUMENT");
  });
});

describe("a client", () => {
  const table = new FakeSeriesTable();
  const key = seriesKey(DEFAULT_TENANT, [{ name: "a", value: "b" }]);
  const batch = rowBatch(table, [{ ref: table.refOf(key), timeMs: 1 }]);

  test.for([
    {
      name: "speaks another version",
      answer: hello({ wireVersions: [9] }),
      words: /wire versions 9/,
    },
    { name: "has no lanes", answer: hello({ laneCount: 0 }), words: /0 lanes/ },
    { name: "has no id", answer: hello({ nodeId: "" }), words: /no node id/ },
  ])("refuses a node that $name", async ({ answer, words }) => {
    const { client, log } = await rawNode((stream) => stream.write(answer));
    expect(client.stats()).toMatchObject([{ state: "refused" }]);
    expect(log.lines.find(({ level }) => level === "error")?.fields["refusal"]).toMatch(words);
    await expect(client.write(batch)).rejects.toThrow(/refused/);
  });

  test("counts a node that never says hello as away", async () => {
    const { client, log } = await rawNode(() => undefined);
    expect(client.stats()).toMatchObject([{ reconnectCount: 0 }]);
    expect(log.lines.find(({ level }) => level === "warn")?.fields["reason"]).toMatch(/no hello/);
    await expect(client.write(batch)).rejects.toThrow(/away|connecting/);
  });

  test.for([
    { name: "no envelope", answer: Buffer.from([0xff, 0xff]) },
    {
      name: "no lane blocks",
      answer: encodeEnvelope({ id: 1, kind: KIND_ROWS, body: [Buffer.from("x")] }),
    },
    {
      name: "too few answers",
      answer: encodeEnvelope({ id: 1, kind: KIND_ROWS, body: [new Uint8Array(8)] }),
    },
  ])("breaks the stream of a node whose answer is $name", async ({ answer }) => {
    const { client } = await rawNode((stream, envelope) => {
      stream.write(envelope.kind === KIND_HELLO ? hello() : answer);
    });
    await expect(client.write(batch)).rejects.toThrow(/away/);
    await vi.waitFor(() => {
      expect(client.stats()).toMatchObject([{ state: "ready", reconnectCount: 1 }]);
    });
  });

  test("takes UNSUPPORTED for a refusal of these rows, not of the stream", async () => {
    const { client } = await rawNode((stream, { id, kind }) => {
      stream.write(
        kind === KIND_HELLO ? hello() : encodeEnvelope({ id, kind, status: STATUS_UNSUPPORTED }),
      );
    });
    await expect(client.write(batch)).rejects.toThrow(/does not take rows/);
    expect(client.stats()).toMatchObject([{ state: "ready", reconnectCount: 0, inFlightSize: 0 }]);
  });
});

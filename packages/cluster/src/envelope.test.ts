import { loadSync, type MessageTypeDefinition } from "@grpc/proto-loader";
import { forEachSeed, type Random } from "@tideline/common/testing";
import { CorruptionError } from "@tideline/model";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { decodeEnvelope, encodeEnvelope, type Envelope } from "./envelope.ts";
import { commonWireVersion, decodeHello, encodeHello, streamPath, type Hello } from "./proto.ts";

const PROTO = fileURLToPath(new URL("../../../proto/tideline/cluster.proto", import.meta.url));
/** protobufjs, through proto-loader: the oracle. */
const oracle = loadSync(PROTO, { longs: Number, defaults: true })[
  "tideline.cluster.v1.Envelope"
] as MessageTypeDefinition<object, object>;

function randomEnvelope(random: Random): Envelope {
  return {
    id: random.pick([0, 1, 127, 128, 2 ** 32, Number.MAX_SAFE_INTEGER, random.u32()]),
    kind: random.below(7),
    status: random.below(3),
    count: random.pick([0, 1, 0xffff_ffff, random.u32()]),
    body: random.bytes(random.pick([0, 1, 200, 20_000])),
  };
}

function plain({ id, kind, status, count, body }: Envelope) {
  return { id, kind, status, count, body: Buffer.from(body).toString("hex") };
}

describe("an envelope", () => {
  test("is read by protobufjs as it was written here", () => {
    forEachSeed(200, (random) => {
      const envelope = randomEnvelope(random);
      const message = encodeEnvelope({ ...envelope, body: [envelope.body] });
      const read = oracle.deserialize(message) as Envelope;
      expect(plain(read)).toEqual(plain(envelope));
    });
  });

  test("is read here as protobufjs wrote it", () => {
    forEachSeed(200, (random) => {
      const envelope = randomEnvelope(random);
      expect(plain(decodeEnvelope(oracle.serialize(envelope)))).toEqual(plain(envelope));
    });
  });

  test("may hold fields that are not known yet, and its own in any order", () => {
    const bytes = Buffer.concat([
      Buffer.from([0x2a, 1, 0x41]), // body = "A"
      Buffer.from([0x78, ...Array.from({ length: 9 }, () => 0xff), 0x01]), // field 15, 64 bits
      Buffer.from([0x7a, 2, 1, 2]), // field 15, bytes
      Buffer.from([0x7d, 1, 2, 3, 4]), // field 15, fixed32
      Buffer.from([0x79, 1, 2, 3, 4, 5, 6, 7, 8]), // field 15, fixed64
      Buffer.from([0x08, 5]), // id = 5
    ]);
    expect(plain(decodeEnvelope(bytes))).toEqual({
      id: 5,
      kind: 0,
      status: 0,
      count: 0,
      body: "41",
    });
  });

  test("that is damaged gives a CorruptionError and nothing else", () => {
    forEachSeed(500, (random) => {
      const message = encodeEnvelope({ id: 300, kind: 2, body: [random.bytes(30)] });
      for (let i = 0; i < 3; i += 1) message[random.below(message.length)] = random.u32();
      expect(isReadOrCorrupt(message.subarray(0, random.below(message.length + 1)))).toBe(true);
    });
  });
});

function isReadOrCorrupt(message: Uint8Array): boolean {
  try {
    return decodeEnvelope(message).body.length <= message.length;
  } catch (error) {
    return error instanceof CorruptionError;
  }
}

describe("a hello", () => {
  const hello: Hello = {
    wireVersions: [1, 2],
    features: ["a"],
    nodeId: "node",
    bootId: "boot",
    laneCount: 4,
    placementHash: "5768221180f1f2ae",
    clockMs: 1_700_000_000_123,
    programVersion: "0.1.0",
  };

  test("comes back equal", () => {
    expect({ ...decodeHello(encodeHello(hello)) }).toEqual(hello);
  });

  test.for([
    { theirs: [1, 2], version: 1 },
    { theirs: [2], version: 0 },
    { theirs: [], version: 0 },
  ])("of versions $theirs leads to version $version", ({ theirs, version }) => {
    expect(commonWireVersion({ ...hello, wireVersions: theirs })).toBe(version);
  });

  test("that is no protobuf gives a CorruptionError", () => {
    expect(() => decodeHello(Buffer.from([0x0a, 0xff]))).toThrow(CorruptionError);
  });
});

test("the services' paths are those of cluster.proto", () => {
  expect([streamPath("Insert"), streamPath("Select")]).toEqual([
    "/tideline.cluster.v1.Insert/Stream",
    "/tideline.cluster.v1.Select/Stream",
  ]);
});

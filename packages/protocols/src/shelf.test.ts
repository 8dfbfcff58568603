import { expect, test } from "vitest";
import { remoteWrite } from "./remote-write/card.ts";
import { PROTOCOLS } from "./shelf.ts";
import { canonicalRemoteWriteBody } from "./testing/canonical-batch.ts";
import { describeProtocolContract, type ProtocolSample } from "./testing/protocol-contract.ts";

const SAMPLES: readonly ProtocolSample[] = [
  {
    protocol: remoteWrite,
    head: { contentType: "application/x-protobuf", contentEncoding: "snappy" },
    canonicalBody: canonicalRemoteWriteBody(),
    noticesTruncation: true,
  },
];

SAMPLES.forEach(describeProtocolContract);

test("every protocol of the shelf passes the contract", () => {
  expect(SAMPLES.map(({ protocol }) => protocol.name)).toEqual(PROTOCOLS.map(({ name }) => name));
});

test("no two protocols answer to one path", () => {
  const paths = PROTOCOLS.flatMap((protocol) => protocol.paths);
  expect(paths).toEqual([...new Set(paths)]);
});

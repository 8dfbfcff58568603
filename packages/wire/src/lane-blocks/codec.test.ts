import { forEachSeed } from "@tideline/common/testing";
import { CorruptionError } from "@tideline/model";
import { expect, test } from "vitest";
import { decodeLaneBlocks, encodeLaneBlocks } from "./codec.ts";

test("blocks come back equal, each at a multiple of 8", () => {
  forEachSeed(100, (random) => {
    const blocks = Array.from({ length: random.below(6) }, () => ({
      lane: random.below(64),
      bytes: random.bytes(random.below(50)),
    }));
    const message = new Uint8Array(Buffer.concat(encodeLaneBlocks(blocks)));
    const decoded = decodeLaneBlocks(message);
    expect(decoded).toEqual(blocks);
    for (const { bytes } of decoded) expect(bytes.byteOffset % 8).toBe(0);
  });
});

test("every truncation is noticed, and lengths that lie", () => {
  const blocks = [
    { lane: 1, bytes: Buffer.from("abc") },
    { lane: 2, bytes: Buffer.from("defghijkl") },
  ];
  const message = new Uint8Array(Buffer.concat(encodeLaneBlocks(blocks)));
  for (let size = 0; size < message.length; size += 1) {
    expect(() => decodeLaneBlocks(message.subarray(0, size))).toThrow(CorruptionError);
  }
  for (const at of [0, 8, 16]) {
    const bytes = message.slice();
    bytes.fill(0xff, at, at + 4);
    expect(() => decodeLaneBlocks(bytes)).toThrow(CorruptionError);
  }
});

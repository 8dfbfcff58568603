import { forEachSeed } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { ChunkList } from "./chunk-list.ts";

test("chunks of any sizes come out as the bytes that went in", () => {
  forEachSeed(100, (random) => {
    const list = new ChunkList();
    const given = Array.from({ length: random.below(60) }, () =>
      random.bytes(random.below(random.pick([2, 100, 5_000, 70_000]))),
    );
    for (const chunk of given) list.push(chunk.slice());
    expect(Buffer.compare(Buffer.concat(list.take()), Buffer.concat(given))).toBe(0);
  });
});

test("a body in single bytes is kept in few pieces", () => {
  const list = new ChunkList();
  for (let i = 0; i < 200_000; i += 1) list.push(Uint8Array.of(i));
  expect(list.take().length).toBeLessThan(5);
});

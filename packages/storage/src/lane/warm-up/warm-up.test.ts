import { DEFAULT_TENANT } from "@tideline/model";
import { SeriesFrameDecoder } from "@tideline/wire";
import { expect, test } from "vitest";
import { HEAD_END_MS, madeUpSource, PART_END_MS } from "./made-up-source.ts";
import { warmUp } from "./warm-up.ts";

function stopAfter(count: number): () => boolean {
  let askedCount = 0;
  return () => {
    askedCount += 1;
    return askedCount > count;
  };
}

test("a warm-up answers its requests until its time is over", async () => {
  expect(await warmUp(60_000, stopAfter(60))).toBe(59);
  expect(await warmUp(0, () => false)).toBe(0);
});

test("a lane that is asked warms up no more", async () => {
  expect(await warmUp(60_000, () => true)).toBe(0);
});

test("each request of a warm-up has series: of the part, of the head, and of both", async () => {
  const source = await madeUpSource();
  const { signal } = new AbortController();
  for (const [startMs, endMs, blockCount] of [
    [PART_END_MS - 60_000, PART_END_MS, 1],
    [PART_END_MS + 60_000, HEAD_END_MS, 1],
    [PART_END_MS - 60_000, HEAD_END_MS, 2],
  ] as const) {
    const query = { tenant: DEFAULT_TENANT, filters: [], startMs, endMs, seriesCountMax: 0 };
    const decoder = new SeriesFrameDecoder();
    const keys = new Set<string>();
    let sum = 0;
    for await (const frame of source.searchFrames(query, signal)) {
      for (const { key, blocks } of decoder.decode(frame)) {
        keys.add(Buffer.from(key).toString("latin1"));
        sum += blocks.length;
      }
    }
    expect([keys.size, sum]).toEqual([160, 160 * blockCount]);
  }
});

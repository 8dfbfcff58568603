import { DEFAULT_TENANT, seriesCountOf, type LeavesOnBlocks } from "@tideline/model";
import { SeriesFrameDecoder } from "@tideline/wire";
import { expect, test } from "vitest";
import { HEAD_END_MS, madeUpSource, PART_END_MS } from "./made-up-source.ts";
import { warmUp } from "./warm-up.ts";

/** What the engine makes of them does not matter here. */
const leavesOnBlocks: LeavesOnBlocks = {
  open: () => ({
    rowsOf: (table) => ({
      stepCount: 1,
      values: new Float64Array(seriesCountOf(table)),
      presence: new Uint8Array(seriesCountOf(table)),
      sampleCount: 0,
      seriesSampleCountMax: 0,
    }),
  }),
};

function endingAfter(count: number): () => "idle" | "ending" {
  let askedCount = 0;
  return () => {
    askedCount += 1;
    return askedCount > count ? "ending" : "idle";
  };
}

test("a warm-up answers its requests until its time is over", async () => {
  expect(await warmUp(60_000, endingAfter(101))).toBe(50);
  expect(await warmUp(60_000, endingAfter(101), leavesOnBlocks)).toBe(50);
  expect(await warmUp(0, () => "idle")).toBe(0);
});

test("a lane that ends warms up no more", async () => {
  expect(await warmUp(60_000, () => "ending")).toBe(0);
});

test("a lane that is busy warms up afterwards", async () => {
  let busyCount = 3;
  const answered = warmUp(30, () => {
    busyCount -= 1;
    return busyCount >= 0 ? "busy" : "idle";
  });
  expect(await answered).toBeGreaterThan(0);
  expect(busyCount).toBeLessThan(0);
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

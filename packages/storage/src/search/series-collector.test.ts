import type { SeriesBlocks, TimestampBlock, ValueBlock } from "@tideline/model";
import { expect, test } from "vitest";
import { SeriesCollector } from "./series-collector.ts";
import type { SeriesTarget } from "./series-target.ts";

function timesAt(minMs: number): TimestampBlock {
  return { id: minMs, count: 1, minMs, maxMs: minMs, bytes: new Uint8Array(1) };
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString();
}

/** Takes one series, as text. */
function taken(collector: SeriesCollector): unknown[] {
  const found: unknown[] = [];
  collector.moveTo({
    beginSeries: (bytes, start, end) => found.push(textOf(bytes, start, end)),
    putBlock: ({ minMs }, bytes, start, end) => found.push([minMs, textOf(bytes, start, end)]),
  });
  return found;
}

/** As a source does, whose memory holds something else afterwards. */
function put(target: SeriesTarget, { key, blocks }: SeriesBlocks): void {
  const memory = new Uint8Array(100);
  memory.set(key, 7);
  target.beginSeries(memory, 7, 7 + key.length);
  for (const { timestamps, bytes } of blocks) {
    memory.set(bytes, 50);
    target.putBlock(timestamps, memory, 50, 50 + bytes.length);
  }
  memory.fill(0);
}

function block(minMs: number, text: string): ValueBlock {
  return { timestamps: timesAt(minMs), bytes: Buffer.from(text) };
}

test("blocks of several sources come out in order of time, each series for itself", () => {
  const collector = new SeriesCollector();
  const key = Buffer.from("key");
  put(collector, { key, blocks: [block(2, "b"), block(5, "eee")] });
  put(collector, { key, blocks: [] });
  put(collector, { key, blocks: [block(1, "a"), block(3, "cc")] });
  expect(taken(collector)).toEqual(["key", [1, "a"], [2, "b"], [3, "cc"], [5, "eee"]]);
  put(collector, { key: Buffer.from("other"), blocks: [block(1, "x"), block(2, "y")] });
  expect(taken(collector)).toEqual(["other", [1, "x"], [2, "y"]]);
});

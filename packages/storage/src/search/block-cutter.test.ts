import { decodeTimestamps, decodeValues, encodeTimestamps, encodeValues } from "@tideline/kernels";
import type { TimestampBlock, ValueBlock } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { BlockCutter, putWhole } from "./block-cutter.ts";
import type { SeriesTarget } from "./series-target.ts";

const COUNT = 1000;
const STEP_MS = 15_000;

/** Samples at 0, 15 s, … */
function timestampBlock(id: number): TimestampBlock {
  const timestampsMs = Float64Array.from({ length: COUNT }, (_, i) => i * STEP_MS);
  const maxMs = (COUNT - 1) * STEP_MS;
  return { id, count: COUNT, minMs: 0, maxMs, bytes: encodeTimestamps(timestampsMs) };
}

/** What comes of a block among other bytes; null where nothing does. */
function cut(cutter: BlockCutter, { timestamps, bytes }: ValueBlock): ValueBlock | null {
  const blocks: ValueBlock[] = [];
  const target: SeriesTarget = {
    beginSeries: () => undefined,
    putBlock(times, from, start, end) {
      blocks.push({ timestamps: times, bytes: from.slice(start, end) });
    },
  };
  const times = cutter.timesOf(timestamps);
  const place = { bytes: new Uint8Array(bytes.length + 9), start: 4, end: 4 + bytes.length };
  place.bytes.set(bytes, 4);
  if (times.isOutside) return null;
  if (times.part) cutter.putPart(times.whole, times.part, place, 0, target);
  else putWhole(times.whole, place, target);
  expect(blocks).toHaveLength(1);
  return blocks[0] as ValueBlock;
}

const NOISE = encodeValues(Float64Array.from({ length: COUNT }, (_, i) => Math.sqrt(i)));
const CONSTANT = encodeValues(new Float64Array(COUNT).fill(7));

function samplesOf({ timestamps, bytes }: ValueBlock) {
  const timestampsMs = new Float64Array(timestamps.count);
  const values = new Float64Array(timestamps.count);
  decodeTimestamps(timestamps.bytes, timestampsMs);
  decodeValues(bytes, values);
  return { timestampsMs: [...timestampsMs], values: [...values] };
}

describe("a block that reaches past the time range", () => {
  const cutter = new BlockCutter({ startMs: 30_000, endMs: 62_000, firstTimestampId: 100 });
  const timestamps = timestampBlock(5);

  test("is cut to the samples inside it", () => {
    const block = cut(cutter, { timestamps, bytes: NOISE });
    expect(samplesOf(block as ValueBlock)).toEqual({
      timestampsMs: [30_000, 45_000, 60_000],
      values: [Math.sqrt(2), Math.sqrt(3), Math.sqrt(4)],
    });
    expect(block?.timestamps).toMatchObject({ count: 3, minMs: 30_000, maxMs: 60_000 });
  });

  test("shares its times with others that are cut, and not with those that are whole", () => {
    const block = cut(cutter, { timestamps, bytes: NOISE });
    const constant = cut(cutter, { timestamps, bytes: CONSTANT });
    const whole = cut(cutter, { timestamps, bytes: new Uint8Array(20) });
    expect(constant?.timestamps).toBe(block?.timestamps);
    expect(whole?.timestamps.id).toBe(105);
    expect(block?.timestamps.id).not.toBe(105);
  });
});

test("a block inside the time range stays as it is", () => {
  const cutter = new BlockCutter({ startMs: 0, endMs: COUNT * STEP_MS, firstTimestampId: 100 });
  const timestamps = timestampBlock(5);
  const block = cut(cutter, { timestamps, bytes: NOISE });
  expect(block).toEqual({ timestamps: { ...timestamps, id: 105 }, bytes: NOISE });
});

test("a block goes out whole where what is wanted of it takes as many bytes", () => {
  const endMs = (COUNT - 10) * STEP_MS;
  const cutter = new BlockCutter({ startMs: 0, endMs, firstTimestampId: 0 });
  const bytes = encodeValues(Float64Array.from({ length: COUNT }, (_, i) => i % 50));
  expect(cut(cutter, { timestamps: timestampBlock(1), bytes })).toMatchObject({
    timestamps: { id: 1, count: COUNT },
    bytes,
  });
});

test("a block without a sample in the time range is left out", () => {
  const cutter = new BlockCutter({ startMs: 31_000, endMs: 44_000, firstTimestampId: 0 });
  expect(cut(cutter, { timestamps: timestampBlock(1), bytes: NOISE })).toBeNull();
});

test("a block that cannot be read is left to the reader", () => {
  const cutter = new BlockCutter({ startMs: 30_000, endMs: 62_000, firstTimestampId: 0 });
  const bytes = NOISE.subarray(0, 500);
  const timestamps = timestampBlock(1);
  expect(cut(cutter, { timestamps, bytes })).toMatchObject({ timestamps: { id: 1 }, bytes });
  const broken = { ...timestampBlock(2), bytes: new Uint8Array([9]) };
  expect(cut(cutter, { timestamps: broken, bytes: NOISE })).toMatchObject({
    timestamps: { id: 2 },
  });
});

test("a time range that ends before it starts holds nothing", () => {
  const cutter = new BlockCutter({ startMs: 62_000, endMs: 30_000, firstTimestampId: 0 });
  expect(cut(cutter, { timestamps: timestampBlock(5), bytes: NOISE })).toBeNull();
});

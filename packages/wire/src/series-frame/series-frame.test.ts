import { forEachSeed, type Random } from "@tideline/common/testing";
import { CorruptionError, type SeriesBlocks, type TimestampBlock } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { decodeEndFrame, SeriesFrameDecoder } from "./decode.ts";
import { frameKind } from "./frame-start.ts";
import { encodeEndFrame, SeriesFrameEncoder } from "./encode.ts";
import { decodeItemFrame, encodeItemFrames } from "./items.ts";

function timestampBlock(id: number, text = `times ${id}`): TimestampBlock {
  return { id, count: 10 + id, minMs: id * 1000, maxMs: id * 1000 + 999, bytes: Buffer.from(text) };
}

function framesOf(all: Iterable<SeriesBlocks>, frameSizeTarget?: number): Uint8Array[] {
  const encoder = new SeriesFrameEncoder(frameSizeTarget === undefined ? {} : { frameSizeTarget });
  const frames: Uint8Array[] = [];
  for (const series of all) {
    encoder.append(series);
    for (let frame = encoder.takeFull(); frame; frame = encoder.takeFull()) frames.push(frame);
  }
  const rest = encoder.takeRest();
  if (rest) frames.push(rest);
  return frames;
}

/** Series as plain data, put together by key; ids of timestamp blocks are left out. */
function plain(all: Iterable<SeriesBlocks>): Map<string, unknown[]> {
  const byKey = new Map<string, unknown[]>();
  for (const { key, blocks } of all) {
    const name = Buffer.from(key).toString("hex");
    const list = byKey.get(name) ?? [];
    byKey.set(name, list);
    for (const { timestamps, bytes } of blocks) {
      const { count, minMs, maxMs } = timestamps;
      const times = Buffer.from(timestamps.bytes).toString("hex");
      list.push({ count, minMs, maxMs, times, values: Buffer.from(bytes).toString("hex") });
    }
  }
  return byKey;
}

function randomSeries(random: Random): SeriesBlocks[] {
  const times = Array.from({ length: 1 + random.below(5) }, (_, id) => timestampBlock(id));
  return Array.from({ length: random.below(20) }, (_, i) => ({
    key: Buffer.from(`series ${i}`),
    blocks: Array.from({ length: 1 + random.below(6) }, () => ({
      timestamps: random.pick(times),
      bytes: random.bytes(random.below(60)),
    })),
  }));
}

function isWellFormedOrCorrupt(frame: Uint8Array): boolean {
  try {
    const blocks = [...new SeriesFrameDecoder().decode(frame)].flatMap((series) => series.blocks);
    return blocks.every(({ timestamps }) => timestamps.minMs <= timestamps.maxMs);
  } catch (error) {
    return error instanceof CorruptionError;
  }
}

describe("series frames", () => {
  test("bring back series over any number of frames", () => {
    forEachSeed(100, (random) => {
      const all = randomSeries(random);
      const decoder = new SeriesFrameDecoder();
      const frames = framesOf(all, 1 + random.below(600));
      const decoded = frames.flatMap((frame) => {
        const moved = new Uint8Array(frame.length + 3);
        moved.set(frame, 3);
        return [...decoder.decode(moved.subarray(3))];
      });
      expect(plain(decoded)).toEqual(plain(all));
    });
  });

  test("write a timestamp block once per frame, however many series share it", () => {
    const timestamps = timestampBlock(1, "x".repeat(1000));
    const all = Array.from({ length: 100 }, (_, i) => ({
      key: Buffer.from(`${i}`),
      blocks: [{ timestamps, bytes: Buffer.from("v") }],
    }));
    const frames = framesOf(all);
    expect(frames).toHaveLength(1);
    expect(frames[0]?.length).toBeLessThan(4000);
  });

  test("stay near the size asked for, even when one series is larger", () => {
    const series = {
      key: Buffer.from("large"),
      blocks: Array.from({ length: 100 }, (_, id) => ({
        timestamps: timestampBlock(id),
        bytes: new Uint8Array(500),
      })),
    };
    const frames = framesOf([series], 10_000);
    expect(frames.length).toBeGreaterThan(4);
    for (const frame of frames) expect(frame.length).toBeLessThan(11_000);
  });

  test("take a series block by block, from where its bytes lie; one without blocks is none", () => {
    const bytes = Buffer.from("..key.values.");
    const encoder = new SeriesFrameEncoder({ frameSizeTarget: 60 });
    const frames: Uint8Array[] = [];
    for (const blockCount of [2, 0, 1]) {
      encoder.beginSeries(bytes, 2, 5 + blockCount);
      for (let id = 0; id < blockCount; id += 1)
        encoder.putBlock(timestampBlock(id), bytes, 6, 8 + id);
      expect(encoder.endSeries()).toBe(blockCount > 0);
      for (let frame = encoder.takeFull(); frame; frame = encoder.takeFull()) frames.push(frame);
    }
    expect(encoder.takeRest()).toBeNull();
    const decoded = frames.flatMap((frame) => [...new SeriesFrameDecoder().decode(frame)]);
    const texts = decoded.map(({ key, blocks }) => [key, ...blocks.map((block) => block.bytes)]);
    expect(texts.map((series) => series.map((text) => Buffer.from(text).toString()))).toEqual([
      ["key.v", "va"],
      ["key.v", "val"],
      ["key.", "va"],
    ]);
  });

  test("give equal timestamps one id across frames and sources, and different ones another", () => {
    const decoder = new SeriesFrameDecoder();
    const fromOne = framesOf([
      {
        key: Buffer.from("a"),
        blocks: [{ timestamps: timestampBlock(7, "same"), bytes: Buffer.from("1") }],
      },
    ]);
    const fromOther = framesOf([
      {
        key: Buffer.from("b"),
        blocks: [
          { timestamps: { ...timestampBlock(7, "same"), id: 99 }, bytes: Buffer.from("2") },
          { timestamps: timestampBlock(7, "diff"), bytes: Buffer.from("3") },
        ],
      },
    ]);
    const [a, b] = [...fromOne, ...fromOther].flatMap((frame) => [...decoder.decode(frame)]);
    const ids = [a, b].flatMap((series) => series?.blocks.map(({ timestamps }) => timestamps.id));
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test("every truncation and every flipped bit gives a CorruptionError or well-formed series", () => {
    const frame = framesOf([
      {
        key: Buffer.from("k"),
        blocks: [
          { timestamps: timestampBlock(0), bytes: Buffer.from("abc") },
          { timestamps: timestampBlock(1), bytes: Buffer.from("") },
        ],
      },
    ])[0] as Uint8Array;
    for (let size = 0; size < frame.length; size += 1) {
      expect(() => new SeriesFrameDecoder().decode(frame.subarray(0, size))).toThrow(
        CorruptionError,
      );
    }
    for (let bit = 0; bit < frame.length * 8; bit += 1) {
      const bytes = frame.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(isWellFormedOrCorrupt(bytes)).toBe(true);
    }
  });
});

describe("an end frame", () => {
  test("brings back the coverage", () => {
    const coverage = {
      missing: [
        { where: "node-1", reason: "away" },
        { where: "part", reason: "" },
      ],
    };
    const frame = encodeEndFrame(coverage);
    expect(frameKind(frame)).toBe("end");
    expect(decodeEndFrame(frame)).toEqual(coverage);
    for (let size = 0; size < frame.length; size += 1) {
      expect(() => decodeEndFrame(frame.subarray(0, size))).toThrow(CorruptionError);
    }
  });
});

describe("item frames", () => {
  test("bring back items over any number of frames", () => {
    forEachSeed(50, (random) => {
      const items = Array.from({ length: random.below(60) }, () => random.bytes(random.below(40)));
      const frames = [...encodeItemFrames(items, 1 + random.below(300))];
      expect(frames.flatMap(decodeItemFrame)).toEqual(items);
    });
  });

  test("a length that lies is noticed", () => {
    const [frame] = encodeItemFrames([Buffer.from("abc")]);
    expect(() => decodeItemFrame((frame as Uint8Array).subarray(0, 6))).toThrow(CorruptionError);
  });
});

import { forEachSeed } from "@tideline/common/testing";
import {
  COMPLETE,
  CorruptionError,
  seriesCountOf,
  type BatchRows,
  type BlockTable,
  type LeafOnBlocks,
  type SearchLeaf,
  type SeriesBatch,
  type SeriesBlocks,
} from "@tideline/model";
import { describe, expect, test } from "vitest";
import { ANY_QUERY, FakeFrameSource } from "../testing/fake-frame-source.ts";
import { SeriesFrameDecoder } from "./decode.ts";
import { SeriesFrameEncoder } from "./encode.ts";
import { frameKind } from "./frame-start.ts";
import { seriesSourceOf } from "./frame-source.ts";
import { encodeRowsFrame } from "./rows-frame.ts";

const NEVER = new AbortController().signal;
const FRAME_SIZE_TARGET = 64 * 1024;
const LEAF: SearchLeaf = {
  text: "x",
  grid: { startMs: 1, endMs: 1, stepMs: 1 },
  lookbackMs: 1,
  dedupIntervalMs: 0,
};

/** The row of a series is the sum of its blocks' bytes; absent where that is 0. */
const sums: LeafOnBlocks = {
  rowsOf(table) {
    const count = seriesCountOf(table);
    const values = Float64Array.from({ length: count }, (_, i) => sumOf(table, i));
    return {
      stepCount: 1,
      values,
      presence: Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)),
      sampleCount: count * 3,
      seriesSampleCountMax: 3,
    };
  },
};

function sumOf({ bytes, blocks, series }: BlockTable, number: number): number {
  const first = number === 0 ? 0 : (series[number * 2 - 1] as number);
  let sum = 0;
  for (let block = first; block < (series[number * 2 + 1] as number); block += 1) {
    const start = block === 0 ? 0 : (blocks[block * 2 - 1] as number);
    for (const byte of bytes.subarray(start, blocks[block * 2 + 1])) sum += byte;
  }
  return sum;
}

function seriesOf(number: number, sizes: readonly number[]): SeriesBlocks {
  const timestamps = { id: 1, count: 3, minMs: 1, maxMs: 3, bytes: Buffer.from("times") };
  return {
    key: Buffer.from(`series ${number} `.padEnd(60, "k")),
    blocks: sizes.map((size) => ({ timestamps, bytes: Buffer.alloc(size, number % 100) })),
  };
}

function framesOf(
  series: readonly SeriesBlocks[],
  leaf: LeafOnBlocks | null,
  offers: Parameters<SeriesFrameEncoder["begin"]>[0] = [],
): Uint8Array[] {
  const encoder = new SeriesFrameEncoder({ frameSizeTarget: FRAME_SIZE_TARGET });
  encoder.begin(offers, leaf);
  const frames: Uint8Array[] = [];
  for (const one of series) {
    encoder.append(one);
    for (let frame = encoder.takeFull(); frame; frame = encoder.takeFull()) frames.push(frame);
  }
  const rest = encoder.takeRest();
  return rest ? [...frames, rest] : frames;
}

/** Key and value of each row. */
function rowsOf(batch: SeriesBatch): string[] {
  const { values, presence } = batch.rows as BatchRows;
  return Array.from(batch, ({ key, blocks }, i) => {
    expect(blocks).toEqual([]);
    return `${Buffer.from(key).toString().trim()} ${presence[i] === 1 ? values[i] : "-"}`;
  });
}

function expectedRows(series: readonly SeriesBlocks[]): string[] {
  return series.map(({ key, blocks }) => {
    const sum = blocks.flatMap(({ bytes }) => [...bytes]).reduce((a, b) => a + b, 0);
    return `${Buffer.from(key).toString().trim()} ${sum === 0 ? "-" : sum}`;
  });
}

describe("an encoder with a leaf", () => {
  test("sends a row for each series, with several blocks or one, and no series twice", () => {
    const series = Array.from({ length: 900 }, (_, i) =>
      seriesOf(i, i % 7 === 0 ? [50, 90] : [168]),
    );
    const frames = framesOf(series, sums);
    expect(frames.length).toBeGreaterThan(1);
    expect(frames.map(frameKind)).toEqual(frames.map(() => "rows"));
    const decoder = new SeriesFrameDecoder();
    const batches = frames.map((frame) => decoder.decode(frame));
    expect(batches.flatMap(rowsOf)).toEqual(expectedRows(series));
    expect(batches.reduce((sum, { rows }) => sum + (rows?.sampleCount ?? 0), 0)).toBe(2700);
    const size = frames.reduce((sum, { length }) => sum + length, 0);
    expect(size).toBe(900 * (60 + 4 + 9) + 32 * frames.length);
  });

  test("names keys that are held", () => {
    const series = Array.from({ length: 500 }, (_, i) => seriesOf(i, [168]));
    const teacher = new SeriesFrameDecoder();
    for (const frame of framesOf(series, sums)) teacher.decode(frame);
    const { lists } = teacher.keys;
    expect(lists).toHaveLength(2);
    const frames = framesOf(series, sums, lists);
    expect(Math.max(...frames.map(({ length }) => length))).toBeLessThan(400 * 13 + 64);
    const decoder = new SeriesFrameDecoder(lists);
    expect(frames.flatMap((frame) => rowsOf(decoder.decode(frame)))).toEqual(expectedRows(series));
    expect(() => new SeriesFrameDecoder().decode(frames[0] as Uint8Array)).toThrow(/not offered/);
    const blocks = framesOf(series, null, lists).map((frame) => decoder.decode(frame));
    expect(blocks.flatMap((batch) => [...batch]).map(({ key }) => key)).toEqual(
      series.map(({ key }) => new Uint8Array(key)),
    );
  });

  test("sends blocks where there are no rows, and from a series on that is too long", () => {
    const series = Array.from({ length: 900 }, (_, i) => seriesOf(i, [168]));
    const refusing: LeafOnBlocks = { rowsOf: () => null };
    expect(framesOf(series, refusing)).toEqual(framesOf(series, null));
    const long = seriesOf(
      5077,
      Array.from({ length: 40 }, () => 30_000),
    );
    const all = [...series.slice(0, 500), long, ...series.slice(500)];
    const frames = framesOf(all, sums);
    expect([...new Set(frames.map(frameKind))]).toEqual(["rows", "series"]);
    const decoder = new SeriesFrameDecoder();
    const found = new Map<string, number>();
    for (const frame of frames) {
      const batch = decoder.decode(frame);
      const values = Array.from(batch, ({ blocks }, i) =>
        batch.rows
          ? (batch.rows.values[i] as number)
          : blocks.flatMap(({ bytes }) => [...bytes]).reduce((a, b) => a + b, 0),
      );
      for (const [i, { key }] of [...batch].entries()) {
        const name = Buffer.from(key).toString().trim();
        found.set(name, (found.get(name) ?? 0) + (values[i] as number));
      }
    }
    expect([...found].map(([name, sum]) => `${name} ${sum === 0 ? "-" : sum}`)).toEqual(
      expectedRows(all),
    );
  });

  test("ends a frame where a few bytes stand for many samples", () => {
    const timestamps = { id: 1, count: 8192, minMs: 1, maxMs: 8192, bytes: Buffer.from("times") };
    const series = Array.from({ length: 100 }, (_, i) => ({
      key: Buffer.from(`series ${i}`),
      blocks: [{ timestamps, bytes: Buffer.from("9 bytes !") }],
    }));
    const decoder = new SeriesFrameDecoder();
    const counts = (leaf: LeafOnBlocks | null) =>
      framesOf(series, leaf).map((frame) => decoder.decode(frame).length);
    expect(counts(sums)).toEqual([32, 32, 32, 4]);
    expect(counts(null)).toEqual([100]);
  });

  test("may have one whose series fit a frame several times its size", () => {
    const long = seriesOf(
      3,
      Array.from({ length: 10 }, () => 30_000),
    );
    const frames = framesOf([long, long], sums);
    expect(frames.map(frameKind)).toEqual(["rows", "rows"]);
  });
});

describe("a rows frame", () => {
  const keys = { bytes: Buffer.from("aabbb"), isName: false, ends: Uint32Array.of(2, 5) };
  const rows: BatchRows = {
    stepCount: 2,
    values: Float64Array.of(1, -0, Number.NaN, 5e-324),
    presence: Uint8Array.of(1, 0, 1, 1),
    sampleCount: 2 ** 40,
    seriesSampleCountMax: 2 ** 33,
  };

  test("comes back bit for bit, from any place in memory", () => {
    const frame = encodeRowsFrame(keys, rows);
    const moved = new Uint8Array(frame.length + 3);
    moved.set(frame, 3);
    const batch = new SeriesFrameDecoder().decode(moved.subarray(3));
    expect(batch.rows).toEqual({ ...rows, seriesSampleCountMax: 2 ** 32 - 1 });
    expect(Array.from(batch, ({ key }) => Buffer.from(key).toString())).toEqual(["aa", "bbb"]);
  });

  test("that is cut, or says what cannot be, is a CorruptionError", () => {
    const frame = encodeRowsFrame(keys, rows);
    for (let size = 0; size < frame.length; size += 1)
      expect(() => new SeriesFrameDecoder().decode(frame.subarray(0, size))).toThrow(
        CorruptionError,
      );
    for (const wrong of [
      { keys, rows: { ...rows, sampleCount: -1 } },
      { keys, rows: { ...rows, sampleCount: 0.5 } },
      { keys, rows: { ...rows, presence: Uint8Array.of(1, 2, 0, 0) } },
      { keys: { ...keys, ends: Uint32Array.of(3, 2) }, rows },
      { keys: { ...keys, ends: Uint32Array.of(2, 4) }, rows },
      { keys: { ...keys, isName: true }, rows },
    ]) {
      const bytes = encodeRowsFrame(wrong.keys, wrong.rows);
      expect(() => new SeriesFrameDecoder().decode(bytes)).toThrow(CorruptionError);
    }
    const noSteps = {
      ...rows,
      stepCount: 0,
      values: new Float64Array(0),
      presence: new Uint8Array(0),
    };
    expect(() => new SeriesFrameDecoder().decode(encodeRowsFrame(keys, noSteps))).toThrow(
      "without steps",
    );
  });

  test("with damaged bytes gives rows or a CorruptionError and nothing else", () => {
    const whole = encodeRowsFrame(keys, rows);
    forEachSeed(2000, (random) => {
      const bytes = whole.slice();
      for (let i = 0; i <= random.below(4); i += 1)
        bytes[random.below(bytes.length)] = random.u32();
      expect(isReadOrCorrupt(bytes)).toBe(true);
    });
  });

  test("that nobody asked for is refused", async () => {
    class Eager extends FakeFrameSource {
      override searchFrames(): ReturnType<FakeFrameSource["searchFrames"]> {
        return {
          coverage: () => COMPLETE,
          async *[Symbol.asyncIterator]() {
            yield await Promise.resolve(encodeRowsFrame(keys, rows));
          },
        };
      }
    }
    const source = seriesSourceOf(new Eager());
    const asked = source.search({ ...ANY_QUERY, leaf: LEAF }, NEVER)[Symbol.asyncIterator]();
    expect((await asked.next()).value).toHaveLength(2);
    const unasked = source.search(ANY_QUERY, NEVER)[Symbol.asyncIterator]();
    await expect(unasked.next()).rejects.toThrow("rows that nobody asked for");
  });
});

function isReadOrCorrupt(bytes: Uint8Array): boolean {
  try {
    return [...new SeriesFrameDecoder().decode(bytes)].length >= 0;
  } catch (error) {
    return error instanceof CorruptionError;
  }
}

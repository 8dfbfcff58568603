import { forEachSeed, seededRandom, type Random } from "@tideline/common/testing";
import { CorruptionError, ExecutionError, type LabelCount } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { seriesSourceOf } from "../series-frame/frame-source.ts";
import { ANY_QUERY, FakeFrameSource } from "../testing/fake-frame-source.ts";
import { CountFrameEncoder, decodeCountFrame } from "./codec.ts";
import { mergeCountFrames } from "./merge.ts";

const NAMES = ["", "__name__", "a", "ab", "ü"];
const VALUES = ["", "x", "xy", "y", "ä", "\u{1f600}", "\uff00"];

/** Some of all labels there are, in their order. */
function randomCounts(random: Random): LabelCount[] {
  const counts = NAMES.flatMap((name) =>
    VALUES.map((value) => ({ name, value, seriesCount: 1 + random.below(1000) })),
  );
  return inOrder(counts.filter(() => random.chance(0.5)));
}

function inOrder(counts: LabelCount[]): LabelCount[] {
  return counts.toSorted((a, b) => Buffer.compare(orderOf(a), orderOf(b)));
}

function orderOf({ name, value }: LabelCount): Buffer {
  return Buffer.from(`${name}\0${value}`);
}

function framesOf(counts: readonly LabelCount[], frameSize: number): Uint8Array[] {
  const encoder = new CountFrameEncoder(frameSize);
  const frames: Uint8Array[] = [];
  const take = (): void => {
    const frame = encoder.take();
    if (frame) frames.push(frame);
  };
  for (const { name, value, seriesCount } of counts) {
    encoder.append(Buffer.from(name), Buffer.from(value), seriesCount);
    if (encoder.isFull) take();
  }
  take();
  return frames;
}

async function* streamOf(frames: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const frame of frames) yield await Promise.resolve(frame);
}

async function* failingAfter(value: string): AsyncGenerator<Uint8Array> {
  yield* streamOf(framesOf([{ name: "a", value, seriesCount: 1 }], 1));
  throw new Error("node left");
}

async function decodeAll(frames: AsyncIterable<Uint8Array>): Promise<LabelCount[]> {
  const counts: LabelCount[] = [];
  for await (const frame of frames) counts.push(...decodeCountFrame(frame));
  return counts;
}

describe("count frames", () => {
  test("give back what was appended, however they are cut", () => {
    forEachSeed(20, (random) => {
      const counts = randomCounts(random);
      const frames = framesOf(counts, random.pick([1, 30, 1000]));
      expect(frames.flatMap((frame) => decodeCountFrame(frame))).toEqual(counts);
    });
  });

  test("that are cut off are noticed", () => {
    const [frame] = framesOf([{ name: "job", value: "api", seriesCount: 7 }], 100);
    for (let size = 5; size < (frame as Uint8Array).length; size += 1) {
      const cut = (frame as Uint8Array).slice(0, size);
      expect(() => decodeCountFrame(cut)).toThrow(CorruptionError);
    }
  });
});

describe("streams of counts", () => {
  test("become one, in which the counts of a label are added", async () => {
    const seeds: number[] = [];
    forEachSeed(50, (_, seed) => seeds.push(seed));
    for (const seed of seeds) {
      const random = seededRandom(seed);
      const streams = Array.from({ length: random.below(5) }, () => randomCounts(random));
      const sums = new Map<string, LabelCount>();
      for (const count of streams.flat()) {
        const place = `${count.name}\0${count.value}`;
        const seriesCount = count.seriesCount + (sums.get(place)?.seriesCount ?? 0);
        sums.set(place, { ...count, seriesCount });
      }
      const frames = streams.map((counts) => streamOf(framesOf(counts, random.pick([1, 20, 500]))));
      expect(await decodeAll(mergeCountFrames(frames))).toEqual(inOrder([...sums.values()]));
    }
  });

  test("fail with one of them, and leave the others", async () => {
    let isLeft = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (let i = 0; ; i += 1)
          yield* streamOf(framesOf([{ name: "a", value: `${i + 1e6}`, seriesCount: 1 }], 1));
      } finally {
        isLeft = true;
      }
    }
    const others = ["1000003", "b"].map((value) => failingAfter(value));
    await expect(decodeAll(mergeCountFrames([endless(), ...others]))).rejects.toThrow("node left");
    expect(isLeft).toBe(true);
  });
});

test("a reader takes as many series as it asks for, whoever has them", async () => {
  const counts = [{ name: "", value: "", seriesCount: 3 }];
  const source = seriesSourceOf(new FakeFrameSource({ counts }));
  const read = async (seriesCountMax: number): Promise<LabelCount[]> => {
    const found: LabelCount[] = [];
    const { signal } = new AbortController();
    for await (const batch of source.labelCounts({ ...ANY_QUERY, seriesCountMax }, signal))
      found.push(...batch);
    return found;
  };
  expect(await read(3)).toEqual(counts);
  await expect(read(2)).rejects.toThrow(ExecutionError);
});

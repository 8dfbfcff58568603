import { forEachSeed, seedList, seededRandom } from "@tideline/common/testing";
import {
  COMPLETE,
  CorruptionError,
  type SearchQuery,
  type SeriesBlocks,
  type SeriesSource,
} from "@tideline/model";
import { describe, expect, test } from "vitest";
import { ANY_QUERY, FakeFrameSource } from "../testing/fake-frame-source.ts";
import { SeriesFrameDecoder } from "./decode.ts";
import { SeriesFrameEncoder } from "./encode.ts";
import { seriesSourceOf } from "./frame-source.ts";
import { OFFERS_MAX, type FrameQuery } from "./key-list.ts";

const NEVER = new AbortController().signal;
const FRAME_SIZE_TARGET = 64 * 1024;

/** @param valueSize of its one block */
function seriesOf(number: number, valueSize: number, name = "series"): SeriesBlocks {
  const timestamps = { id: 1, count: 3, minMs: 1, maxMs: 3, bytes: Buffer.from("times") };
  return {
    key: Buffer.from(`${name} ${number} `.padEnd(100, "k")),
    blocks: [{ timestamps, bytes: Buffer.alloc(valueSize, number) }],
  };
}

function list(count: number, valueSize = 20, name = "series"): SeriesBlocks[] {
  return Array.from({ length: count }, (_, i) => seriesOf(i, valueSize, name));
}

/** Gives its series in frames as a lane does; what it sent is counted. */
class LaneLike extends FakeFrameSource {
  series: readonly SeriesBlocks[];
  sentSize = 0;
  sentCount = 0;

  constructor(series: readonly SeriesBlocks[]) {
    super();
    this.series = series;
  }

  override searchFrames(query: FrameQuery): ReturnType<FakeFrameSource["searchFrames"]> {
    this.queries.push(query);
    const encoder = new SeriesFrameEncoder({ frameSizeTarget: FRAME_SIZE_TARGET });
    encoder.begin(query.offers);
    const frames: Uint8Array[] = [];
    for (const series of this.series) {
      encoder.append(series);
      for (let frame = encoder.takeFull(); frame; frame = encoder.takeFull()) frames.push(frame);
    }
    frames.push(encoder.takeRest() ?? new Uint8Array(0));
    const sent = frames.filter(({ length }) => length > 0);
    this.sentSize = sent.reduce((size, { length }) => size + length, 0);
    this.sentCount = sent.length;
    return {
      coverage: () => COMPLETE,
      async *[Symbol.asyncIterator]() {
        yield* await Promise.resolve(sent);
      },
    };
  }
}

async function read(source: SeriesSource, query: SearchQuery = ANY_QUERY): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of source.search(query, NEVER)) {
    for (const { key, blocks } of batch) {
      const values = blocks.map(({ bytes }) => Buffer.from(bytes).toString("hex")).join();
      found.push(`${Buffer.from(key).toString()} ${values}`);
    }
  }
  return found;
}

describe("key lists", () => {
  test("keys that were sent once are named from then on", async () => {
    const lane = new LaneLike(list(300));
    const source = seriesSourceOf(lane);
    const first = await read(source);
    const firstSize = lane.sentSize;
    expect(await read(source)).toEqual(first);
    expect(lane.sentSize).toBe(firstSize - 300 * 100 + 32);
    expect(await read(source)).toEqual(first);
    expect(lane.queries.map(({ offers }) => offers?.length ?? 0)).toEqual([0, 1, 1]);
  });

  test("follow what changes: a series more, one less, another key", async () => {
    const lane = new LaneLike(list(300));
    const source = seriesSourceOf(lane);
    await read(source);
    const changes = [list(301), list(299), [...list(298), seriesOf(7, 5, "other")], list(300)];
    for (const series of changes) {
      lane.series = series;
      const whole = await read(seriesSourceOf(new LaneLike(series)));
      expect(await read(source)).toEqual(whole);
      expect(await read(source)).toEqual(whole);
      expect(lane.sentSize).toBeLessThan(300 * 100);
    }
  });

  test("are known by the question: filters, tenant and length of time, not the time itself", async () => {
    const lane = new LaneLike(list(300));
    const source = seriesSourceOf(lane);
    await read(source);
    const later = { startMs: ANY_QUERY.startMs + 15_000, endMs: ANY_QUERY.endMs + 15_000 };
    const asked: SearchQuery[] = [
      { ...ANY_QUERY, ...later },
      { ...ANY_QUERY, endMs: ANY_QUERY.endMs + 1 },
      { ...ANY_QUERY, filters: [[{ name: "job", operator: "=", value: "a" }]] },
      { ...ANY_QUERY, tenant: { accountId: 0, projectId: 1 } },
    ];
    for (const query of asked) await read(source, query);
    const offered = lane.queries.map(({ offers }) => offers?.length ?? 0);
    expect(offered).toEqual([0, 1, 0, 0, 0]);
  });

  test("frames end where the lists did, although values have grown", async () => {
    const lane = new LaneLike(list(2_000, 100));
    const source = seriesSourceOf(lane);
    await read(source);
    expect(lane.sentCount).toBeGreaterThan(3);
    for (const valueSize of [104, 96, 100]) {
      lane.series = list(2_000, valueSize);
      await read(source);
      expect(lane.sentSize).toBeLessThan(2_000 * (valueSize + 18));
    }
  });

  test("lists of a few keys, of too many and of too large answers are not kept", async () => {
    const few = new LaneLike(list(10));
    const large = new LaneLike(list(50_000));
    for (const lane of [few, large]) {
      const source = seriesSourceOf(lane);
      await read(source);
      await read(source);
      expect(lane.queries[1]?.offers).toBeUndefined();
    }
  });

  test("what is kept is bounded: the question asked longest ago is forgotten", async () => {
    const lane = new LaneLike(list(10_000));
    const source = seriesSourceOf(lane);
    const questions = Array.from({ length: 12 }, (_, i) => ({ ...ANY_QUERY, endMs: 1_000 + i }));
    for (const query of questions) await read(source, query);
    for (const query of [questions[11], questions[0]]) await read(source, query);
    const [newest, oldest] = lane.queries.slice(12);
    expect(newest?.offers?.length).toBeGreaterThan(0);
    expect(newest?.offers?.length).toBeLessThanOrEqual(OFFERS_MAX);
    expect(oldest?.offers).toBeUndefined();
  });

  test("random answers read the same with and without what is known", async () => {
    for (const seed of seedList(40)) {
      const random = seededRandom(seed);
      const lane = new LaneLike([]);
      const source = seriesSourceOf(lane);
      let series = list(200 + random.below(1_500), random.below(120));
      for (let round = 0; round < 5; round += 1) {
        if (random.below(2) === 0) series = series.filter(() => random.below(500) > 0);
        const size = random.below(120);
        lane.series = series.map(({ key, blocks }) => ({
          key,
          blocks: blocks.map((block) => ({ ...block, bytes: random.bytes(size) })),
        }));
        const whole = await read(seriesSourceOf(new LaneLike(lane.series)));
        expect(await read(source), `seed ${seed}`).toEqual(whole);
      }
    }
  });
});

function namedFrame(): { frame: Uint8Array; lists: SeriesFrameDecoder["keys"]["lists"] } {
  const teacher = new SeriesFrameDecoder();
  const encoder = new SeriesFrameEncoder();
  for (const series of list(200)) encoder.append(series);
  teacher.decode(encoder.takeRest() as Uint8Array);
  encoder.begin(teacher.keys.lists);
  for (const series of list(200)) encoder.append(series);
  return { frame: encoder.takeFull() as Uint8Array, lists: teacher.keys.lists };
}

/** Whether it can be read, or is refused as damaged. */
function isReadOrRefused(frame: Uint8Array, lists: SeriesFrameDecoder["keys"]["lists"]): boolean {
  try {
    return [...new SeriesFrameDecoder(lists).decode(frame)].every(
      ({ blocks }) => blocks.length >= 0,
    );
  } catch (error) {
    return error instanceof CorruptionError;
  }
}

describe("a frame that names its keys is refused", () => {
  test("where they were not offered", () => {
    const { frame, lists } = namedFrame();
    expect(new SeriesFrameDecoder(lists).decode(frame)).toHaveLength(200);
    expect(() => new SeriesFrameDecoder().decode(frame)).toThrow(/not offered/);
  });

  test("where the list has other series than the frame", () => {
    const { frame, lists } = namedFrame();
    const [first] = lists;
    if (!first) throw new Error("there is a list");
    const { bytes, ends } = first.section;
    const shorter = { ...first, section: { bytes, ends: ends.subarray(1) } };
    expect(() => new SeriesFrameDecoder([shorter]).decode(frame)).toThrow(CorruptionError);
    const shifted = { ...first, section: { bytes, ends: ends.map((end) => end - 1) } };
    expect(() => new SeriesFrameDecoder([shifted]).decode(frame)).toThrow(CorruptionError);
  });

  test("where its bytes are damaged, with a CorruptionError and nothing else", () => {
    const { frame, lists } = namedFrame();
    forEachSeed(300, (random) => {
      const damaged = frame.slice();
      damaged[random.below(32 + 200 * 8)] = random.u32();
      expect(isReadOrRefused(damaged, lists)).toBe(true);
    });
  });
});

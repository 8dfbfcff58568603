import { join } from "node:path";
import { FakeDisk, seededRandom } from "@tideline/common/testing";
import { OverloadError } from "@tideline/model";
import {
  encodeRowBlock,
  type FrameQuery,
  KeyedDefinitions,
  rowBlockAnswer,
  type RowBlockAnswer,
  SeriesFrameDecoder,
} from "@tideline/wire";
import { FakeSeriesTable, rowBatch } from "@tideline/wire/testing";
import { describe, expect, test } from "vitest";
import {
  addRow,
  DAY_MS,
  everything,
  keyNumber,
  LaneRig,
  readSamples,
  type Row,
  type Samples,
} from "./lane-fixtures.ts";
import type { Lane } from "./lane.ts";

function rows(rig: LaneRig, count: number, agoMs = 0): Row[] {
  const ms = rig.clock.nowMs() - agoMs;
  return Array.from({ length: count }, (_, i) => ({ key: keyNumber(i), ms, bits: BigInt(i) }));
}

async function expectRows(rig: LaneRig, ...written: readonly (readonly Row[])[]): Promise<void> {
  const samples: Samples = new Map();
  for (const row of written.flat()) addRow(samples, row);
  expect((await readSamples(rig.lane, everything())).samples).toEqual(samples);
}

/** Sends one block, beside the router. */
function send(rig: LaneRig, stream: number, block: Uint8Array): RowBlockAnswer {
  let answer = rowBlockAnswer("failed");
  rig.lane.append(stream, block, (given) => {
    answer = given;
  });
  rig.lane.commit();
  return answer;
}

interface BlockOptions {
  readonly dictionary?: number;
  /** Which series the block defines by identity alone; refs are series numbers. */
  readonly defined?: readonly number[];
  /** Which it defines with a key: the key of another series than the identity's, if given. */
  readonly keyed?: readonly { readonly ref: number; readonly key?: Uint8Array }[];
}

function blockOf(rig: LaneRig, refs: readonly number[], options: BlockOptions = {}): Uint8Array {
  const table = new FakeSeriesTable();
  for (let i = 0; i < 10; i += 1) table.refOf(keyNumber(i));
  const batch = rowBatch(
    table,
    refs.map((ref) => ({ ref, timeMs: rig.clock.nowMs() })),
  );
  const { dictionary = 1, defined = [], keyed = [] } = options;
  return encodeRowBlock({
    dictionary,
    batch,
    rows: Uint32Array.from(refs.keys()),
    rowsFrom: 0,
    rowsTo: refs.length,
    streamRefs: Uint32Array.from({ length: 10 }, (_, i) => i),
    definitions: Uint32Array.from(defined),
    definitionCount: defined.length,
    keyed: KeyedDefinitions.of(
      keyed.map(({ ref, key }) => ({ streamRef: ref, ref, key: key ?? keyNumber(ref) })),
    ),
  });
}

describe("stream refs", () => {
  test("a lane that lacks a series keeps nothing of the block and names its ref", async () => {
    const rig = await LaneRig.start();
    const keyed = [{ ref: 1 }];
    expect(send(rig, 7, blockOf(rig, [1], { keyed })).status).toBe("kept");
    const answer = send(rig, 7, blockOf(rig, [1, 2, 2, 3], { defined: [2] }));
    expect(answer.status).toBe("unknownRefs");
    expect([...answer.unknownRefs]).toEqual([2, 3]);
    expect(rig.lane.stats().rowsAdded).toBe(1);
  });

  test("a series that another stream told needs no key", async () => {
    const rig = await LaneRig.start();
    send(rig, 1, blockOf(rig, [4], { keyed: [{ ref: 4 }] }));
    expect(send(rig, 2, blockOf(rig, [4], { defined: [4] })).status).toBe("kept");
  });

  test("refs mean nothing on another stream, in another dictionary, and after closing", async () => {
    const rig = await LaneRig.start();
    send(rig, 1, blockOf(rig, [4], { keyed: [{ ref: 4 }] }));
    expect(send(rig, 2, blockOf(rig, [4])).status).toBe("unknownRefs");
    expect(send(rig, 1, blockOf(rig, [4], { dictionary: 2 })).status).toBe("unknownRefs");
    send(rig, 1, blockOf(rig, [4], { defined: [4], dictionary: 2 }));
    rig.lane.closeStream(1);
    expect(send(rig, 1, blockOf(rig, [4], { dictionary: 2 })).status).toBe("unknownRefs");
  });

  test("a flush carries refs over; one that was idle for a generation is asked for again", async () => {
    const rig = await LaneRig.start();
    send(rig, 1, blockOf(rig, [1, 2], { keyed: [{ ref: 1 }, { ref: 2 }] }));
    await rig.lane.flush();
    expect(send(rig, 1, blockOf(rig, [1])).status).toBe("kept");
    await rig.lane.flush();
    expect(send(rig, 1, blockOf(rig, [1])).status).toBe("kept");
    expect([...send(rig, 1, blockOf(rig, [2])).unknownRefs]).toEqual([2]);
    rig.kill();
    await rig.open();
    expect((await readSamples(rig.lane, everything())).samples.size).toBe(2);
  });

  test("an identity with another key than before is refused, its rows are counted", async () => {
    const rig = await LaneRig.start();
    send(rig, 1, blockOf(rig, [1], { keyed: [{ ref: 1 }] }));
    const keyed = [
      { ref: 1, key: keyNumber(5) },
      { ref: 2, key: Buffer.from("no key") },
      { ref: 3 },
    ];
    const answer = send(rig, 2, blockOf(rig, [1, 1, 2, 3], { keyed }));
    expect(answer.status).toBe("kept");
    expect(answer.ignoredByReason).toEqual({ identity_conflict: 2, bad_series_key: 1 });
    expect(rig.lane.stats().rowsIgnored).toEqual(answer.ignoredByReason);
  });

  test("a series of another lane is refused", async () => {
    const rig = await LaneRig.start({ laneCount: 2 });
    const refs = [0, 1, 2, 3, 4, 5, 6, 7];
    const answer = send(rig, 1, blockOf(rig, refs, { keyed: refs.map((ref) => ({ ref })) }));
    const refused = answer.ignoredByReason["wrong_lane"] ?? 0;
    expect(refused).toBeGreaterThan(0);
    expect(rig.lane.stats().rowsAdded).toBe(refs.length - refused);
  });

  test("bytes that are no block are refused", async () => {
    const rig = await LaneRig.start();
    expect(send(rig, 1, new Uint8Array(100)).status).toBe("failed");
  });
});

describe("group commit", () => {
  test("blocks that wait together share one write", async () => {
    const rig = await LaneRig.start();
    const answers: string[] = [];
    for (const ref of [1, 2, 3]) {
      rig.lane.append(ref, blockOf(rig, [ref], { keyed: [{ ref }] }), ({ status }) => {
        answers.push(status);
      });
    }
    expect(answers).toEqual([]);
    rig.lane.commit();
    expect(answers).toEqual(["kept", "kept", "kept"]);
    expect(rig.lane.stats().walCommits).toBe(1);
  });

  test("a write that fails keeps nothing of the group, and the next one goes well", async () => {
    const rig = await LaneRig.start();
    const first = rows(rig, 3);
    rig.disk.inject({ operation: "append", code: "ENOSPC", path: ".wal" });
    await expect(rig.write(first)).rejects.toThrow(OverloadError);
    await expectRows(rig);
    rig.clock.advance(1000);
    const second = rows(rig, 4);
    await rig.write(second);
    await expectRows(rig, second);
    rig.kill();
    await rig.open();
    await expectRows(rig, second);
  });

  test("after a failed sync the head is flushed, and a new log goes on", async () => {
    const rig = await LaneRig.start();
    const first = rows(rig, 3);
    await rig.write(first);
    rig.disk.inject({ operation: "sync", code: "EIO", path: ".wal" });
    await rig.lane.tick();
    await rig.lane.flush();
    expect(rig.lane.stats()).toMatchObject({ partCount: 1, walErrors: 1, readOnly: false });
    rig.clock.advance(1000);
    const second = rows(rig, 3);
    await rig.write(second);
    rig.kill();
    await rig.open();
    await expectRows(rig, first, second);
  });

  test("definitions whose sync failed are not relied on by the next run, whose syncs succeed", async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const rig = await LaneRig.start({ walSync: "always" });
      const first = rows(rig, 3);
      await rig.write(first);
      rig.disk.inject({ operation: "sync", code: "EIO", path: ".wal" });
      rig.disk.inject({ operation: "mkdir", code: "EIO", path: "g000001" });
      await expect(rig.write(rows(rig, 6))).rejects.toThrow(OverloadError);
      rig.kill();
      await rig.open();
      rig.clock.advance(1000);
      const later = rows(rig, 6);
      await rig.write(later);
      const disk = rig.disk.afterPowerCut(seededRandom(seed));
      rig.kill();
      const again = await LaneRig.start({}, disk, rig.clock);
      const { samples, missing } = await readSamples(again.lane, everything());
      expect(missing).toEqual([]);
      for (const { key, ms, bits } of [...first, ...later]) {
        expect(samples.get(Buffer.from(key).toString("latin1"))?.get(ms)).toBe(bits);
      }
    }
  });
});

describe("limits", () => {
  test("with too little free space on the disk writes are refused, reads are not", async () => {
    const rig = await LaneRig.start(
      { minFreeDiskSpaceSize: 100_000 },
      new FakeDisk({ capacitySize: 200_000 }),
    );
    const first = rows(rig, 3);
    await rig.write(first);
    rig.disk.capacitySize = 50_000;
    await rig.lane.tick();
    await expect(rig.write(rows(rig, 3))).rejects.toThrow(OverloadError);
    await expectRows(rig, first);
    rig.disk.capacitySize = 500_000;
    await rig.lane.tick();
    await rig.write(rows(rig, 3));
  });

  test("a head over its budget is flushed, and writes wait for that", async () => {
    const rig = await LaneRig.start({ headMemorySize: 3 * 2 ** 20 });
    const written: Row[] = [];
    for (let i = 0; i < 200; i += 1) {
      rig.clock.advance(1000);
      const batch = rows(rig, 400);
      while (!(await attempt(rig, batch))) await rig.lane.flush();
      written.push(...batch);
    }
    expect(rig.lane.stats().flushes).toBeGreaterThan(0);
    expect(rig.lane.stats().headMemorySize).toBeLessThan(4 * 2 ** 20);
    await expectRows(rig, written);
  });

  test("a head is flushed by its age and by the size of its log", async () => {
    const rig = await LaneRig.start({ flushWalSize: 20_000, flushIntervalMs: 60_000 });
    await rig.write(rows(rig, 3));
    rig.clock.advance(61_000);
    await rig.lane.tick();
    await expect.poll(() => rig.lane.stats().partCount, { timeout: 20_000 }).toBe(1);
    await rig.write(rows(rig, 600));
    await expect.poll(() => rig.lane.stats().partCount, { timeout: 20_000 }).toBe(2);
  });
});

async function attempt(rig: LaneRig, batch: readonly Row[]): Promise<boolean> {
  try {
    await rig.write(batch);
    return true;
  } catch (error) {
    if (!(error instanceof OverloadError)) throw error;
    return false;
  }
}

describe("a search beside other work", () => {
  test("goes on through flushes and writes, with all that was there when it began", async () => {
    const rig = await LaneRig.start();
    const written: Row[] = [];
    for (let i = 0; i < 40; i += 1) {
      rig.clock.advance(1000);
      const batch = rows(rig, 3000);
      await rig.write(batch);
      written.push(...batch);
      if (i === 20) await rig.lane.flush();
    }
    const search = rig.lane.searchFrames(everything(), new AbortController().signal);
    const frames = search[Symbol.asyncIterator]();
    const replayed = replayable(await frames.next(), frames, async () => {
      await rig.lane.flush();
      rig.clock.advance(1000);
      await rig.write(rows(rig, 10));
    });
    const { samples } = await readSamples(sourceOf(replayed), everything());
    const model: Samples = new Map();
    for (const row of written) addRow(model, row);
    const lost = [...model].filter(([key, series]) =>
      [...series].some(([ms, bits]) => samples.get(key)?.get(ms) !== bits),
    );
    expect(lost).toEqual([]);
  });

  test("by somebody who holds the keys of the last answer finds the same without them", async () => {
    const rig = await LaneRig.start();
    await rig.write(rows(rig, 5000));
    await rig.lane.flush();
    const first = new SeriesFrameDecoder();
    const frames = await framesOf(rig, everything());
    const expected = frames.flatMap((frame) => [...first.decode(frame)]);
    const named = await framesOf(rig, { ...everything(), offers: first.keys.lists });
    const again = new SeriesFrameDecoder(first.keys.lists);
    const found = named.flatMap((frame) => [...again.decode(frame)]);
    expect(found.map(({ key }) => key)).toEqual(expected.map(({ key }) => key));
    expect(found.map(({ blocks }) => blocks)).toEqual(expected.map(({ blocks }) => blocks));
    const keysSize = first.keys.lists.reduce((size, list) => size + list.keysSize, 0);
    expect(keysSize).toBeGreaterThan(50_000);
    expect(sizeOf(frames) - sizeOf(named)).toBe(keysSize - 32 * first.keys.lists.length);
  });

  test("that is left in the middle gives its parts back", async () => {
    const rig = await LaneRig.start({ retentionMs: DAY_MS });
    await rig.write(rows(rig, 5000));
    await rig.lane.flush();
    for await (const frame of rig.lane.searchFrames(everything(), new AbortController().signal)) {
      expect(frame.length).toBeGreaterThan(0);
      break;
    }
    rig.clock.advance(5 * DAY_MS);
    await rig.write(rows(rig, 3));
    await rig.lane.tick();
    expect(rig.lane.stats().partCount).toBe(0);
  });
});

async function framesOf(rig: LaneRig, query: FrameQuery): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const frame of rig.lane.searchFrames(query, new AbortController().signal))
    frames.push(frame);
  return frames;
}

function sizeOf(frames: readonly Uint8Array[]): number {
  return frames.reduce((size, { length }) => size + length, 0);
}

/** The frames of a search that has begun, with something happening between the first and the others. */
async function* replayable(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
  between: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  for (let next = first; next.done !== true; next = await rest.next()) {
    yield next.value;
    if (next === first) await between();
  }
}

/** A source whose one search gives these frames. */
function sourceOf(frames: AsyncIterable<Uint8Array>): Pick<Lane, "searchFrames"> {
  return {
    searchFrames: () => ({
      coverage: () => ({ missing: [] }),
      [Symbol.asyncIterator]: () => frames[Symbol.asyncIterator](),
    }),
  };
}

describe("retention", () => {
  test("parts whose samples are all too old are dropped", async () => {
    const rig = await LaneRig.start({ retentionMs: 10 * DAY_MS });
    await rig.write(rows(rig, 3));
    await rig.lane.flush();
    rig.clock.advance(9 * DAY_MS);
    const young = rows(rig, 3);
    await rig.write(young);
    await rig.lane.flush();
    rig.clock.advance(1.5 * DAY_MS);
    await rig.lane.tick();
    expect(rig.lane.stats()).toMatchObject({ partCount: 1, partsDropped: 1 });
    await expectRows(rig, young);
  });

  test("a clock that jumps ahead deletes nothing", async () => {
    const rig = await LaneRig.start({ retentionMs: 10 * DAY_MS });
    const written = rows(rig, 3);
    await rig.write(written);
    await rig.lane.flush();
    rig.clock.jumpTo(rig.clock.nowMs() + 1000 * DAY_MS);
    rig.clock.advance(60_000);
    await rig.lane.tick();
    expect(rig.lane.stats().partsDropped).toBe(0);
    await expectRows(rig, written);
  });
});

describe("damage", () => {
  test("a damaged part is set aside and named in every answer; the rest is found", async () => {
    const rig = await LaneRig.start({ pageCacheSize: 0 });
    await rig.write(rows(rig, 3));
    await rig.lane.flush();
    rig.clock.advance(1000);
    const later = rows(rig, 3);
    await rig.write(later);
    const path = join("/data/lane-00/parts", rig.disk.list("/data/lane-00/parts")[0] ?? "");
    const bytes = rig.disk.readFile(path);
    for (let i = 0; i < 100; i += 1) bytes[i] = (bytes[i] ?? 0) ^ 0xff;
    rig.kill();
    rig.disk.writeFile(path, bytes);
    await rig.open();
    const { missing } = await readSamples(rig.lane, everything());
    expect(missing.map(({ where }) => where).join()).toContain("g000000");
    await expectRows(rig, later);
    expect((await readSamples(rig.lane, everything())).missing.length).toBe(1);
    expect(rig.lane.stats().partsDamaged).toBe(1);
  });

  test("damage in the log costs what it touches and is not appended to", async () => {
    const rig = await LaneRig.start();
    const kept: Row[][] = [];
    for (let i = 0; i < 20; i += 1) {
      rig.clock.advance(1000);
      kept.push(rows(rig, 3));
      await rig.write(kept.at(-1) ?? []);
    }
    rig.kill();
    const path = "/data/lane-00/wal/g000000/00000001.wal";
    const bytes = rig.disk.readFile(path);
    // In the definitions of the first group.
    bytes[120] = (bytes[120] ?? 0) ^ 1;
    rig.disk.writeFile(path, bytes);
    await rig.open();
    const stats = rig.lane.stats();
    expect(stats.generation).toBe(1);
    rig.clock.advance(1000);
    const later = rows(rig, 3);
    await rig.write(later);
    const before = (await readSamples(rig.lane, everything())).samples;
    rig.kill();
    await rig.open();
    expect((await readSamples(rig.lane, everything())).samples).toEqual(before);
  });
});

test("a series whose rows were all refused is in no answer", async () => {
  const rig = await LaneRig.start();
  const [kept, refused] = rows(rig, 2) as [Row, Row];
  await rig.write([kept, { ...refused, ms: 0 }]);
  const signal = new AbortController().signal;
  const { items } = await rig.lane.labelValues("instance", everything(), 0, signal);
  expect(items).toEqual(["host-0"]);
  await expectRows(rig, [kept]);
});

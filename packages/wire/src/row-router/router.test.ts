import { forEachSeed, type Random } from "@tideline/common/testing";
import {
  type Label,
  OverloadError,
  seriesKey,
  DEFAULT_TENANT,
  wordsOf,
  identityOf,
} from "@tideline/model";
import { describe, expect, test } from "vitest";
import { FakeLane } from "../testing/fake-lane.ts";
import { FakeSeriesTable, rowBatch } from "../testing/fake-series-table.ts";
import { RowRouter, type RowTarget } from "./router.ts";

function keyOf(name: string): Uint8Array {
  const labels: Label[] = [{ name: "__name__", value: name }];
  return seriesKey(DEFAULT_TENANT, labels);
}

function chooseByFirstByte(count: number) {
  return (identities: Uint8Array, offset: number): number => (identities[offset] as number) % count;
}

/** A router over fake lanes, which take a stream as the gRPC server would. */
function setUp(laneCount: number): {
  lanes: FakeLane[];
  router: RowRouter;
  table: FakeSeriesTable;
} {
  const lanes = Array.from({ length: laneCount }, () => new FakeLane());
  const targets = lanes.map((lane, i): RowTarget => ({
    name: `lane-${i}`,
    send: (block) => lane.append(0, block),
  }));
  const router = new RowRouter({ targets, chooseTarget: chooseByFirstByte(laneCount) });
  return { lanes, router, table: new FakeSeriesTable() };
}

function randomBatch(table: FakeSeriesTable, random: Random, seriesCount: number) {
  const rows = Array.from({ length: random.below(80) }, () => ({
    ref: table.refOf(keyOf(`series ${random.below(seriesCount)}`)),
    timeMs: random.chance(0.5) ? 1000 : 1000 + random.below(1e6),
  }));
  const batch = rowBatch(table, rows);
  const words = wordsOf(batch.values);
  for (let i = 0; i < words.length; i += 1) words[i] = random.u32();
  return batch;
}

/** Rows of a batch as text, one per row, for comparison. */
function rowsOf(batch: ReturnType<typeof rowBatch>): string[] {
  const words = wordsOf(batch.values);
  return Array.from({ length: batch.rowCount }, (_, i) => {
    const key = Buffer.from(batch.series.keyOf(batch.refs[i] as number)).toString("hex");
    return `${key} ${batch.timestampsMs[i]} ${words[i * 2]} ${words[i * 2 + 1]}`;
  });
}

describe("the row router", () => {
  test("brings every row to its lane, bit for bit, whatever happens to streams, lanes and tables", async () => {
    const runs: Promise<void>[] = [];
    forEachSeed(Number(process.env["TIDELINE_SEEDS"] ?? 60), (random) => {
      runs.push(
        (async () => {
          const { lanes, router, table } = setUp(1 + random.below(4));
          const wanted = new Set<string>();
          for (let round = 0; round < 12; round += 1) {
            if (random.chance(0.15)) table.renew();
            if (random.chance(0.1)) router.reroute();
            if (random.chance(0.2)) {
              const index = random.below(lanes.length);
              lanes[index]?.forgetStreams();
              router.resetTarget(index);
            }
            if (random.chance(0.1)) random.pick(lanes).forgetSeries();
            const batches = Array.from({ length: 1 + random.below(3) }, () =>
              randomBatch(table, random, 40),
            );
            await Promise.all(batches.map((batch) => router.write(batch)));
            for (const row of batches.flatMap(rowsOf)) wanted.add(row);
          }
          const kept = new Set(lanes.flatMap((lane) => lane.rows));
          expect([...wanted].filter((row) => !kept.has(row))).toEqual([]);
          for (const [index, lane] of lanes.entries()) {
            const strangers = lane
              .identities()
              .filter((id) => (id[0] as number) % lanes.length !== index);
            expect(strangers).toEqual([]);
          }
        })(),
      );
    });
    await Promise.all(runs);
  });

  test("sends a key once, an identity once per stream, and afterwards neither", async () => {
    const { lanes, router, table } = setUp(1);
    const lane = lanes[0] as FakeLane;
    const batch = rowBatch(table, [
      { ref: table.refOf(keyOf("a")), timeMs: 1 },
      { ref: table.refOf(keyOf("b")), timeMs: 1 },
      { ref: table.refOf(keyOf("a")), timeMs: 2 },
    ]);
    await router.write(batch);
    expect([lane.definitionCount, lane.keyedCount, lane.blockCount]).toEqual([2, 2, 2]);
    await router.write(batch);
    expect([lane.definitionCount, lane.keyedCount, lane.blockCount]).toEqual([2, 2, 3]);
    lane.forgetStreams();
    router.resetTarget(0);
    await router.write(batch);
    expect([lane.definitionCount, lane.keyedCount, lane.blockCount]).toEqual([4, 2, 4]);
  });

  test("sends keys at once while lanes ask for them, and looks now and then whether they still do", async () => {
    const { lanes, router, table } = setUp(1);
    const lane = lanes[0] as FakeLane;
    const writeNew = (round: number): Promise<unknown> =>
      router.write(rowBatch(table, [{ ref: table.refOf(keyOf(`new ${round}`)), timeMs: 1 }]));
    await writeNew(0);
    expect([lane.definitionCount, lane.keyedCount, lane.blockCount]).toEqual([1, 1, 2]);
    for (let round = 1; round <= 16; round += 1) await writeNew(round);
    expect([lane.definitionCount, lane.keyedCount, lane.blockCount]).toEqual([1, 17, 18]);
    await writeNew(17);
    expect([lane.definitionCount, lane.keyedCount, lane.blockCount]).toEqual([2, 18, 20]);
    // A new stream to a lane that knows the series.
    lane.forgetStreams();
    router.resetTarget(0);
    await writeNew(0);
    await writeNew(1);
    expect([lane.definitionCount, lane.keyedCount, lane.blockCount]).toEqual([4, 18, 22]);
  });

  test("a key that was lost on its way is sent again", async () => {
    const lane = new FakeLane();
    let isDown = false;
    const target: RowTarget = {
      name: "lane",
      send: (block) =>
        isDown ? Promise.reject(new OverloadError("TIDELINE_TEST", "down")) : lane.append(0, block),
    };
    const router = new RowRouter({ targets: [target], chooseTarget: () => 0 });
    const table = new FakeSeriesTable();
    await router.write(rowBatch(table, [{ ref: table.refOf(keyOf("a")), timeMs: 1 }]));
    const batch = rowBatch(table, [{ ref: table.refOf(keyOf("b")), timeMs: 1 }]);
    isDown = true;
    await expect(router.write(batch)).rejects.toThrow("down");
    isDown = false;
    await router.write(batch);
    expect([lane.keyedCount, lane.blockCount, lane.rows.length]).toEqual([2, 3, 2]);
  });

  test("cuts a large batch into several blocks, and keys into several as well", async () => {
    const { lanes, router, table } = setUp(1);
    const long = "x".repeat(4000);
    const refs = Array.from({ length: 625 }, (_, i) => table.refOf(keyOf(`${long} ${i}`)));
    const rows = Array.from({ length: 40_000 }, (_, i) => ({
      ref: refs[i >> 6] as number,
      timeMs: i,
    }));
    await router.write(rowBatch(table, rows));
    const lane = lanes[0] as FakeLane;
    expect(lane.rowCount).toBe(40_000);
    expect(lane.keyedCount).toBe(625);
    expect(lane.blockSizeMax).toBeLessThan(1.5 * 1024 * 1024);
  });

  test("adds up what the lanes ignored", async () => {
    const { lanes, router, table } = setUp(2);
    for (const lane of lanes) lane.ignored = { too_old: 2, too_new: 1 };
    const rows = Array.from({ length: 50 }, (_, i) => ({
      ref: table.refOf(keyOf(`${i}`)),
      timeMs: 1,
    }));
    expect(await router.write(rowBatch(table, rows))).toEqual({
      ignoredByReason: { too_old: 4, too_new: 2 },
    });
  });

  test.for([
    { status: "overloaded", words: "overloaded", code: "TIDELINE_NODE_BUSY" },
    { status: "readOnly", words: "read-only", code: "TIDELINE_NODE_READ_ONLY" },
    { status: "failed", words: "failed", code: "TIDELINE_NODE_FAILED" },
  ] as const)(
    "an answer `$status` rejects with the target's name, and the others are kept",
    async ({ status, words, code }) => {
      const { lanes, router, table } = setUp(2);
      (lanes[0] as FakeLane).refusal = { status, retryAfterMs: 700 };
      const rows = Array.from({ length: 50 }, (_, i) => ({
        ref: table.refOf(keyOf(`${i}`)),
        timeMs: 1,
      }));
      const batch = rowBatch(table, rows);
      const error: unknown = await router.write(batch).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(OverloadError);
      expect(error).toMatchObject({ code, retryAfterMs: 700, status: 503 });
      expect(String(error)).toMatch(new RegExp(`lane-0: .*${words}`));
      expect((lanes[1] as FakeLane).rowCount).toBeGreaterThan(0);
      (lanes[0] as FakeLane).refusal = null;
      await router.write(batch);
      expect(new Set(lanes.flatMap((lane) => lane.rows)).size).toBe(50);
    },
  );

  test("a send that throws rejects as an OverloadError once all targets have settled", async () => {
    const lane = new FakeLane();
    let laneSettled = false;
    const targets: RowTarget[] = [
      { name: "gone", send: () => Promise.reject(new Error("stream broke")) },
      {
        name: "here",
        send: async (block) => {
          await new Promise((resolve) => setImmediate(resolve));
          laneSettled = true;
          return lane.append(0, block);
        },
      },
    ];
    const router = new RowRouter({ targets, chooseTarget: chooseByFirstByte(2) });
    const table = new FakeSeriesTable();
    const rows = Array.from({ length: 20 }, (_, i) => ({
      ref: table.refOf(keyOf(`${i}`)),
      timeMs: 1,
    }));
    await expect(router.write(rowBatch(table, rows))).rejects.toThrow(/gone: stream broke/);
    expect(laneSettled).toBe(true);
  });

  test("a lane that never learns is given up after three tries", async () => {
    let sendCount = 0;
    const lane = new FakeLane();
    const target: RowTarget = {
      name: "forgetful",
      send: async (block) => {
        sendCount += 1;
        lane.forgetStreams();
        lane.forgetSeries();
        const answer = await lane.append(0, block);
        return { ...answer, status: "unknownRefs", unknownRefs: Uint32Array.of(0) };
      },
    };
    const router = new RowRouter({ targets: [target], chooseTarget: () => 0 });
    const table = new FakeSeriesTable();
    const batch = rowBatch(table, [{ ref: table.refOf(keyOf("a")), timeMs: 1 }]);
    await expect(router.write(batch)).rejects.toMatchObject({ code: "TIDELINE_NODE_FORGETS" });
    expect(sendCount).toBe(3);
  });

  test("a table whose epoch moves on while keys are wanted is answered with: try again", async () => {
    const table = new FakeSeriesTable();
    const lane = new FakeLane();
    const target: RowTarget = {
      name: "slow",
      send: async (block) => {
        const answer = await lane.append(0, block);
        table.renew();
        return answer;
      },
    };
    const router = new RowRouter({ targets: [target], chooseTarget: () => 0 });
    const batch = rowBatch(table, [{ ref: table.refOf(keyOf("a")), timeMs: 1 }]);
    await expect(router.write(batch)).rejects.toThrow(OverloadError);
    expect(lane.rowCount).toBe(0);
  });

  test("several tables share a stream without mixing up their refs", async () => {
    const { lanes, router, table } = setUp(1);
    const other = new FakeSeriesTable();
    await router.write(rowBatch(table, [{ ref: table.refOf(keyOf("a")), timeMs: 1 }]));
    await router.write(rowBatch(other, [{ ref: other.refOf(keyOf("b")), timeMs: 2 }]));
    await router.write(rowBatch(table, [{ ref: table.refOf(keyOf("a")), timeMs: 3 }]));
    const names = (lanes[0] as FakeLane).rows.map((row) => row.split(" ").slice(0, 2).join(" "));
    const [a, b] = [keyOf("a"), keyOf("b")].map((key) => Buffer.from(key).toString("hex"));
    expect(names).toEqual([`${a} 1`, `${b} 2`, `${a} 3`]);
    expect((lanes[0] as FakeLane).identities()).toEqual([
      identityOf(keyOf("a")),
      identityOf(keyOf("b")),
    ]);
  });
});

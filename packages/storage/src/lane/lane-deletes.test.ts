/** Deletes on one lane: what they take, what they leave, and what comes back (nothing). */
import { seededRandom } from "@tideline/common/testing";
import { InputError, OverloadError, type Matcher } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { writeDelete } from "../deletes/delete-log.ts";
import {
  addRow,
  everything,
  keyNumber,
  LaneRig,
  readSamples,
  TENANT,
  type Row,
  type Samples,
} from "./lane-fixtures.ts";

const { signal } = new AbortController();

function job(value: string): Matcher[] {
  return [{ name: "job", operator: "=", value }];
}

/** One sample of each of ten series, `agoMs` before now. Odd ones are of job odd. */
function rows(rig: LaneRig, agoMs: number, bits = 1n): Row[] {
  const ms = rig.clock.nowMs() - agoMs;
  return Array.from({ length: 10 }, (_, i) => ({ key: keyNumber(i), ms, bits }));
}

function modelOf(written: readonly Row[]): Samples {
  const samples: Samples = new Map();
  for (const row of written) addRow(samples, row);
  return samples;
}

async function found(rig: LaneRig): Promise<Samples> {
  const { samples, missing } = await readSamples(rig.lane, everything());
  expect(missing).toEqual([]);
  return samples;
}

function isEven(row: Row): boolean {
  return Buffer.from(row.key).includes("even");
}

/** Where the samples lie when they are deleted. */
const PLACES: readonly { where: string; settle: (rig: LaneRig) => Promise<void> }[] = [
  { where: "the head", settle: () => Promise.resolve() },
  { where: "a part", settle: (rig) => rig.lane.flush() },
  {
    where: "a replayed head",
    settle: (rig) => {
      rig.kill();
      return rig.open();
    },
  },
];

describe.for(PLACES)("from $where", ({ settle }) => {
  test("deleted series are in no answer, at once and after a restart", async () => {
    const rig = await LaneRig.start();
    const written = rows(rig, 1000);
    await rig.write(written);
    await settle(rig);
    await rig.delete({ filters: [job("odd")] });
    const left = modelOf(written.filter(isEven));
    const check = async (): Promise<void> => {
      expect(await found(rig)).toEqual(left);
      const query = everything();
      const values = await rig.lane.labelValues("job", query, 0, signal);
      expect(values.items).toEqual(["even"]);
      const keys = await rig.lane.seriesKeys(query, 0, signal);
      expect(keys.items).toHaveLength(5);
      const gone = await rig.lane.labelNames(everything([job("odd")]), 0, signal);
      expect(gone.items).toEqual([]);
    };
    await check();
    rig.kill();
    await rig.open();
    await check();
    await rig.lane.flush();
    await check();
  });

  test("what is written afterwards is there, also at the same time", async () => {
    const rig = await LaneRig.start();
    const now = rig.clock.nowMs();
    const at = (bits: bigint): Row[] => rows(rig, rig.clock.nowMs() - now, bits);
    await rig.write(at(7n));
    await settle(rig);
    await rig.delete({});
    expect(await found(rig)).toEqual(new Map());
    await rig.write(at(3n));
    expect(await found(rig)).toEqual(modelOf(at(3n)));
    rig.kill();
    await rig.open();
    expect(await found(rig)).toEqual(modelOf(at(3n)));
    await rig.lane.flush();
    await rig.delete({ filters: [job("odd")] });
    expect(await found(rig)).toEqual(modelOf(at(3n).filter(isEven)));
  });

  test("of a time range only the samples inside go, both ends included", async () => {
    const rig = await LaneRig.start();
    const written = [...rows(rig, 50_000), ...rows(rig, 40_000), ...rows(rig, 30_000)];
    written.push(...rows(rig, 20_000), ...rows(rig, 10_000));
    const startMs = rig.clock.nowMs() - 40_000;
    await rig.write(written);
    await settle(rig);
    await rig.delete({ filters: [job("odd")], startMs, endMs: startMs + 20_000 });
    const isGone = (row: Row): boolean =>
      !isEven(row) && row.ms >= startMs && row.ms <= startMs + 20_000;
    expect(await found(rig)).toEqual(modelOf(written.filter((row) => !isGone(row))));
  });
});

test("deletes that take all of a time from a part leave its series in no list for that time", async () => {
  const rig = await LaneRig.start();
  const startMs = rig.clock.nowMs() - 40_000;
  await rig.write([50_000, 40_000, 30_000, 10_000].flatMap((agoMs) => rows(rig, agoMs)));
  await rig.lane.flush();
  await rig.delete({ filters: [job("odd")], startMs, endMs: startMs + 5000 });
  await rig.delete({ filters: [job("odd")], startMs: startMs + 5001, endMs: startMs + 20_000 });
  const query = { ...everything(), startMs, endMs: startMs + 20_000 };
  expect((await rig.lane.labelValues("job", query, 0, signal)).items).toEqual(["even"]);
  expect((await rig.lane.labelValues("job", everything(), 0, signal)).items).toHaveLength(2);
});

test("lists of labels and series are made without a look at samples", async () => {
  const rig = await LaneRig.start();
  await rig.write([...rows(rig, 20_000), ...rows(rig, 10_000)]);
  await rig.lane.flush();
  const startMs = rig.clock.nowMs() - 15_000;
  await rig.delete({ filters: [job("odd")], startMs });
  await rig.delete({ filters: [[{ name: "instance", operator: "=", value: "host-0" }]] });
  // Whoever reads a block now notices that it is damaged.
  rig.disk.flipBit("/data/lane-00/parts/g000000.part", 8 * 20);
  const query = everything();
  const answers = [
    await rig.lane.labelNames(query, 0, signal),
    await rig.lane.labelValues("instance", query, 0, signal),
    await rig.lane.seriesKeys({ ...query, startMs }, 0, signal),
  ];
  expect(answers.map(({ items }) => items.length)).toEqual([3, 9, 4]);
  for (const { coverage } of answers) expect(coverage.missing).toEqual([]);
  expect((await readSamples(rig.lane, query)).missing).toHaveLength(1);
});

test("a series that has lost all of its samples is in no list, whatever times are asked for", async () => {
  const rig = await LaneRig.start();
  const early = rows(rig, 50_000).filter(isEven);
  await rig.write([...early, ...rows(rig, 10_000).filter((row) => !isEven(row))]);
  await rig.lane.flush();
  const startMs = rig.clock.nowMs() - 20_000;
  await rig.delete({ startMs });
  const before = { ...everything(), endMs: startMs - 1 };
  expect((await rig.lane.labelValues("job", before, 0, signal)).items).toEqual(["even"]);
  expect((await rig.lane.seriesKeys(before, 0, signal)).items).toHaveLength(5);
});

test("another tenant's series of the same labels stay", async () => {
  const rig = await LaneRig.start();
  const written = rows(rig, 0);
  await rig.write(written);
  await rig.delete({ tenant: { ...TENANT, projectId: TENANT.projectId + 1 } });
  expect(await found(rig)).toEqual(modelOf(written));
});

test("long blocks are cut to what is left, bit for bit", async () => {
  const rig = await LaneRig.start();
  const key = keyNumber(1);
  const start = rig.clock.nowMs() - 10_000_000;
  const written = Array.from({ length: 9000 }, (_, i): Row => {
    return { key, ms: start + i * 1000, bits: BigInt(i % 7) + 0x4059000000000000n };
  });
  await rig.write(written);
  await rig.lane.flush();
  const gone = { startMs: start + 1_000_000, endMs: start + 1_000_999 };
  await rig.delete(gone);
  await rig.delete({ startMs: start + 8_190_000, endMs: start + 8_200_000 });
  const isLeft = ({ ms }: Row): boolean => {
    const i = (ms - start) / 1000;
    return i !== 1000 && !(i >= 8190 && i <= 8200);
  };
  expect(await found(rig)).toEqual(modelOf(written.filter(isLeft)));
});

test("a delete that a lane never heard of is applied at its start, and later rows come after it", async () => {
  const rig = await LaneRig.start();
  await rig.write(rows(rig, 0));
  const request = { ...everything([[]]) };
  await writeDelete(rig.disk, "/data", {
    number: 1,
    id: new Uint8Array(16),
    createdMs: 0,
    request,
  });
  rig.kill();
  await rig.open();
  expect(await found(rig)).toEqual(new Map());
  const again = rows(rig, 0, 5n);
  await rig.write(again);
  rig.kill();
  await rig.open();
  expect(await found(rig)).toEqual(modelOf(again));
});

test("where the delete cannot be written nothing is deleted, and its number is used up", async () => {
  const rig = await LaneRig.start();
  const written = rows(rig, 0);
  await rig.write(written);
  rig.disk.inject({ operation: "sync", code: "EIO" });
  await expect(rig.delete({})).rejects.toThrow(OverloadError);
  expect(await found(rig)).toEqual(modelOf(written));
  rig.kill();
  await rig.open();
  await rig.delete({ filters: [job("odd")] });
  expect(await found(rig)).toEqual(modelOf(written.filter(isEven)));
  expect(rig.disk.list("/data/deletes")).toEqual(["00000002"]);
});

test("a delete whose file a failing disk has kept takes nothing of what is written after it failed", async () => {
  const rig = await LaneRig.start();
  await rig.write(rows(rig, 5000));
  rig.disk.inject({ operation: "syncFolder", path: "deletes", code: "EIO" });
  rig.disk.inject({ operation: "unlink", path: "00000001", code: "EIO" });
  await expect(rig.delete({})).rejects.toThrow(OverloadError);
  expect(rig.disk.list("/data/deletes")).toEqual(["00000001"]);
  const later = rows(rig, 0);
  await rig.write(later);
  rig.kill();
  await rig.open();
  expect(await found(rig)).toEqual(modelOf(later));
});

test("where the log cannot take a delete, it holds, and rows wait until another one is there", async () => {
  const rig = await LaneRig.start();
  await rig.write(rows(rig, 5000));
  rig.disk.inject({ operation: "append", path: ".wal", code: "ENOSPC" });
  rig.disk.inject({ operation: "create", path: ".wal", code: "ENOSPC" });
  await rig.delete({});
  expect(await found(rig)).toEqual(new Map());
  const later = rows(rig, 0);
  await expect(rig.write(later)).rejects.toThrow(OverloadError);
  await rig.lane.tick();
  await rig.write(later);
  rig.kill();
  await rig.open();
  expect(await found(rig)).toEqual(modelOf(later));
});

test("small deletes make no parts, and stand in the log in order with the rows", async () => {
  const rig = await LaneRig.start();
  for (let i = 0; i < 40; i += 1) {
    await rig.write(rows(rig, i * 1000));
    await rig.delete({ filters: [job(i % 2 === 0 ? "odd" : "even")] });
  }
  // The last delete was of even ones; after the one before it odd ones came once more.
  const left = modelOf(rows(rig, 39_000).filter((row) => !isEven(row)));
  const check = async (): Promise<void> => {
    expect(await found(rig)).toEqual(left);
    expect(rig.disk.list("/data/lane-00/parts")).toEqual([]);
    expect(rig.disk.list("/data/lane-00/wal")).toEqual(["g000000"]);
  };
  await check();
  rig.kill();
  await rig.open();
  await check();
});

test("a delete that would hold up writes by what it rewrites freezes the head instead, and writes go on", async () => {
  const rig = await LaneRig.start();
  const nowMs = rig.clock.nowMs();
  const key = keyNumber(1);
  const many = Array.from({ length: 210_000 }, (_, i) => ({ key, ms: nowMs - i * 1000, bits: 1n }));
  await rig.write(many);
  const flushed = rig.lane.flush();
  await rig.write(many);
  const endMs = nowMs - 1_000_000;
  const deleted = rig.delete({ endMs });
  const late = rows(rig, 500);
  await rig.write(late);
  await Promise.all([flushed, deleted]);
  const later = [{ key, ms: endMs - 500, bits: 7n }];
  await rig.write(later);
  const left = modelOf([...many.slice(0, 1000), ...late, ...later]);
  expect(await found(rig)).toEqual(left);
  await rig.lane.flush();
  expect(rig.disk.list("/data/lane-00/parts")).toHaveLength(3);
  rig.kill();
  await rig.open();
  expect(await found(rig)).toEqual(left);
});

/** Rows, a delete of all, and rows on the same times. @returns what was acknowledged of it */
async function crashedDelete(rig: LaneRig, index: number): Promise<string[]> {
  const acknowledged: string[] = [];
  await rig.write(rows(rig, 0, 7n));
  await rig.lane.tick();
  rig.disk.crashAt(index, index * 7);
  try {
    await rig.delete({});
    acknowledged.push("delete");
    await rig.write(rows(rig, 0, 3n));
    acknowledged.push("rows");
    await rig.lane.tick();
    if (!rig.disk.isCrashed) acknowledged.push("synced rows");
  } catch (error) {
    if (!rig.disk.isCrashed) throw error;
  }
  return acknowledged;
}

test("a delete that a crash cuts short at any operation is done or not, and what came after it stays", async () => {
  const whole = await LaneRig.start();
  await crashedDelete(whole, Infinity);
  const { operationCount } = whole.disk;
  expect(operationCount).toBeGreaterThan(10);
  for (let index = 0; index < operationCount; index += 1) {
    for (const isPowerCut of [false, true]) {
      const crashed = await LaneRig.start();
      const acknowledged = await crashedDelete(crashed, index);
      const disk = isPowerCut ? crashed.disk.afterPowerCut(seededRandom(index)) : crashed.disk;
      crashed.kill();
      const rig = await LaneRig.start({}, disk, crashed.clock);
      const { samples } = await readSamples(rig.lane, everything());
      const values = [...samples.values()].flatMap((series) => [...series.values()]);
      const isDone = acknowledged.includes("delete");
      const isKept = acknowledged.includes(isPowerCut ? "synced rows" : "rows");
      const [oldCount, newCount] = [7n, 3n].map(
        (bits) => values.filter((value) => value === bits).length,
      );
      expect(oldCount).toBeLessThanOrEqual(isDone ? 0 : 10);
      expect(newCount).toBeGreaterThanOrEqual(isKept ? 10 : 0);
    }
  }
});

test("a delete that a crash has left without a sync of its folder lasts once a start has shown it", async () => {
  const crashed = await LaneRig.start();
  await crashed.write(rows(crashed, 0));
  await crashed.lane.tick();
  crashed.disk.inject({ operation: "syncFolder", path: "deletes", code: "EIO" });
  crashed.disk.inject({ operation: "unlink", path: "00000001", code: "EIO" });
  await expect(crashed.delete({})).rejects.toThrow(OverloadError);
  crashed.kill();
  await crashed.open();
  expect(await found(crashed)).toEqual(new Map());
  for (let seed = 1; seed <= 10; seed += 1) {
    const disk = crashed.disk.afterPowerCut(seededRandom(seed));
    expect(disk.list("/data/deletes")).toEqual(["00000001"]);
  }
});

test("many deletes, one after the other and at once, are numbered apart", async () => {
  const rig = await LaneRig.start();
  for (let i = 0; i < 3; i += 1) {
    await rig.write(rows(rig, i * 1000));
    await Promise.all([rig.delete({ filters: [job("odd")] }), rig.delete({ filters: [job("x")] })]);
  }
  expect(rig.disk.list("/data/deletes")).toHaveLength(6);
  expect((await found(rig)).size).toBe(5);
});

test("answers name a delete that cannot be read", async () => {
  const rig = await LaneRig.start();
  await rig.write(rows(rig, 0));
  await rig.delete({});
  rig.kill();
  const path = "/data/deletes/00000001";
  rig.disk.writeFile(path, rig.disk.readFile(path).subarray(0, 30));
  await rig.open();
  const { missing } = await readSamples(rig.lane, everything());
  expect(missing).toMatchObject([{ where: path }]);
});

test("a selector that is none deletes nothing", async () => {
  const rig = await LaneRig.start();
  const bad: Matcher[] = [{ name: "job", operator: "=~", value: "(" }];
  await expect(rig.deleter.deleteSeries(everything([bad]))).rejects.toThrow(InputError);
  expect(rig.lane.newestDelete).toBe(0);
});

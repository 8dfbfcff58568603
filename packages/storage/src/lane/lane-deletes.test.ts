/** Deletes on one lane: what they take, what they leave, and what comes back (nothing). */
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
    // Two deletes side by side take all of a time: then its series are in no list for it.
    await rig.delete({ filters: [job("odd")], startMs: startMs + 20_001, endMs: startMs + 30_000 });
    const query = { ...everything(), startMs, endMs: startMs + 30_000 };
    expect((await rig.lane.labelValues("job", query, 0, signal)).items).toEqual(["even"]);
    expect((await rig.lane.labelValues("job", everything(), 0, signal)).items).toHaveLength(2);
  });
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

test("where the head cannot be frozen nothing is deleted, and its number is used up", async () => {
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
});

test("writes go on while a delete waits for a flush", async () => {
  const rig = await LaneRig.start();
  await rig.write(rows(rig, 0));
  const flushed = rig.lane.flush();
  const deleted = rig.delete({});
  const late = rows(rig, 5000);
  await rig.write(late);
  await Promise.all([flushed, deleted]);
  const later = rows(rig, 9000);
  await rig.write(later);
  const samples = await found(rig);
  for (const [key, series] of modelOf(later))
    for (const ms of series.keys()) expect(samples.get(key)?.get(ms)).toBe(1n);
  expect(samples.get(Buffer.from(keyNumber(0)).toString("latin1"))?.size).toBeLessThan(3);
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

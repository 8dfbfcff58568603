import { forEachSeed, seededRandom } from "@tideline/common/testing";
import { ExecutionError, type LabelCount, type Matcher, type SearchQuery } from "@tideline/model";
import { countLabels } from "@tideline/model/testing";
import { seriesSourceOf } from "@tideline/wire";
import { expect, test } from "vitest";
import {
  DAY_MS,
  everything,
  keyNumber,
  LaneRig,
  randomRows,
  type Row,
} from "../lane/lane-fixtures.ts";

const { signal } = new AbortController();

async function countsOf(rig: LaneRig, query: SearchQuery): Promise<LabelCount[]> {
  const counts: LabelCount[] = [];
  for await (const batch of seriesSourceOf(rig.lane).labelCounts(query, signal))
    counts.push(...batch);
  return counts;
}

const FILTERS: readonly (readonly (readonly Matcher[])[])[] = [
  [],
  [[{ name: "job", operator: "=", value: "odd" }]],
  [
    [{ name: "__name__", operator: "=~", value: "metric_[01]" }],
    [{ name: "instance", operator: "!~", value: "host-1.*" }],
  ],
  [[{ name: "job", operator: "=", value: "none" }]],
];

test("a series that lies in head and parts, and lost times to deletes, counts once in each of its labels", async () => {
  const seeds: number[] = [];
  forEachSeed(20, (_, seed) => seeds.push(seed));
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const rig = await LaneRig.start();
    for (let round = 0; round < 6; round += 1) {
      await rig.write(randomRows(random, rig.clock.nowMs(), 30));
      if (random.chance(0.5)) await rig.lane.flush();
      if (random.chance(0.2)) await rig.delete({ filters: random.pick(FILTERS.slice(1)) });
      for (const filters of FILTERS) {
        const query = everything(filters);
        const { items } = await rig.lane.seriesKeys(query, 0, signal);
        expect({ seed, filters, counts: await countsOf(rig, query) }).toEqual({
          seed,
          filters,
          counts: countLabels(items),
        });
      }
    }
    expect(rig.faults).toEqual([]);
  }
});

test("more series than asked for are an ExecutionError, also where each source has fewer", async () => {
  const rig = await LaneRig.start();
  const ms = rig.clock.nowMs();
  const random = seededRandom(1);
  await rig.write(randomRows(random, ms, 5));
  await rig.lane.flush();
  await rig.write(randomRows(random, ms, 40));
  const { items } = await rig.lane.seriesKeys(everything(), 0, signal);
  const query = { ...everything(), seriesCountMax: items.length };
  expect((await countsOf(rig, query))[0]?.seriesCount).toBe(items.length);
  const tooFew = { ...query, seriesCountMax: items.length - 1 };
  await expect(countsOf(rig, tooFew)).rejects.toThrow(ExecutionError);
});

test("labels of more series than asked for are an ExecutionError; without selectors nothing is looked at", async () => {
  const rig = await LaneRig.start();
  await rig.write(randomRows(seededRandom(2), rig.clock.nowMs(), 40));
  const any: Matcher[][] = [[{ name: "job", operator: "=~", value: "odd|even" }]];
  const few = { ...everything(any), seriesCountMax: 2 };
  await expect(rig.lane.labelNames(few, 0, signal)).rejects.toThrow(ExecutionError);
  await expect(rig.lane.labelValues("job", few, 0, signal)).rejects.toThrow(ExecutionError);
  const { items } = await rig.lane.labelValues("job", { ...few, filters: [] }, 0, signal);
  expect(items).toEqual(["even", "odd"]);
});

function row(i: number, ms: number): Row {
  return { key: keyNumber(i), ms, bits: 1n };
}

test("of a part that has more days than are asked for, series of other days do not count", async () => {
  const rig = await LaneRig.start();
  const nowMs = rig.clock.nowMs();
  await rig.write([row(1, nowMs - 2 * DAY_MS), row(2, nowMs - 2 * DAY_MS), row(2, nowMs)]);
  await rig.lane.flush();
  const countOf = async (startMs: number): Promise<number | undefined> =>
    (await countsOf(rig, { ...everything(), startMs }))[0]?.seriesCount;
  expect(await countOf(nowMs - 1000)).toBe(1);
  expect(await countOf(nowMs - 2 * DAY_MS)).toBe(2);
  await rig.write([row(1, nowMs)]);
  expect(await countOf(nowMs - 1000)).toBe(2);
});

import { DEFAULT_TENANT, seriesKey, type LabelCount } from "@tideline/model";
import { forEachSeed, seededRandom } from "@tideline/common/testing";
import { countLabels } from "@tideline/model/testing";
import { expect, test } from "vitest";
import { tsdbStatus } from "./tsdb-status.ts";

function key(labels: Readonly<Record<string, string>>): Uint8Array {
  return seriesKey(
    DEFAULT_TENANT,
    Object.entries(labels).map(([name, value]) => ({ name, value })),
  );
}

/** In batches that cut names in two. */
async function* countsOf(keys: readonly Uint8Array[]): AsyncGenerator<LabelCount[]> {
  const counts = await Promise.resolve(countLabels(keys));
  for (let start = 0; start < counts.length; start += 3) yield counts.slice(start, start + 3);
}

const KEYS = [
  key({ __name__: "up", job: "node", instance: "a" }),
  key({ __name__: "up", job: "node", instance: "b" }),
  key({ __name__: "up", job: "db", instance: "c" }),
  key({ __name__: "load", job: "node" }),
];

test("series are counted by name, label, value and focus, the greatest first, equal ones by name", async () => {
  expect(await tsdbStatus(countsOf(KEYS), { topCount: 3, focusLabel: "job" })).toEqual({
    totalSeries: 4,
    totalLabelValuePairs: 11,
    seriesCountByMetricName: [
      { name: "up", value: 3 },
      { name: "load", value: 1 },
    ],
    seriesCountByLabelName: [
      { name: "__name__", value: 4 },
      { name: "job", value: 4 },
      { name: "instance", value: 3 },
    ],
    seriesCountByFocusLabelValue: [
      { name: "node", value: 3 },
      { name: "db", value: 1 },
    ],
    seriesCountByLabelValuePair: [
      { name: "__name__=up", value: 3 },
      { name: "job=node", value: 3 },
      { name: "__name__=load", value: 1 },
    ],
    labelValueCountByLabelName: [
      { name: "instance", value: 3 },
      { name: "__name__", value: 2 },
      { name: "job", value: 2 },
    ],
  });
});

test("without series, and without a focus, the lists are empty", async () => {
  expect(await tsdbStatus(countsOf([]), { topCount: 10, focusLabel: "job" })).toMatchObject({
    totalSeries: 0,
    seriesCountByMetricName: [],
    seriesCountByFocusLabelValue: [],
  });
  const unfocused = await tsdbStatus(countsOf(KEYS), { topCount: 10, focusLabel: "" });
  expect(unfocused.seriesCountByFocusLabelValue).toEqual([]);
});

test("of many values the top ones are those that sorting all of them gives", async () => {
  const seeds: number[] = [];
  forEachSeed(5, (_, seed) => seeds.push(seed));
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const values = Array.from({ length: 6000 }, () => String(random.below(2000)));
    const keys = values.map((id) => key({ id }));
    const counts = new Map<string, number>();
    for (const id of values) counts.set(id, (counts.get(id) ?? 0) + 1);
    const sorted = [...counts].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    const { seriesCountByFocusLabelValue } = await tsdbStatus(countsOf(keys), {
      topCount: 7,
      focusLabel: "id",
    });
    expect(seriesCountByFocusLabelValue).toEqual(
      sorted.slice(0, 7).map(([name, value]) => ({ name, value })),
    );
  }
});

/** Queries as a whole: operators, aggregation, subqueries, names. */
import { fakeSeriesSource } from "@tideline/model/testing";
import { describe, expect, test } from "vitest";
import { ask, askFor, closeTo, rowsOf, type Rows } from "./testing/ask.ts";
import { data, minutes } from "./testing/sample-data.ts";

describe("range queries", () => {
  test.for<{ name: string; text: string; rows: Rows }>([
    {
      name: "a selector ends at a staleness marker and fills gaps by looking back",
      text: 'errors{job="b"}',
      rows: { 'errors{code="500", job="b"}': [100, 100, null, 400] },
    },
    {
      name: "a scalar is a row without labels",
      text: "time() * 2",
      rows: { "{}": [0, 120, 240, 360] },
    },
    {
      name: "aggregation by label",
      text: "sum by (job) (errors)",
      rows: { '{job="a"}': [11, 22, 33, 44], '{job="b"}': [100, 100, null, 400] },
    },
    {
      name: "aggregation without label",
      text: "max without (code) (errors)",
      rows: { '{job="a"}': [10, 20, 30, 40], '{job="b"}': [100, 100, null, 400] },
    },
    {
      name: "matching on a label with group_left",
      text: "errors / on (job) group_left requests",
      rows: {
        '{code="404", job="a"}': [0.1, 0.2, 0.3, 0.4],
        '{code="500", job="a"}': [0.01, 0.02, 0.03, 0.04],
        '{code="500", job="b"}': [0.1, 0.1, null, 0.4],
      },
    },
    {
      name: "a comparison filters, with the left value and name",
      text: "errors > on (job) group_left requests / 4",
      rows: {
        'errors{code="404", job="a"}': [null, null, 30, 40],
        'errors{code="500", job="b"}': [null, null, null, 400],
      },
    },
    {
      name: "a comparison with bool keeps all and drops the name",
      text: 'errors{job="a"} >= bool 3',
      rows: { '{code="404", job="a"}': [1, 1, 1, 1], '{code="500", job="a"}': [0, 0, 1, 1] },
    },
    {
      name: "a scalar to the left of a filter keeps the vector's value",
      text: '2 < errors{code="500",job="a"}',
      rows: { 'errors{code="500", job="a"}': [null, null, 3, 4] },
    },
    {
      name: "and, per step",
      text: 'requests and on (job) (errors{code="500"} > 2)',
      rows: {
        'requests{job="a"}': [null, null, 100, 100],
        'requests{job="b"}': [1000, 1000, null, 1000],
      },
    },
    {
      name: "unless, per step",
      text: 'requests unless on (job) (errors{code="500"} > 2)',
      rows: {
        'requests{job="a"}': [100, 100, null, null],
        'requests{job="b"}': [null, null, 1000, null],
      },
    },
    {
      name: "or fills the steps that the left side lacks",
      text: 'errors{job="b"} or on (job) requests',
      rows: {
        'errors{code="500", job="b"}': [100, 100, null, 400],
        'requests{job="a"}': [100, 100, 100, 100],
        'requests{job="b"}': [null, null, 1000, null],
      },
    },
    {
      name: "fill values stand where a side has no match",
      text: 'errors{code="500"} + on (job) fill_left (1) requests',
      rows: { '{job="a"}': [101, 102, 103, 104], '{job="b"}': [1100, 1100, 1001, 1400] },
    },
    {
      name: "group_left takes labels from the one side",
      text: 'errors{code="404"} * on (job) group_left (x) label_replace(requests, "x", "y", "", "")',
      rows: { '{code="404", job="a", x="y"}': [1000, 2000, 3000, 4000] },
    },
    {
      name: "a subquery's steps are multiples of its step",
      text: 'sum_over_time(errors{job="a",code="500"}[2m:1m])',
      rows: { '{code="500", job="a"}': [1, 3, 5, 7] },
    },
    {
      name: "a subquery looks at a fixed time under @",
      text: 'max_over_time(errors{job="a",code="500"}[2m:1m] @ 120)',
      rows: { '{code="500", job="a"}': [3, 3, 3, 3] },
    },
    {
      name: "an offset moves a subquery's windows",
      text: 'last_over_time(errors{job="a",code="500"}[1m:1m] offset 1m)',
      rows: { 'errors{code="500", job="a"}': [null, 1, 2, 3] },
    },
    {
      name: "@ end() is the end of the query, also in a subquery",
      text: 'sum_over_time(errors{job="a",code="500"}[2m:1m]) + on (job, code) max_over_time((errors @ end())[2m:1m])',
      rows: { '{code="500", job="a"}': [5, 7, 9, 11] },
    },
    {
      name: "what does not depend on time is repeated",
      text: 'sum(errors{job="a"} @ 60)',
      rows: { "{}": [22, 22, 22, 22] },
    },
    {
      name: "predict_linear of pinned samples still depends on time",
      text: 'predict_linear(errors{job="a",code="500"}[5m] @ 180, 60)',
      rows: { '{code="500", job="a"}': [2, 3, 4, 5] },
    },
    {
      name: "a parameter that changes from step to step",
      text: 'quantile_over_time(scalar(requests{job="a"} - 100) + time() / 180, errors{job="a",code="500"}[5m])',
      rows: { '{code="500", job="a"}': [1, 1 + 1 / 3, 2 + 1 / 3, 4] },
    },
    {
      name: "absent, with the labels that its selector pins",
      text: 'absent(errors{job="b", code=~"5.."})',
      rows: { '{job="b"}': [null, null, 1, null] },
    },
    {
      name: "absent_over_time of several names",
      text: 'absent_over_time({__name__=~"twin_.", x="1"}[1m])',
      rows: {},
    },
    {
      name: "absent_over_time of nothing",
      text: 'absent_over_time(nothing{x="1"}[1m])',
      rows: { '{x="1"}': [1, 1, 1, 1] },
    },
    {
      name: "count_values writes values as labels",
      text: 'count_values("v", requests)',
      rows: { '{v="100"}': [1, 1, 1, 1], '{v="1000"}': [1, 1, 1, 1] },
    },
    {
      name: "topk chooses at each step",
      text: "topk(1, errors)",
      rows: {
        'errors{code="404", job="a"}': [null, null, 30, null],
        'errors{code="500", job="b"}': [100, 100, null, 400],
      },
    },
    {
      name: "quantile with a parameter per step",
      text: 'quantile(time() / 180, errors{job="a"})',
      rows: { "{}": [1, 2 + 18 / 3, 3 + (27 * 2) / 3, 40] },
    },
    {
      name: "NaN and infinities are values",
      text: "special * 0",
      rows: { "{}": [NaN, NaN, NaN, 0] },
    },
    {
      name: "sums over infinities",
      text: "sum_over_time(special[1m])",
      rows: { "{}": [NaN, Infinity, -Infinity, 5] },
    },
    {
      name: "a clamp whose bounds are crossed is empty",
      text: 'clamp(requests{job="a"}, 2, 1)',
      rows: {},
    },
    {
      name: "timestamp of a selector is the sample's time",
      text: 'timestamp(errors{job="b"})',
      rows: { '{code="500", job="b"}': [0, 0, null, 180] },
    },
    {
      name: "timestamp knows no offset beside an @, as in Prometheus",
      text: 'timestamp(errors{job="a",code="500"} offset 1m @ 120)',
      rows: { '{code="500", job="a"}': [120, 120, 120, 120] },
    },
    {
      name: "timestamp of anything else is the step's time",
      text: 'timestamp(errors{job="b"} + 0)',
      rows: { '{code="500", job="b"}': [0, 60, null, 180] },
    },
    {
      name: "duration expressions know the step",
      text: 'sum_over_time(errors{job="a",code="500"}[step() * 2])',
      rows: { '{code="500", job="a"}': [1, 3, 5, 7] },
    },
    { name: "a selector without series", text: "nothing", rows: {} },
  ])("$name", async ({ text, rows }) => {
    const actual = await ask(text, data, minutes);
    expect(Object.keys(actual)).toEqual(Object.keys(rows));
    expect(actual).toEqual(closeTo(rows));
  });
});

describe("instant queries", () => {
  test.for<{ name: string; text: string; order: string[] }>([
    { name: "sort", text: "sort(errors @ 60)", order: ["2", "20", "100"] },
    { name: "sort_desc", text: "sort_desc(errors @ 60)", order: ["100", "20", "2"] },
    {
      name: "sort puts NaN last",
      text: "sort(errors @ 60 * (errors @ 60 != 2) or special @ 0)",
      order: ["400", "10000", "NaN"],
    },
    { name: "topk is sorted", text: "topk(2, errors @ 60)", order: ["100", "20"] },
    { name: "bottomk is sorted", text: "bottomk(2, errors @ 60)", order: ["2", "20"] },
    {
      name: "sort_by_label is natural",
      text: 'sort_by_label(label_replace(errors @ 60, "n", "$1", "code", "(.).*"), "code", "job")',
      order: ["20", "2", "100"],
    },
  ])("$name", async ({ text, order }) => {
    const rows = await ask(text, data, { at: 60_000 });
    expect(Object.values(rows).map(([value]) => String(value))).toEqual(order);
  });

  test("a range selector shows samples as they are stored, without staleness markers", async () => {
    const result = await askFor('errors{job="b"}[5m]', fakeSeriesSource(data), { at: 180_000 });
    expect(rowsOf(result)).toEqual({ 'errors{code="500", job="b"}': [100, 400] });
    expect(result.samplesRead).toBe(3);
    const matrix = result.data.type === "samples" ? result.data.samples : null;
    expect([...(matrix?.series[0]?.timestampsMs ?? [])]).toEqual([0, 180_000]);
  });

  test("a subquery shows a matrix over its own steps", async () => {
    const result = await askFor("(requests)[2m:30s]", fakeSeriesSource(data), { at: 120_000 });
    expect(result.data).toMatchObject({
      type: "matrix",
      grid: { startMs: 30_000, endMs: 120_000, stepMs: 30_000 },
    });
  });

  test("a scalar and a string", async () => {
    const source = fakeSeriesSource([]);
    expect((await askFor("1 + 1", source, { at: 5_000 })).data).toEqual({
      type: "scalar",
      timeMs: 5_000,
      value: Float64Array.of(2),
    });
    expect((await askFor('"text"', source, { at: 5_000 })).data).toEqual({
      type: "string",
      timeMs: 5_000,
      text: "text",
    });
  });
});

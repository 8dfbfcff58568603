/** Queries as a whole: operators, aggregation, subqueries, names, limits, cancelling. */
import { ParseError } from "@tideline/promql";
import { fakeSeriesSource } from "@tideline/model/testing";
import { describe, expect, test } from "vitest";
import { prepare } from "./query.ts";
import {
  ask,
  askFor,
  NO_LIMITS,
  closeTo,
  rowsOf,
  series,
  type Asked,
  type Rows,
} from "./testing/ask.ts";

const data = [
  series('errors{job="a",code="500"}', "1 2 3 4"),
  series('errors{job="a",code="404"}', "10 20 30 40"),
  series('errors{job="b",code="500"}', "100 _ stale 400"),
  series('requests{job="a"}', "100 100 100 100"),
  series('requests{job="b"}', "1000 1000 1000 1000"),
  series('twin_a{x="1"}', "1 1 1 1"),
  series('twin_b{x="1"}', "2 2 2 2"),
  series("special", "NaN Inf -Inf 5"),
];

/** Steps at minutes 0 to 3. */
const minutes: Asked = { grid: { startMs: 0, endMs: 180_000, stepMs: 60_000 } };

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

describe("failures in Prometheus' words", () => {
  test.for([
    {
      text: 'abs({__name__=~"twin_."})',
      message: "vector cannot contain metrics with the same labelset",
    },
    {
      text: 'rate({__name__=~"twin_."}[5m])',
      message: "vector cannot contain metrics with the same labelset",
    },
    {
      text: "requests + on () errors",
      message:
        'found duplicate series for the match group {} on the right hand-side of the operation: [errors{code="500", job="a"}, errors{code="404", job="a"}];many-to-many matching not allowed: matching labels must be unique on one side',
    },
    {
      text: 'errors{job="a"} + on (job) requests',
      message:
        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
    },
    {
      text: 'errors{job="a"} * on (job) group_left (code) requests',
      message: "multiple matches for labels: grouping labels must ensure unique matches",
    },
    { text: "topk(NaN, errors)", message: "Parameter value is NaN" },
    { text: "topk(1e30, errors)", message: "Scalar value 1e+30 overflows int64" },
    {
      text: 'label_replace(errors, "x", "", "y", "(")',
      message: "invalid regular expression in label_replace(): (",
    },
    {
      text: 'label_join(errors, "", "-", "job")',
      message: "invalid destination label name in label_join(): ",
    },
  ])("$text", async ({ text, message }) => {
    const asked = askFor(text, fakeSeriesSource(data), { at: 60_000 });
    await expect(asked).rejects.toMatchObject({ name: "ExecutionError", message });
  });

  test("a text that is no query fails with its place", () => {
    expect(() => prepare("sum(")).toThrow(ParseError);
    expect(() => prepare("rate(x)")).toThrow(/1:6: parse error/);
  });

  test("a range query of a range is refused", async () => {
    const asked = askFor("x[5m]", fakeSeriesSource([]), minutes);
    await expect(asked).rejects.toMatchObject({
      name: "InputError",
      message:
        'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    });
  });
});

describe("annotations", () => {
  test.for([
    {
      text: "rate(requests[5m])",
      infos: [
        'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "requests" (1:6)',
      ],
      warnings: [],
    },
    {
      text: "quantile(7, errors)",
      infos: [],
      warnings: ["PromQL warning: quantile value should be between 0 and 1, got 7 (1:10)"],
    },
    {
      text: "histogram_quantile(0.5,\n errors)",
      infos: [],
      warnings: [
        'PromQL warning: bucket label "le" is missing or has a malformed value of "" for metric name "errors" (2:2)',
      ],
    },
    {
      text: "sort(errors)",
      infos: [],
      warnings: [
        "PromQL warning: sort is ineffective for range queries since results are always ordered by labels (1:1)",
      ],
    },
  ])("$text", async ({ text, infos, warnings }) => {
    const result = await askFor(text, fakeSeriesSource(data), minutes);
    expect({ infos: result.infos, warnings: result.warnings }).toEqual({ infos, warnings });
  });
});

describe("delayed name removal", () => {
  test("rows that differ in name alone may meet again before the end", async () => {
    const text = 'label_replace(rate({__name__=~"twin_."}[5m]), "from", "$1", "__name__", "(.*)")';
    const rows = await ask(text, data, { at: 180_000, delayedNameRemoval: true });
    expect(Object.keys(rows)).toEqual(['{from="twin_a", x="1"}', '{from="twin_b", x="1"}']);
    await expect(ask(text, data, { at: 180_000 })).rejects.toThrow("same labelset");
  });
});

describe("budgets", () => {
  test.for([
    { name: "samples", text: "sum(errors) + sum(requests)", limits: { sampleCountMax: 10 } },
    { name: "series", text: "errors", limits: { seriesCountMax: 2 } },
    { name: "points", text: "1", limits: { pointsPerSeriesMax: 3 } },
    {
      name: "points of a subquery",
      text: "sum_over_time(vector(1)[5m:1s])",
      limits: { pointsPerSeriesMax: 100 },
    },
    { name: "memory", text: "errors + errors + errors", limits: { memorySizeMax: 800 } },
  ])("a query past its limit of $name fails", async ({ text, limits }) => {
    const asked = ask(text, data, { ...minutes, limits: { ...NO_LIMITS, ...limits } });
    await expect(asked).rejects.toMatchObject({ name: "ExecutionError" });
  });

  test("within its limits it does not", async () => {
    const limits = {
      seriesCountMax: 3,
      sampleCountMax: 30,
      pointsPerSeriesMax: 4,
      memorySizeMax: 100_000,
    };
    expect(await ask("sum(errors)", data, { ...minutes, limits })).toEqual({
      "{}": [111, 122, 33, 444],
    });
  });
});

describe("sources", () => {
  test("a leaf that stands twice is asked for once", async () => {
    let searchCount = 0;
    const source = fakeSeriesSource(data, { onSearch: () => (searchCount += 1) });
    await askFor("errors / ignoring () errors + ignoring () errors", source, minutes);
    expect(searchCount).toBe(1);
  });

  test("what is missing is told, once", async () => {
    const coverage = { missing: [{ where: "node-2", reason: "away" }] };
    const source = fakeSeriesSource(data, { coverage });
    const result = await askFor("errors + on (job) group_left requests", source, minutes);
    expect(result.coverage).toEqual(coverage);
  });

  test("counts of what was read", async () => {
    const result = await askFor("sum(errors) / sum(requests)", fakeSeriesSource(data), minutes);
    expect(result).toMatchObject({ seriesFetched: 5, samplesRead: 4 + 4 + 3 + 8 });
  });

  test("an aborted query stops with the signal's reason", async () => {
    const controller = new AbortController();
    const source = fakeSeriesSource(data, {
      onSearch: () => {
        controller.abort(new Error("client left"));
      },
    });
    const asked = askFor("errors", source, { ...minutes, signal: controller.signal });
    await expect(asked).rejects.toThrow("client left");
  });

  test("a source that fails fails the query, and the other leaves are stopped", async () => {
    let stopped = false;
    const failing = fakeSeriesSource(data);
    const source = {
      ...failing,
      search: (query: Parameters<typeof failing.search>[0], signal: AbortSignal) => {
        if (query.filters[0]?.some(({ value }) => value === "errors"))
          throw new Error("node went away");
        signal.addEventListener("abort", () => {
          stopped = true;
        });
        return failing.search(query, signal);
      },
    };
    await expect(askFor("errors + requests", source, minutes)).rejects.toThrow("node went away");
    expect(stopped).toBe(true);
  });
});

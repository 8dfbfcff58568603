/** Queries that fail, warn, meet their limits, or whose source does. */
import { ParseError } from "@tideline/promql";
import { fakeSeriesSource } from "@tideline/model/testing";
import { describe, expect, test } from "vitest";
import { prepare } from "./query.ts";
import { ask, askFor, NO_LIMITS } from "./testing/ask.ts";
import { data, minutes } from "./testing/sample-data.ts";

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
        'found duplicate series for the match group {} on the right hand-side of the operation: [{__name__="errors", code="500", job="a"}, {__name__="errors", code="404", job="a"}];many-to-many matching not allowed: matching labels must be unique on one side',
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
    {
      name: "samples",
      text: "sum(errors) + sum(requests)",
      limits: { sampleCountMax: 10 },
      says: "cannot select more than -search.maxSamplesPerQuery=10 samples; possible solutions: ",
    },
    {
      name: "samples of a series",
      text: "errors",
      limits: { samplesPerSeriesMax: 3 },
      says: "cannot process more than 3 samples per series; possible solutions: ",
    },
    {
      name: "series",
      text: "errors",
      limits: { seriesCountMax: 2 },
      says: "too many series",
    },
    {
      name: "series of the result",
      text: "errors",
      limits: { resultSeriesMax: 2 },
      says: "the response contains more than -search.maxResponseSeries=2 time series: 3 series",
    },
    {
      name: "points",
      text: "1",
      limits: { pointsPerSeriesMax: 3 },
      says: "exceeded maximum resolution of 3 points per timeseries: the query asks for 4",
    },
    {
      name: "points of a subquery",
      text: "sum_over_time(vector(1)[5m:1s])",
      limits: { subqueryPointsPerSeriesMax: 100 },
      says: "exceeded maximum resolution of 100 points per timeseries: the subquery asks for ",
    },
    {
      name: "memory",
      text: "errors + errors + errors",
      limits: { memorySizeMax: 800 },
      says: "not enough memory for processing the query, which wants ",
    },
  ])("a query past its limit of $name fails", async ({ text, limits, says }) => {
    const asked = ask(text, data, { ...minutes, limits: { ...NO_LIMITS, ...limits } });
    await expect(asked).rejects.toMatchObject({
      name: "ExecutionError",
      message: expect.stringContaining(says) as string,
    });
  });

  test("series are counted over all that a source gives, whatever it counts itself", async () => {
    const careless = fakeSeriesSource(data);
    const source = {
      ...careless,
      search: (query: Parameters<typeof careless.search>[0], signal: AbortSignal) =>
        careless.search({ ...query, seriesCountMax: 0 }, signal),
    };
    const limits = { ...NO_LIMITS, seriesCountMax: 2 };
    await expect(askFor("errors", source, { ...minutes, limits })).rejects.toThrow(
      "the number of matching timeseries exceeds 2; either narrow down the search or increase -search.maxUniqueTimeseries",
    );
  });

  test("within its limits it does not", async () => {
    const limits = {
      seriesCountMax: 3,
      sampleCountMax: 30,
      samplesPerSeriesMax: 4,
      resultSeriesMax: 1,
      pointsPerSeriesMax: 4,
      subqueryPointsPerSeriesMax: 0,
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

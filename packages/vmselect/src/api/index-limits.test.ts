import { expect, test } from "vitest";
import { jobDuration, jobLimits, type IndexLimits } from "./index-limits.ts";

const LIMITS: IndexLimits = {
  seriesCountMax: 500,
  seriesAnswerMax: 30,
  labelsSeriesMax: 400,
  labelNamesMax: 10,
  labelValuesMax: 20,
  statusSeriesMax: 600,
  statusTopMax: 100,
  labelsDurationMaxMs: 5_000,
  statusDurationMaxMs: 300_000,
};

test.for([
  { kind: "labelNames", asked: 0, limit: 10, name: "-search.maxTagKeys=10" },
  { kind: "labelNames", asked: 3, limit: 3, name: "limit" },
  { kind: "labelNames", asked: 11, limit: 10, name: "-search.maxTagKeys=10" },
  { kind: "labelValues", asked: 0, limit: 20, name: "-search.maxTagValues=20" },
  { kind: "series", asked: 7, limit: 7, name: "limit" },
  { kind: "tsdbStatus", asked: 0, limit: 10, name: "topN" },
  { kind: "tsdbStatus", asked: 1000, limit: 100, name: "topN" },
] as const)("$kind with limit=$asked lists at most $limit", ({ kind, asked, limit, name }) => {
  expect(jobLimits(kind, asked, LIMITS)).toMatchObject({ limit, limitName: name });
});

test("a flag of 0 leaves the limit to the request", () => {
  const limits = { ...LIMITS, labelNamesMax: 0 };
  expect(jobLimits("labelNames", 0, limits)).toMatchObject({ limit: 0, limitName: "limit" });
});

test.for([
  { kind: "labelNames", asked: 0, max: 400, flag: "-search.maxLabelsAPISeries" },
  { kind: "labelValues", asked: 5, max: 400, flag: "-search.maxLabelsAPISeries" },
  { kind: "series", asked: 0, max: 30, flag: "-search.maxSeries" },
  { kind: "series", asked: 5, max: 500, flag: "-search.maxUniqueTimeseries" },
  { kind: "tsdbStatus", asked: 0, max: 600, flag: "-search.maxTSDBStatusSeries" },
] as const)(
  "$kind with limit=$asked looks at $max series at most",
  ({ kind, asked, max, flag }) => {
    expect(jobLimits(kind, asked, LIMITS)).toMatchObject({
      seriesCountMax: max,
      seriesCountFlag: flag,
    });
  },
);

test("labels and status have times of their own", () => {
  expect(jobDuration("series", LIMITS)).toEqual({
    maxMs: 5_000,
    flag: "-search.maxLabelsAPIDuration",
  });
  expect(jobDuration("tsdbStatus", LIMITS)).toEqual({
    maxMs: 300_000,
    flag: "-search.maxStatusRequestDuration",
  });
});

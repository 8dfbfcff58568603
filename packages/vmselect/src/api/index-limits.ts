/** What bounds questions to the index: each kind by flags of its own (reference 4.7). 0 = no limit, unless it says otherwise. */
import type { IndexJob } from "../query/jobs.ts";
import type { DurationLimit } from "../query/query-runner.ts";

export interface IndexLimits {
  /** -search.maxUniqueTimeseries */
  readonly seriesCountMax: number;
  /** -search.maxSeries */
  readonly seriesAnswerMax: number;
  /** -search.maxLabelsAPISeries */
  readonly labelsSeriesMax: number;
  /** -search.maxTagKeys */
  readonly labelNamesMax: number;
  /** -search.maxTagValues */
  readonly labelValuesMax: number;
  /** -search.maxTSDBStatusSeries */
  readonly statusSeriesMax: number;
  /** -search.maxTSDBStatusTopNSeries; not 0 */
  readonly statusTopMax: number;
  /** -search.maxLabelsAPIDuration, in ms; not 0 */
  readonly labelsDurationMaxMs: number;
  /** -search.maxStatusRequestDuration, in ms; not 0 */
  readonly statusDurationMaxMs: number;
}

/** Items of the lists of status/tsdb that are asked for without a word. */
const TOP_COUNT = 10;

type JobLimits = Pick<IndexJob, "limit" | "limitName" | "seriesCountMax" | "seriesCountFlag">;

/** @param asked what the request says by `limit` (or `topN`); 0 = nothing */
export function jobLimits(kind: IndexJob["kind"], asked: number, limits: IndexLimits): JobLimits {
  switch (kind) {
    case "labelNames":
      return {
        ...lesser(asked, limits.labelNamesMax, "-search.maxTagKeys"),
        seriesCountMax: limits.labelsSeriesMax,
        seriesCountFlag: "-search.maxLabelsAPISeries",
      };
    case "labelValues":
      return {
        ...lesser(asked, limits.labelValuesMax, "-search.maxTagValues"),
        seriesCountMax: limits.labelsSeriesMax,
        seriesCountFlag: "-search.maxLabelsAPISeries",
      };
    case "series": {
      const limit = { limit: asked, limitName: "limit" };
      const { seriesAnswerMax, seriesCountMax } = limits;
      // Who asks for few may ask it of many.
      return asked === 0 && seriesAnswerMax > 0
        ? { ...limit, seriesCountMax: seriesAnswerMax, seriesCountFlag: "-search.maxSeries" }
        : { ...limit, seriesCountMax, seriesCountFlag: "-search.maxUniqueTimeseries" };
    }
    case "tsdbStatus":
      return {
        limit: Math.min(asked || TOP_COUNT, limits.statusTopMax),
        limitName: "topN",
        seriesCountMax: limits.statusSeriesMax,
        seriesCountFlag: "-search.maxTSDBStatusSeries",
      };
  }
}

export function jobDuration(kind: IndexJob["kind"], limits: IndexLimits): DurationLimit {
  return kind === "tsdbStatus"
    ? { maxMs: limits.statusDurationMaxMs, flag: "-search.maxStatusRequestDuration" }
    : { maxMs: limits.labelsDurationMaxMs, flag: "-search.maxLabelsAPIDuration" };
}

function lesser(
  asked: number,
  max: number,
  flag: string,
): { readonly limit: number; readonly limitName: string } {
  if (max === 0 || (asked > 0 && asked <= max)) return { limit: asked, limitName: "limit" };
  return { limit: max, limitName: `${flag}=${max}` };
}

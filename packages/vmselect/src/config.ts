/** The flags of vmselect. docs/flags.md is made of this table. */
import {
  boolean,
  byteSize,
  commonFlags,
  durationMs,
  integer,
  list,
  secret,
} from "@tideline/service";

/** What bounds and shapes queries: vmsingle has these flags too. */
export const searchFlags = {
  "search.maxLookback": durationMs({
    default: "5m",
    help: "How far back a plain selector looks for the newest sample; max_lookback in a request overrides it",
  }),
  "dedup.minScrapeInterval": durationMs({
    default: "0",
    help: "Of each interval of this length, queries see only the newest sample of a series: for pairs of Prometheus that write the same series. Give vmstorage the same value: its merges then keep no others. 0 means all",
  }),
  "search.disableExperimentalPromQL": boolean({
    help: "Refuse what Prometheus has behind feature flags: experimental functions, duration expressions, anchored and smoothed, fill",
  }),
  "search.delayedNameRemoval": boolean({
    help: "Drop metric names at the end of a query, not at each function, as Prometheus does with --enable-feature=promql-delayed-name-removal",
  }),
  "search.workers": integer({
    default: 0,
    max: 256,
    help: "Worker threads that evaluate queries. 0 means one per CPU core",
  }),
  "search.maxConcurrentRequests": integer({
    default: 0,
    help: "Queries worked on at a time; others wait for -search.maxQueueDuration. 0 means two per CPU core",
  }),
  "search.maxQueueDuration": durationMs({
    default: "10s",
    help: "How long a query waits for its turn before it is answered with 429",
  }),
  "search.maxQueryDuration": durationMs({
    default: "30s",
    help: "Most time for a query; timeout in a request can only lower it",
  }),
  "search.maxQueryLen": byteSize({
    default: "16KiB",
    min: 1,
    help: "Longest query text; longer ones are answered with 400",
  }),
  "search.maxPointsPerTimeseries": integer({
    default: 30_000,
    min: 1,
    help: "Most points per series that a range query may ask for",
  }),
  "search.maxPointsSubqueryPerTimeseries": integer({
    default: 100_000,
    help: "Most points per series that a subquery may evaluate. 0 means no limit",
  }),
  "search.maxUniqueTimeseries": integer({
    default: 0,
    help: "Most series that a selector may match. 0 means as many as the allowed memory holds",
  }),
  "search.maxSamplesPerQuery": integer({
    default: 1_000_000_000,
    help: "Most samples that a query may read. 0 means no limit",
  }),
  "search.maxSamplesPerSeries": integer({
    default: 30_000_000,
    help: "Most samples of one series that a selector of a query may read. 0 means no limit",
  }),
  "search.maxSeriesPerAggrFunc": integer({
    default: 1_000_000,
    help: "Most series that one aggregation of a query may make. 0 means no limit",
  }),
  "search.maxResponseSeries": integer({
    default: 0,
    help: "Most series that the answer of a query may have. 0 means no limit",
  }),
  "search.logSlowQueryDuration": durationMs({
    default: "5s",
    help: "Queries that take longer are logged and counted in vm_slow_queries_total. 0 means none is",
  }),
  "search.maxMemoryPerQuery": byteSize({
    default: "0",
    help: "Most memory for the columns of one query. 0 means no limit of its own: all running queries share half of the allowed memory",
  }),
  "search.maxBufferedBytes": byteSize({
    default: "0",
    help: "Memory for large answers that their clients have not read yet; past it more of them are answered with 503. 0 means a quarter of the allowed memory",
  }),
  deleteAuthKey: secret({
    help: "/api/v1/admin/tsdb/delete_series wants ?authKey=… with this value, in place of basic auth",
  }),
  "search.maxDeleteDuration": durationMs({
    default: "5m",
    help: "How long a delete may take before it is answered with 503",
  }),
  "search.maxDeleteSeries": integer({
    default: 1_000_000,
    help: "Most series that one delete may match. 0 means no limit",
  }),
  "search.maxLabelsAPISeries": integer({
    default: 1_000_000,
    help: "Most series that match[] of /api/v1/labels and /api/v1/label/…/values may match. 0 means no limit",
  }),
  "search.maxLabelsAPIDuration": durationMs({
    default: "5s",
    help: "Most time for /api/v1/labels, /api/v1/label/…/values and /api/v1/series; timeout in a request can only lower it",
  }),
  "search.maxTagKeys": integer({
    default: 100_000,
    help: "Most label names that /api/v1/labels answers with; others are left out, and the answer warns. 0 means no limit",
  }),
  "search.maxTagValues": integer({
    default: 100_000,
    help: "Most values that /api/v1/label/…/values answers with; others are left out, and the answer warns. 0 means no limit",
  }),
  "search.maxTSDBStatusSeries": integer({
    default: 10_000_000,
    help: "Most series that /api/v1/status/tsdb counts. 0 means no limit",
  }),
  "search.maxTSDBStatusTopNSeries": integer({
    default: 1_000,
    min: 1,
    help: "Longest lists of /api/v1/status/tsdb; topN in a request can only lower it",
  }),
  "search.maxStatusRequestDuration": durationMs({
    default: "5m",
    help: "Most time for /api/v1/status/tsdb; timeout in a request can only lower it",
  }),
  "search.maxSeries": integer({
    default: 30_000,
    help: "Most series that /api/v1/series answers with. 0 means no limit",
  }),
};

export const flags = {
  ...commonFlags({ httpListenAddr: ":8481" }),
  ...searchFlags,
  storageNode: list({
    help: "Addresses of vmstorage nodes, host:port or name@host:port (port 8401 when it is left out)",
  }),
  "search.denyPartialResponse": boolean({
    help: "Answer 503 when a node is away, in place of a partial answer that says so",
  }),
};

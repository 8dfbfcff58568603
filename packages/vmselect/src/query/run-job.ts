/** One job from its texts to the JSON of its answer, over any source of data. Runs in a query worker. */
import {
  execute,
  writeResultJson,
  writeSeriesJson,
  type MemoryPool,
  type QueryOptions,
  type QueryResult,
} from "@tideline/engine";
import { type IndexAnswer, type SearchQuery, type SeriesSource } from "@tideline/model";
import { combine, extraFilterMatchers, matchFilters, refusalOf } from "./extra-filters.ts";
import type { IndexJob, Job, JobOutput, QueryJob } from "./jobs.ts";
import { prepareArgument } from "./prepare-argument.ts";
import { namingSeriesLimit } from "./series-limit.ts";
import { tsdbStatus } from "./tsdb-status.ts";

/**
 * @param memory what queries take their memory from; not given: their own limits are all
 * @throws {InputError | ExecutionError | OverloadError} as parser, engine and source do
 */
export async function runJob(
  job: Job,
  source: SeriesSource,
  signal: AbortSignal,
  memory?: MemoryPool,
): Promise<JobOutput> {
  try {
    return job.kind === "query"
      ? await runQuery(job, source, signal, memory)
      : await answerIndex(job, source, signal);
  } catch (error) {
    throw job.kind === "query"
      ? namingSeriesLimit(error, job.limits.seriesCountMax, "-search.maxUniqueTimeseries")
      : namingSeriesLimit(error, job.seriesCountMax, job.seriesCountFlag);
  }
}

async function answerIndex(
  job: IndexJob,
  source: SeriesSource,
  signal: AbortSignal,
): Promise<JobOutput> {
  switch (job.kind) {
    case "labelNames": {
      const answer = await source.labelNames(searchOf(job), oneMore(job.limit), signal);
      return jsonAnswer(job, answer, (items) => [bytesOf(JSON.stringify(items))]);
    }
    case "labelValues": {
      const search = searchOf(job);
      const answer = await source.labelValues(job.labelName, search, oneMore(job.limit), signal);
      return jsonAnswer(job, answer, (items) => [bytesOf(JSON.stringify(items))]);
    }
    case "series": {
      const answer = await source.seriesKeys(searchOf(job), oneMore(job.limit), signal);
      return jsonAnswer(job, answer, writeSeriesJson, keysSize);
    }
    case "tsdbStatus": {
      const counts = source.labelCounts(searchOf(job), signal);
      const options = { topCount: job.limit, focusLabel: job.labelName };
      const items = [await tsdbStatus(counts, options)];
      const whole = { limit: 0, limitName: "" };
      return jsonAnswer(whole, { items, coverage: counts.coverage() }, ([status]) => [
        bytesOf(JSON.stringify(status)),
      ]);
    }
  }
}

/** With one more than is wanted it shows whether there are more. */
function oneMore(limit: number): number {
  return limit === 0 ? 0 : limit + 1;
}

async function runQuery(
  job: QueryJob,
  source: SeriesSource,
  signal: AbortSignal,
  memory?: MemoryPool,
): Promise<JobOutput> {
  const prepared = prepareArgument(job.text, job.dialect);
  const options: QueryOptions = {
    tenant: job.tenant,
    grid: { startMs: job.startMs, endMs: job.endMs, stepMs: job.stepMs },
    isInstant: job.isInstant,
    lookbackMs: job.lookbackMs,
    dedupIntervalMs: job.dedupIntervalMs ?? 0,
    delayedNameRemoval: job.dialect.delayedNameRemoval,
    extraFilters: extraFilterMatchers(job.extraFilters),
    limits: job.limits,
  };
  const sources = memory ? { series: source, memory } : { series: source };
  const result = await execute(prepared, options, sources, signal).catch((cause: unknown) => {
    throw refusalOf("query", cause);
  });
  const cut = cutToLimit(result, job.limit);
  return {
    chunks: writeResultJson(cut),
    heldSize: dataSize(cut),
    coverage: result.coverage,
    warnings: cut === result ? result.warnings : [...result.warnings, cutBy("limit")],
    infos: result.infos,
    seriesFetchedCount: result.seriesFetched,
    samplesReadCount: result.samplesRead,
  };
}

/** Bytes of the samples of a result. */
function dataSize({ data }: QueryResult): number {
  if (data.type === "samples")
    return data.samples.series.reduce((sum, { values }) => sum + 2 * values.byteLength, 0);
  return "columns" in data ? data.columns.values.byteLength + data.columns.presence.byteLength : 0;
}

function keysSize(keys: readonly Uint8Array[]): number {
  return keys.reduce((sum, key) => sum + key.length, 0);
}

/** Of a vector or matrix the first `limit` series, as Prometheus' `limit` argument has it; 0 = all. */
function cutToLimit(result: QueryResult, limit: number): QueryResult {
  const { data } = result;
  if (limit === 0) return result;
  if (data.type === "samples") {
    const { series } = data.samples;
    if (series.length <= limit) return result;
    const samples = { ...data.samples, series: series.slice(0, limit) };
    return { ...result, data: { ...data, samples } };
  }
  if (!("columns" in data) || data.columns.labels.length <= limit) return result;
  const columns = { ...data.columns, labels: data.columns.labels.slice(0, limit) };
  return { ...result, data: { ...data, columns } };
}

function searchOf(job: IndexJob): SearchQuery {
  return {
    tenant: job.tenant,
    filters: combine(matchFilters(job.selectorTexts), extraFilterMatchers(job.extraFilters)),
    startMs: job.startMs,
    endMs: job.endMs,
    seriesCountMax: job.seriesCountMax,
  };
}

function jsonAnswer<Item>(
  { limit, limitName }: Pick<IndexJob, "limit" | "limitName">,
  { items, coverage }: IndexAnswer<Item>,
  write: (items: readonly Item[]) => Iterable<Uint8Array>,
  sizeOf: (items: readonly Item[]) => number = () => 0,
): JobOutput {
  const isCut = limit > 0 && items.length > limit;
  const shown = isCut ? items.slice(0, limit) : items;
  return {
    chunks: write(shown),
    heldSize: sizeOf(shown),
    coverage,
    warnings: isCut ? [cutBy(limitName)] : [],
    infos: [],
    seriesFetchedCount: 0,
    samplesReadCount: 0,
  };
}

function cutBy(limitName: string): string {
  return `results truncated due to ${limitName}`;
}

/** UTF-8 in an ArrayBuffer of its own, so that it can be handed to another thread. */
function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

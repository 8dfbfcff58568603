/** Asks the engine about series of arrays, for tests: data and results in a short notation. */
import {
  DEFAULT_TENANT,
  METRIC_NAME,
  STALE_HIGH_WORD,
  STALE_LOW_WORD,
  wordsOf,
  type Label,
  type SeriesSource,
  type StepGrid,
} from "@tideline/model";
import { fakeSeriesSource, type FakeSeries } from "@tideline/model/testing";
import { expect } from "vitest";
import { labelKeyText } from "../labels/label-key.ts";
import type { QueryLimits, QueryOptions, QueryResult } from "../query-types.ts";
import { execute, prepare } from "../query.ts";

export const NO_LIMITS: QueryLimits = {
  seriesCountMax: 0,
  sampleCountMax: 0,
  pointsPerSeriesMax: 0,
  subqueryPointsPerSeriesMax: 0,
  memorySizeMax: 0,
};

/**
 * A series from text: `name{label="value"}`, and values that stand `stepMs` apart from time 0 on, separated by spaces: a
 * number, NaN, Inf, -Inf, `_` for none, `stale` for a staleness marker.
 */
export function series(labels: string, values: string, stepMs = 60_000): FakeSeries {
  const times: number[] = [];
  const column = new Float64Array(values.split(" ").length);
  const words = wordsOf(column);
  values.split(" ").forEach((text, index) => {
    if (text === "_") return;
    const at = times.length;
    times.push(index * stepMs);
    if (text === "stale") {
      words[at * 2] = STALE_LOW_WORD;
      words[at * 2 + 1] = STALE_HIGH_WORD;
    } else column[at] = Number(text.replace("Inf", "Infinity"));
  });
  return {
    labels: labelsFrom(labels),
    timestampsMs: Float64Array.from(times),
    values: column.slice(0, times.length),
  };
}

function labelsFrom(text: string): Label[] {
  const [, name = "", inner = ""] = /^([^{]*)(?:\{(.*)\})?$/.exec(text) ?? [];
  const labels = [...inner.matchAll(/([^=,\s]+)="([^"]*)"/g)].map((match) => ({
    name: match[1] ?? "",
    value: match[2] ?? "",
  }));
  return name === "" ? labels : [{ name: METRIC_NAME, value: name }, ...labels];
}

/** `at` makes an instant query; else a range query over `grid`. Times in milliseconds. */
export interface Asked extends Partial<Omit<QueryOptions, "grid" | "isInstant">> {
  readonly at?: number;
  readonly grid?: StepGrid;
  readonly signal?: AbortSignal;
}

export function askFor(text: string, source: SeriesSource, asked: Asked): Promise<QueryResult> {
  const { at, grid, signal, ...options } = asked;
  const atMs = at ?? 0;
  return execute(
    prepare(text),
    {
      tenant: DEFAULT_TENANT,
      grid: grid ?? { startMs: atMs, endMs: atMs, stepMs: 1 },
      isInstant: grid === undefined,
      lookbackMs: 300_000,
      extraFilters: [],
      limits: NO_LIMITS,
      ...options,
    },
    { series: source },
    signal ?? new AbortController().signal,
  );
}

/** Labels of each row with its values over the steps; null where there is none. */
export type Rows = Record<string, (number | null)[]>;

/** Vectors and matrices as rows, a scalar as one row without labels. */
export function rowsOf({ data }: QueryResult): Rows {
  if (data.type === "scalar") return { "{}": [...data.value] };
  if (data.type === "string") return { [data.text]: [] };
  if (data.type === "samples") {
    const rows = data.samples.series.map((row) => [labelKeyText(row.labels), [...row.values]]);
    return Object.fromEntries(rows) as Rows;
  }
  const { labels, stepCount, values, presence } = data.columns;
  const rows: Rows = {};
  labels.forEach((key, row) => {
    rows[labelKeyText(key)] = Array.from({ length: stepCount }, (_, step) => {
      const at = row * stepCount + step;
      return presence[at] === 1 ? (values[at] as number) : null;
    });
  });
  return rows;
}

/** What to expect of rows whose values were added in another order: eight decimals are to be the same. */
export function closeTo(rows: Rows): Record<string, unknown[]> {
  const entries = Object.entries(rows).map(([labels, values]) => [
    labels,
    values.map((value) =>
      value === null || !Number.isFinite(value) ? value : (expect.closeTo(value, 8) as unknown),
    ),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown[]>;
}

/** Asks and gives rows. */
export async function ask(
  text: string,
  data: readonly FakeSeries[],
  asked: Asked = {},
): Promise<Rows> {
  return rowsOf(await askFor(text, fakeSeriesSource(data), asked));
}

/** The front door of the engine: text in, result out. */
import { ExecutionError, InputError } from "@tideline/model";
import {
  DEFAULT_PARSE_OPTIONS,
  parse,
  resolveDurations,
  typeOf,
  type ParseOptions,
} from "@tideline/promql";
import { Annotations } from "./annotations.ts";
import { Budget } from "./budget.ts";
import { settleNames, withoutBlankRows, type Columns } from "./columns/columns.ts";
import { Executor, type ExecutorTools } from "./execute/executor.ts";
import { LeafReader } from "./execute/leaf-reader.ts";
import { sortedByLabels } from "./execute/result-order.ts";
import type { Value } from "./functions/card.ts";
import { languageFacts } from "./functions/shelf.ts";
import { checkStepCount, stepCountOf } from "./grid.ts";
import { leafSourceWithin } from "./leaf/leaf-source.ts";
import { Pacer } from "./pacer.ts";
import type { QueryPlan } from "./plan/plan.ts";
import { planQuery } from "./plan/planner.ts";
import type {
  Prepared,
  QueryOptions,
  QueryResult,
  QuerySources,
  ResultData,
} from "./query-types.ts";

/** Step of subqueries that name none: Prometheus' default evaluation interval. */
const SUBQUERY_STEP_MS = 60_000;

/** Why what a query has started stops. One for all: an error made for each query costs more than its parsing. */
const OVER = new Error("the query is over");

/** Parses and checks a query. @throws {ParseError} (an InputError) with line and column */
export function prepare(text: string, options: ParseOptions = DEFAULT_PARSE_OPTIONS): Prepared {
  const expression = parse(text, languageFacts, options);
  return { text, expression, type: typeOf(expression, languageFacts) };
}

/**
 * Evaluates a query. Computes in stretches of some 20 ms, so that the event loop turns and `signal` can be aborted.
 *
 * @throws {InputError} a range query of something that is no vector or scalar; a bad duration expression
 * @throws {ExecutionError} the query fails while it runs, or passes a limit
 * @throws {OverloadError} {CorruptionError} from the sources; the signal's reason when it is aborted
 */
export async function execute(
  prepared: Prepared,
  options: QueryOptions,
  sources: QuerySources,
  signal: AbortSignal,
): Promise<QueryResult> {
  checkRangeType(prepared, options);
  checkStepCount(stepCountOf(options.grid), options.limits.pointsPerSeriesMax);
  const annotations = new Annotations(prepared.text);
  // One failing leaf stops the others.
  const stop = new AbortController();
  const budget = new Budget(options.limits, sources.memory);
  const pacer = new Pacer(AbortSignal.any([signal, stop.signal]));
  const source = sources.series;
  const leaves = sources.leaves ?? leafSourceWithin(source, options.limits, budget);
  const reader = new LeafReader({ options, source, leaves, budget, pacer });
  try {
    const data = await run(prepared, { options, reader, budget, pacer, annotations });
    checkResultSeries(data, options.limits.resultSeriesMax ?? 0);
    const { missing, seriesFetched, samplesRead } = reader.tally;
    return {
      data,
      coverage: { missing },
      warnings: annotations.warnings(),
      infos: annotations.infos(),
      seriesFetched,
      samplesRead,
    };
  } finally {
    stop.abort(OVER);
    budget.close();
  }
}

async function run(prepared: Prepared, tools: ExecutorTools): Promise<ResultData> {
  const { options } = tools;
  const { grid, isInstant } = options;
  const durations = { ...grid, stepMs: isInstant ? 0 : grid.stepMs };
  const expression = resolveDurations(prepared.expression, durations, prepared.text);
  const subqueryStepMs = options.subqueryStepMs ?? SUBQUERY_STEP_MS;
  const plan = planQuery(expression, { grid, subqueryStepMs });
  if (plan.kind === "value") {
    const value = await new Executor(tools).evaluate(plan.plan, grid);
    return valueData(value, options);
  }
  return rangeData(plan, tools);
}

/** What an instant query of a range selector or subquery shows. */
async function rangeData(
  plan: Exclude<QueryPlan, { kind: "value" }>,
  tools: ExecutorTools,
): Promise<ResultData> {
  const { grid } = tools.options;
  if (plan.kind === "subquery") {
    const { inner, columns } = await new Executor(tools).subquery(plan.subquery, grid);
    return { type: "matrix", grid: inner, columns: sortedByLabels(settleNames(columns)) };
  }
  return { type: "samples", samples: await tools.reader.samples(plan.selection, grid) };
}

function valueData(value: Value, { grid, isInstant }: QueryOptions): ResultData {
  const timeMs = grid.startMs;
  if (value.type === "string") return { type: "string", timeMs, text: value.text };
  if (value.type === "scalar") {
    if (isInstant) return { type: "scalar", timeMs, value: value.values };
    return { type: "matrix", grid, columns: scalarRow(value.values) };
  }
  const columns = withoutBlankRows(settleNames(value.columns));
  return isInstant
    ? { type: "vector", timeMs, columns }
    : { type: "matrix", grid, columns: sortedByLabels(columns) };
}

/** A scalar of a range query is a matrix of one row without labels. */
function scalarRow(values: Float64Array): Columns {
  const presence = new Uint8Array(values.length).fill(1);
  return { stepCount: values.length, labels: [""], dropsName: null, values, presence };
}

function checkResultSeries(data: ResultData, seriesMax: number): void {
  let seriesCount = 0;
  if (data.type === "samples") seriesCount = data.samples.series.length;
  else if ("columns" in data) seriesCount = data.columns.labels.length;
  if (seriesMax === 0 || seriesCount <= seriesMax) return;
  throw new ExecutionError(
    "TIDELINE_QUERY_RESULT_SERIES",
    `the response contains more than -search.maxResponseSeries=${seriesMax} time series: ${seriesCount} series; either increase -search.maxResponseSeries or change the query in order to return fewer series`,
  );
}

const TYPE_WORDS = {
  scalar: "scalar",
  vector: "instant vector",
  matrix: "range vector",
  string: "string",
} as const;

function checkRangeType({ type }: Prepared, { isInstant }: QueryOptions): void {
  if (isInstant || type === "scalar" || type === "vector") return;
  throw new InputError(
    "TIDELINE_QUERY_TYPE",
    `invalid expression type ${JSON.stringify(TYPE_WORDS[type])} for range query, must be Scalar or instant Vector`,
  );
}

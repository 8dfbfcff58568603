/**
 * Signatures of Prometheus' functions and aggregations, for the tests of this room: the engine has the real shelf.
 */
import type { ValueType } from "../ast.ts";
import type { AggregationFacts, FunctionFacts, LanguageFacts } from "../facts.ts";

type Row = readonly [names: string, types: string, returnType: ValueType, variadic?: number];

const LETTERS: Readonly<Record<string, ValueType>> = {
  s: "scalar",
  v: "vector",
  m: "matrix",
  t: "string",
};

const ROWS: readonly Row[] = [
  [
    "absent abs acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar",
    "v",
    "vector",
  ],
  [
    "absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate last_over_time mad_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time",
    "m",
    "vector",
  ],
  ["day_of_month day_of_week day_of_year days_in_month hour minute month year", "v", "vector", 1],
  ["clamp", "vss", "vector"],
  ["clamp_max clamp_min", "vs", "vector"],
  ["round", "vs", "vector", 1],
  ["predict_linear", "ms", "vector"],
  ["double_exponential_smoothing", "mss", "vector"],
  ["quantile_over_time", "sm", "vector"],
  ["histogram_quantile", "sv", "vector"],
  ["histogram_quantiles", "vtss", "vector", 9],
  ["histogram_fraction", "ssv", "vector"],
  ["label_join", "vttt", "vector", -1],
  ["label_replace", "vtttt", "vector"],
  ["sort_by_label sort_by_label_desc", "vt", "vector", -1],
  ["scalar", "v", "scalar"],
  ["vector", "s", "vector"],
  ["time pi start end step range", "", "scalar"],
  ["min_of max_of", "ss", "scalar"],
  ["info", "vv", "vector", 1],
  ["start_timestamp", "v", "vector"],
];

const FUNCTIONS: ReadonlyMap<string, FunctionFacts> = new Map(
  ROWS.flatMap(([names, types, returnType, variadic]) =>
    names.split(" ").map((name): [string, FunctionFacts] => [
      name,
      {
        argumentTypes: types.split("").map((letter) => LETTERS[letter] as ValueType),
        variadic: variadic ?? 0,
        returnType,
        experimental: name === "mad_over_time" || name === "info",
        ...(name === "info" ? { matchersArgumentIndex: 1 } : {}),
      },
    ]),
  ),
);

const AGGREGATIONS: ReadonlyMap<string, AggregationFacts> = new Map([
  ...["sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"].map(
    (name): [string, AggregationFacts] => [name, { parameterType: null }],
  ),
  ...["topk", "bottomk", "quantile"].map((name): [string, AggregationFacts] => [
    name,
    { parameterType: "scalar" },
  ]),
  ...["limitk", "limit_ratio"].map((name): [string, AggregationFacts] => [
    name,
    { parameterType: "scalar", experimental: true },
  ]),
  ["count_values", { parameterType: "string" }],
]);

export const prometheusFacts: LanguageFacts = {
  functionFacts: (name) => FUNCTIONS.get(name),
  aggregationFacts: (name) => AGGREGATIONS.get(name),
};

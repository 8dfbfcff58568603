/** Random well-typed PromQL over the data of engine-oracle.ts. */
import type { Random } from "@tideline/common/testing";

/** Times that @ may name. */
interface Bounds {
  readonly startMs: number;
  readonly endMs: number;
}

const GAUGES = ["temperature", "pressure", "limit"];
const RANGE_FUNCTIONS =
  "rate irate increase delta idelta deriv resets changes avg_over_time min_over_time max_over_time sum_over_time count_over_time stddev_over_time stdvar_over_time last_over_time present_over_time absent_over_time mad_over_time ts_of_min_over_time ts_of_max_over_time ts_of_last_over_time".split(
    " ",
  );
const VECTOR_FUNCTIONS =
  "abs ceil floor exp ln log2 log10 sqrt sgn round sin cos tanh atan deg rad timestamp absent minute hour day_of_week day_of_month day_of_year days_in_month month year".split(
    " ",
  );
const AGGREGATIONS = "sum avg min max count group stddev stdvar".split(" ");
const LABELS = ["job", "instance", "code"];
const DURATIONS = ["15s", "47s", "1m", "2m30s", "5m", "13m"];

export function randomQuery(random: Random, bounds: Bounds): string {
  if (random.chance(0.03)) return scalar(random, bounds, 2);
  return vector(random, bounds, 1 + random.below(4));
}

function selector(random: Random): string {
  if (random.chance(0.05)) return '{__name__=~"pressure|limit", job="api"}';
  const name = random.pick(["requests_total", ...GAUGES, ...GAUGES, "latency_bucket"]);
  const matchers = random.pick([
    "",
    "",
    "",
    '{job="api"}',
    '{instance=~"a|b"}',
    '{job!="api"}',
    '{instance!~"c.*"}',
    '{code="200"}',
    '{job="api",instance="a"}',
  ]);
  return name + matchers;
}

function modifiers(random: Random, { startMs, endMs }: Bounds): string {
  let text = "";
  if (random.chance(0.15)) text += ` offset ${random.pick(["1m", "-1m", "37s", "5m"])}`;
  if (random.chance(0.1)) {
    const time = (startMs + random.below(endMs - startMs)) / 1000;
    text += ` @ ${random.pick([String(time), "start()", "end()"])}`;
  }
  return text;
}

function range(random: Random, bounds: Bounds, depth: number): string {
  const duration = random.pick(DURATIONS);
  if (depth > 0 && random.chance(0.3)) {
    const step = random.pick(["", "15s", "1m", "41s"]);
    return `(${vector(random, bounds, depth - 1)})[${duration}:${step}]${modifiers(random, bounds)}`;
  }
  return `${selector(random)}[${duration}]${modifiers(random, bounds)}`;
}

function scalar(random: Random, bounds: Bounds, depth: number): string {
  if (depth === 0 || random.chance(0.6))
    return random.pick(["0", "1", "2.5", "-3", "0.5", "NaN", "Inf", "1e3", "time()", "pi()"]);
  if (random.chance(0.5)) return `scalar(${vector(random, bounds, depth - 1)})`;
  const operator = random.pick(["+", "-", "*", "/", "%", "^", "== bool", "> bool"]);
  return `(${scalar(random, bounds, depth - 1)} ${operator} ${scalar(random, bounds, depth - 1)})`;
}

function vector(random: Random, bounds: Bounds, depth: number): string {
  if (depth === 0) return selector(random) + modifiers(random, bounds);
  const inner = (): string => vector(random, bounds, depth - 1);
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
      return rangeCall(random, bounds, depth);
    case 3:
    case 4:
      return `${random.pick(AGGREGATIONS)}${grouping(random)} (${inner()})`;
    case 5:
      return parameterAggregation(random, inner());
    case 6:
      return `${random.pick(VECTOR_FUNCTIONS)}(${inner()})`;
    case 7:
      return random.pick([
        `clamp(${inner()}, -10, ${scalar(random, bounds, 1)})`,
        `clamp_min(${inner()}, ${scalar(random, bounds, 1)})`,
        `clamp_max(${inner()}, 3)`,
        `round(${inner()}, 0.25)`,
        `label_replace(${inner()}, "new", "$1-x", "instance", "(a|b).*")`,
        `label_join(${inner()}, "new", "-", "job", "instance")`,
        `label_replace(${inner()}, "job", "", "job", "api")`,
        `vector(${scalar(random, bounds, 1)})`,
        `histogram_quantile(${random.pick(["0.5", "0.9", "1", "-1", "NaN"])}, ${inner()})`,
        `histogram_quantile(0.75, rate(latency_bucket[${random.pick(DURATIONS)}]))`,
        `histogram_quantile(0.75, sum by (le, job) (increase(latency_bucket[2m])))`,
      ]);
    case 8:
    case 9:
      return binary(random, inner(), inner());
    case 10: {
      const operator = random.pick(["+", "-", "*", "/", "%", "^", "==", "!=", "<", ">=", "> bool"]);
      const number = scalar(random, bounds, 1);
      return random.chance(0.5)
        ? `(${inner()} ${operator} ${number})`
        : `(${number} ${operator} ${inner()})`;
    }
    default:
      return random.chance(0.3) ? `-(${inner()})` : inner();
  }
}

function rangeCall(random: Random, bounds: Bounds, depth: number): string {
  const matrix = range(random, bounds, depth - 1);
  const chance = random.below(12);
  if (chance === 0) return `quantile_over_time(${scalar(random, bounds, 1)}, ${matrix})`;
  if (chance === 1) return `predict_linear(${matrix}, ${random.pick(["60", "-3600", "time()"])})`;
  if (chance === 2) return `double_exponential_smoothing(${matrix}, 0.5, 0.3)`;
  return `${random.pick(RANGE_FUNCTIONS)}(${matrix})`;
}

function grouping(random: Random): string {
  const kind = random.below(3);
  if (kind === 0) return "";
  const labels = LABELS.filter(() => random.chance(0.4));
  return ` ${kind === 1 ? "by" : "without"} (${labels.join(", ")})`;
}

function parameterAggregation(random: Random, inner: string): string {
  const by = grouping(random);
  return random.pick([
    `topk${by} (2, ${inner})`,
    `bottomk${by} (1, ${inner})`,
    `quantile${by} (${random.pick(["0.5", "0.9", "2", "NaN"])}, ${inner})`,
    `count_values${by} ("value", ${inner})`,
    `limitk${by} (100, ${inner})`,
    `limit_ratio${by} (0.4, ${inner})`,
  ]);
}

function binary(random: Random, left: string, right: string): string {
  if (random.chance(0.3)) {
    const match = random.pick(["", " on (job, instance)", " ignoring (code)", " on ()"]);
    return `(${left} ${random.pick(["and", "or", "unless"])}${match} ${right})`;
  }
  const operator = random.pick(["+", "-", "*", "/", "%", "atan2", "==", "<", ">= bool"]);
  const match = random.pick([
    "",
    "",
    " on (job, instance)",
    " on (job, instance) group_left",
    " on (job, instance) group_right",
    " ignoring (code) group_left",
    " on (job) group_left (instance)",
    " ignoring (code)",
  ]);
  return `(${left} ${operator}${match} ${right})`;
}

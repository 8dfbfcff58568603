/**
 * Random PromQL over the data of random-data.ts: mostly well typed, with every function, aggregation, operator and modifier
 * that Prometheus 3.5 knows, those on trial included; a few that must fail.
 */
import type { Random } from "@tideline/common/testing";
import { DATA_END_MS, DATA_START_MS } from "./random-data.ts";

export interface Question {
  readonly text: string;
  /** Unix seconds. `start` of an instant query is its time. */
  readonly isInstant: boolean;
  readonly start: string;
  readonly end: string;
  readonly step: string;
  /** Prometheus' argument of this name; "" for none. */
  readonly lookback: string;
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const METRICS = words(
  "requests_total errors_total temperature pressure queue_length limit wild created_seconds latency_bucket latency_count latency_sum",
);
const MATCHERS = [
  'job="api"',
  'job="db"',
  'instance=~"a|b"',
  'job!="api"',
  'instance!~"c.*"',
  'code!="500"',
  'le!="+Inf"',
  'job=~".+"',
  'code=~"5..|"',
  'nothing=""',
  'job=~"(?i:API)"',
];
/** Of these, nothing or all passes for most metrics. */
const RARE_MATCHERS = ['code="200"', 'code=""', 'le="1"', 'version=~"v.*"', '"strange.label"!=""'];
const RANGE_FUNCTIONS = words(
  `rate rate rate irate increase increase delta idelta deriv resets changes avg_over_time min_over_time max_over_time sum_over_time
   count_over_time stddev_over_time stdvar_over_time last_over_time present_over_time absent_over_time mad_over_time
   ts_of_min_over_time ts_of_max_over_time ts_of_last_over_time`,
);
const VECTOR_FUNCTIONS = words(
  `abs ceil floor exp ln log2 log10 sqrt sgn round sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh deg rad
   timestamp absent minute hour day_of_week day_of_month day_of_year days_in_month month year sort sort_desc
   histogram_count histogram_sum histogram_avg histogram_stddev histogram_stdvar`,
);
const DATES = words("minute hour day_of_week day_of_month day_of_year days_in_month month year");
const AGGREGATIONS = words("sum sum avg min max count group stddev stdvar");
const LABELS = ["job", "instance", "code", "le", "version", '"strange.label"', "nothing"];
const DURATIONS = [
  "1s",
  "15s",
  "47s",
  "1m",
  "2m30s",
  "5m",
  "13m",
  "1h",
  "90",
  "1m*2",
  "(2m - 30s)",
  "0.5",
];
// Not in parentheses: see exclusions.ts.
const OFFSETS = ["1m", "-1m", "37s", "5m", "-7m3s", "0s", "1ms", "90"];
const STEPS = ["", "", "15s", "1m", "41s", "500ms", "5m"];
const QUANTILES = ["0.5", "0.9", "1", "0", "-1", "2", "NaN", "0.99"];
const ARITHMETIC = words("+ - * / % ^ atan2");
const COMPARISONS = words("== != < <= > >=");

export function randomQuestion(random: Random): Question {
  const isInstant = random.chance(0.5);
  const text = randomQuery(random, isInstant);
  const lengthMs = DATA_END_MS - DATA_START_MS;
  const startMs = DATA_START_MS - 60_000 + random.below(lengthMs + 180_000);
  const start = random.chance(0.4) ? Math.floor(startMs / 15_000) * 15 : startMs / 1_000;
  const step = random.pick([0.7, 5, 15, 15, 60, 61.5, 177, 600]);
  return {
    text,
    isInstant,
    start: start.toFixed(3),
    end: (start + step * random.below(40) + random.below(2) / 3).toFixed(3),
    step: String(step),
    lookback: random.chance(0.1) ? random.pick(["1m", "15s", "20m", "0.3"]) : "",
  };
}

function randomQuery(random: Random, isInstant: boolean): string {
  const depth = 1 + random.below(4);
  const kind = random.below(100);
  if (kind < 3) return scalar(random, 2);
  if (kind < 4) return random.pick(['"text"', "'é<&>'", "`\\`", '"\\u00e9\\x41"']);
  if (kind < 7) return isInstant ? range(random, depth) : vector(random, depth);
  if (kind < 10) return bad(random);
  return vector(random, depth);
}

/** Wrong in one way or another; some turn out to be right. */
function bad(random: Random): string {
  const inner = vector(random, 1 + random.below(2));
  const matrix = range(random, 1);
  return random.pick([
    `rate(${inner})`,
    `sum(${matrix})`,
    `${matrix} + 1`,
    `abs(${scalar(random, 1)})`,
    `vector(${inner})`,
    `scalar(1)`,
    `${inner} and 1`,
    `1 == 2`,
    `${inner} + on (job) group_left (job) ${inner}`,
    `${inner} * group_left ${inner}`,
    `label_replace(${inner}, "a", "$1", "job", "(")`,
    `label_replace(${inner}, "", "$1", "job", "(.*)")`,
    `label_join(${inner}, "", "-", "job")`,
    `count_values("", ${inner})`,
    `nothing_like_it(${inner})`,
    `topk(${inner}, ${inner})`,
    `topk("1", ${inner})`,
    `sum by (job (${inner})`,
    `{}`,
    `{job=~".*"}`,
    `${inner} offset`,
    `(${inner}) offset 5m`,
    `${inner} @ x`,
    `${inner}[5m]`,
    `${inner} bool ${inner}`,
    `"a" + "b"`,
    `-"a"`,
    `temperature{job="a"`,
    `temperature{job="a",,}`,
    `temperature[5m] offset 1m offset 2m`,
    `temperature[0s]`,
    `temperature[1m-2m]`,
    `{__name__="temperature",__name__="pressure"}`,
    `temperature{__name__="pressure"}`,
    `label_replace(${inner}, "instance", "", "", "")`,
    `label_replace({__name__=~"temperature|pressure"}, "__name__", "x", "", "")`,
    `quantile_over_time(0.5)`,
    `histogram_quantile(0.5, ${inner}, ${inner})`,
    `limit_ratio(2, ${inner})`,
    `limitk(-1, ${inner})`,
    `topk(NaN, ${inner})`,
    `topk(1e30, ${inner})`,
    `clamp(${inner}, 5, 1)`,
    `double_exponential_smoothing(${matrix}, 2, 0.5)`,
    `double_exponential_smoothing(${matrix}, 0.5, 0)`,
    `info(${inner}, 1)`,
    `info(1)`,
    `sort_by_label(${inner}, 1)`,
    `1 +`,
    ``,
    `# nothing`,
    `temperature # a comment`,
    `5m`,
    `0x1F + 1e3 - 1_000`,
  ]);
}

function selector(random: Random): string {
  const kind = random.below(30);
  if (kind === 0) return `{__name__=~"pressure|temperature", ${random.pick(MATCHERS)}}`;
  if (kind === 1)
    return random.pick([
      '{"strange.name"}',
      '{"strange.name", job="api"}',
      "weights",
      "target_info",
      "build_info",
    ]);
  if (kind === 2) return random.pick(["size_bucket", "nothing", "size_count"]);
  const name = random.pick(METRICS);
  const matchers = Array.from({ length: random.pick([0, 0, 0, 1, 1, 2]) }, () =>
    random.pick(random.chance(0.1) ? RARE_MATCHERS : MATCHERS),
  );
  return matchers.length === 0 && random.chance(0.9) ? name : `${name}{${matchers.join(", ")}}`;
}

function modifiers(random: Random): string {
  const parts: string[] = [];
  if (random.chance(0.12)) parts.push(` offset ${random.pick(OFFSETS)}`);
  if (random.chance(0.08)) {
    const time = (DATA_START_MS + random.below(DATA_END_MS - DATA_START_MS)) / 1_000;
    parts.push(` @ ${random.pick([String(time), time.toFixed(0), "start()", "end()"])}`);
  }
  if (random.chance(0.5)) parts.reverse();
  return parts.join("");
}

function range(random: Random, depth: number): string {
  const duration = random.pick(DURATIONS);
  if (depth > 0 && random.chance(0.3)) {
    return `(${vector(random, depth - 1)})[${duration}:${random.pick(STEPS)}]${modifiers(random)}`;
  }
  return `${selector(random)}[${duration}]${modifiers(random)}`;
}

const LITERALS = words("0 1 2.5 -3 0.5 NaN Inf -Inf 1e3 time() pi() 0x10 1m30s 1e-7 1e21 -0");

function scalar(random: Random, depth: number): string {
  if (depth <= 0 || random.chance(0.6)) return random.pick(LITERALS);
  if (random.chance(0.5)) return `scalar(${vector(random, depth - 1)})`;
  if (random.chance(0.1)) return `-(${scalar(random, depth - 1)})`;
  const operator = random.chance(0.3)
    ? `${random.pick(COMPARISONS)} bool`
    : random.pick(ARITHMETIC);
  const [left, right] = [scalar(random, depth - 1), scalar(random, depth - 1)];
  return random.chance(0.7) ? `(${left} ${operator} ${right})` : `${left} ${operator} ${right}`;
}

function vector(random: Random, depth: number): string {
  if (depth <= 0) return selector(random) + modifiers(random);
  const inner = (): string => vector(random, depth - 1);
  switch (random.below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return rangeCall(random, depth);
    case 4:
    case 5:
    case 6:
      return aggregation(random, inner());
    case 7:
      return `${random.pick(VECTOR_FUNCTIONS)}(${inner()})`;
    case 8:
      return otherCall(random, depth);
    case 9:
    case 10:
    case 11: {
      const left = inner();
      const right = random.chance(0.5) ? partner(random, left) : inner();
      return random.chance(0.5)
        ? vectorBinary(random, left, right)
        : vectorBinary(random, right, left);
    }
    case 12:
    case 13:
      return mixedBinary(random, inner(), scalar(random, 1));
    case 14:
      return random.chance(0.5) ? `${random.pick(["-", "+"])}(${inner()})` : `-${inner()}`;
    default:
      return inner();
  }
}

function rangeCall(random: Random, depth: number): string {
  const matrix = range(random, depth - 1);
  switch (random.below(14)) {
    case 0:
      return `quantile_over_time(${random.chance(0.7) ? random.pick(QUANTILES) : scalar(random, 1)}, ${matrix})`;
    case 1:
      return `predict_linear(${matrix}, ${random.pick(["60", "-3600", "time()", "0", "1h"])})`;
    case 2:
      return `double_exponential_smoothing(${matrix}, ${random.pick(["0.5", "0.1", "0.99"])}, ${random.pick(["0.3", "0.8"])})`;
    default:
      return `${random.pick(RANGE_FUNCTIONS)}(${matrix})`;
  }
}

function otherCall(random: Random, depth: number): string {
  const inner = vector(random, depth - 1);
  const number = (): string => scalar(random, 1);
  const duration = random.pick(DURATIONS);
  const buckets = random.pick(["latency_bucket", "latency_bucket", "size_bucket"]);
  return random.pick([
    () => `clamp(${inner}, ${number()}, ${number()})`,
    () => `clamp_min(${inner}, ${number()})`,
    () => `clamp_max(${inner}, ${number()})`,
    () => `round(${inner}, ${random.pick(["0.25", "0.1", "10", "0", "-1", "3", "1e-9", "NaN"])})`,
    () => `label_replace(${inner}, "new", "$1-x$2", "instance", "(a|b)(.*)")`,
    () => `label_replace(${inner}, "job", "$0\${name}", "job", "(?P<name>a).*")`,
    () => `label_replace(${inner}, "job", "", "job", "api")`,
    () => `label_replace(${inner}, "__name__", "renamed", "job", ".*")`,
    () => `label_replace(${inner}, "instance", "same", "instance", "a|b")`,
    () => `label_join(${inner}, "new", "-", "job", "instance", "nothing")`,
    () => `label_join(${inner}, "job", "")`,
    () => `vector(${number()})`,
    () => `histogram_quantile(${random.pick(QUANTILES)}, ${inner})`,
    () => `histogram_quantile(${random.pick(QUANTILES)}, rate(${buckets}[${duration}]))`,
    () => `histogram_quantile(${number()}, ${buckets})`,
    () =>
      `histogram_quantile(${random.pick(QUANTILES)}, sum by (le, job) (increase(${buckets}[2m])))`,
    // Bounds inside the first bucket: see exclusions.ts.
    () =>
      `histogram_fraction(${random.pick(["0.2", "0.5", "0.3", "NaN"])}, ${random.pick(["1", "Inf", "0.7", "0.1"])}, latency_bucket)`,
    () =>
      `histogram_fraction(6, ${random.pick(["7", "+Inf", "scalar(limit) + 10"])}, rate(${buckets}[${duration}]))`,
    () => `${random.pick(DATES)}()`,
    () => `sort_by_label(${inner}, "version", "code")`,
    () => `sort_by_label_desc(${inner}, "instance")`,
    () => `sort_by_label(weights, "version")`,
    () => `absent(${selector(random)})`,
    () => `absent_over_time(${selector(random)}[${duration}])`,
    () => `info(${infoBase(random)})`,
    () => `info(${infoBase(random)}, ${random.pick(INFO_MATCHERS)})`,
    () => `scalar(${inner}) * ${inner}`,
  ])();
}

const INFO_MATCHERS = [
  '{version=~".+"}',
  '{version="1"}',
  '{zone!="z"}',
  '{nothing=""}',
  '{__name__="build_info"}',
  '{__name__=~".+_info"}',
  '{__name__="build_info", revision="x"}',
  '{__name__=~"(build|target)_info", zone=~".*"}',
];

function infoBase(random: Random): string {
  const name = random.pick(["steady", "steady_total"]);
  const matchers = random.pick(["", "", '{job="api"}', '{instance=~"a|b"}']);
  return random.chance(0.5)
    ? name + matchers
    : `rate(${name}${matchers}[${random.pick(["1m", "5m"])}])`;
}

function grouping(random: Random): string {
  const kind = random.below(3);
  if (kind === 0) return "";
  const labels = LABELS.filter(() => random.chance(0.3));
  return ` ${kind === 1 ? "by" : "without"} (${labels.join(", ")})`;
}

function aggregation(random: Random, inner: string): string {
  const by = grouping(random);
  if (random.chance(0.6)) {
    const name = random.pick(AGGREGATIONS);
    return random.chance(0.8) ? `${name}${by} (${inner})` : `${name} (${inner})${by}`;
  }
  return random.pick([
    `topk${by} (${random.pick(["1", "2", "3", "0", "2.9", "-1", "100"])}, ${inner})`,
    `bottomk${by} (${random.pick(["1", "2", "scalar(limit)"])}, ${inner})`,
    `quantile${by} (${random.pick(QUANTILES)}, ${inner})`,
    `quantile${by} (${scalar(random, 1)}, ${inner})`,
    `count_values${by} (${random.pick(['"value"', '"value"', '"job"', '"le"'])}, ${inner})`,
    `limitk${by} (${random.pick(["1", "3", "100"])}, ${inner})`,
    `limit_ratio${by} (${random.pick(["0.4", "-0.6", "1", "0.1"])}, ${inner})`,
  ]);
}

/** A vector that has partners for most of another one's samples. */
function partner(random: Random, other: string): string {
  return random.pick([
    other,
    `abs(${other})`,
    `sum by (job, instance) (${other})`,
    `max without (code, le) (${other})`,
    `(${other} > 0)`,
  ]);
}

function vectorBinary(random: Random, left: string, right: string): string {
  if (random.chance(0.3)) {
    const match = random.pick([
      "",
      "",
      " on (job, instance)",
      " ignoring (code)",
      " on ()",
      " on (nothing)",
      " ignoring (job, le)",
    ]);
    return `(${left} ${random.pick(["and", "or", "unless"])}${match} ${right})`;
  }
  const operator = random.chance(0.4)
    ? random.pick(COMPARISONS) + random.pick(["", " bool"])
    : random.pick(ARITHMETIC);
  const match = random.pick([
    "",
    "",
    " on (job, instance)",
    " on (job, instance) group_left",
    " on (job, instance) group_right",
    " on (job, instance) group_left (version)",
    " ignoring (code) group_left",
    " ignoring (code, le) group_left ()",
    " ignoring (code) group_right (version)",
    " on (job) group_left (instance)",
    " on () group_left",
    " ignoring (code)",
    " ignoring (code, le)",
    " on ()",
  ]);
  return `(${left} ${operator}${match} ${right})`;
}

function mixedBinary(random: Random, inner: string, number: string): string {
  const operator = random.chance(0.4)
    ? random.pick(COMPARISONS) + random.pick(["", "", " bool"])
    : random.pick(ARITHMETIC);
  const [left, right] = random.chance(0.5) ? [inner, number] : [number, inner];
  return random.chance(0.7) ? `(${left} ${operator} ${right})` : `${left} ${operator} ${right}`;
}

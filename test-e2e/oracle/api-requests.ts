/**
 * Requests to the query API, right ones and wrong ones, over the data of random-data.ts. Left out is what means something in
 * VictoriaMetrics' dialect and is wrong in Prometheus': a missing start or step, cut dates, times in milliseconds, fractions
 * in durations.
 */
export interface ApiRequest {
  readonly path: string;
  /** Name and value in turn, as given: some are wrong on purpose. */
  readonly parameters: readonly (readonly [string, string])[];
}

const T = 1_709_164_800;

type Parameter = readonly [string, string];

function requests(path: string, ...lists: readonly (readonly Parameter[])[]): ApiRequest[] {
  return lists.map((parameters) => ({ path, parameters }));
}

/** `name=value` with `;` between. */
function list(text: string): Parameter[] {
  return text
    .split(";")
    .filter((part) => part !== "")
    .map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]);
}

const query = (text: string, more = ""): Parameter[] => [
  ["query", text],
  ...(more.includes("time=") ? [] : list(`time=${T}`)),
  ...list(more),
];

const range = (text: string, more = ""): Parameter[] => [
  ["query", text],
  ...(more.includes("start=") ? [] : list(`start=${T}`)),
  ...(more.includes("end=") ? [] : list(`end=${T + 60}`)),
  ...(more.includes("step=") ? [] : list("step=10")),
  ...list(more),
];

const TIMES = [
  "foo",
  "-1",
  "0",
  "1e9",
  "1709164800.1239",
  "5.0005",
  "5.0015",
  "-5.5",
  "+5",
  " 5",
  "0x10",
  "1e400",
  "2024-02-29T00:00:00Z",
  "2024-02-29T00:00:00.123456Z",
  "2024-02-29T02:00:00+02:00",
  "2024-02-30T00:00:00Z",
];

const BAD_QUERIES = [
  "",
  "temperature{",
  "sum(",
  "{}",
  "rate(temperature)",
  "temperature + on (job",
  "temperature[5m] + 1",
  "nothing(",
  "1 and 1",
  "temperature * on(job) group_left pressure * on(job) group_left pressure",
  "steady_total / on(job) group_left steady",
  'label_replace(steady, "instance", "", "", "")',
  'label_replace(steady, "a", "$1", "job", "(")',
  'label_join(steady, "", "-", "job")',
  "topk(1e30, steady)",
  "topk(-1e30, steady)",
  "topk(NaN, steady)",
  "limit_ratio(NaN, steady)",
  "limitk(NaN, steady)",
  "double_exponential_smoothing(steady[5m], 2, 0.5)",
  "steady and on(job) group_left pressure",
  '-{__name__=~"steady|target_info"}',
  'label_replace(steady, "job", "x", "", "") + on(job) steady',
  'count_values("", steady)',
  'vector("a")',
  "scalar(1)",
  "temperature offset",
  "temperature @ x",
  "temperature[0s]",
];

/** Queries whose answers have every kind of number, label and note in them. */
const VALUES = [
  "1",
  "1e21",
  "1e-7",
  "-0",
  "NaN",
  "-Inf",
  "0.1 + 0.2",
  "time()",
  "vector(1e21)",
  "vector(1e20)",
  "vector(-1e300)",
  "vector(1e-6)",
  "vector(9.99e-7)",
  "vector(1.5e-10)",
  "vector(5e-324)",
  "vector(0/0)",
  "vector(-1/0)",
  "vector(-0)",
  "vector(123456789.125)",
  "vector(1/3)",
  "vector(2^53)",
  "temperature",
  "wild",
  "steady[1m]",
  "nothing",
  "nothing[5m]",
  '{"strange.name"}',
  'label_replace(vector(1), "a<b", "<&>\u2028 é", "", "")',
  "topk(3, latency_sum)",
  "rate(steady[5m])",
  "histogram_quantile(0.9, steady)",
  "quantile(2, steady)",
  "increase(size_bucket[2m])",
  "absent(nothing)",
  "temperature[2m:30s]",
];
/** Instant queries of which the order of the answer counts; as ranges they earn a warning that 3.5.3 did not know. */
const SORTED = [
  "sort(queue_length)",
  "sort_desc(steady)",
  'sort_by_label(weights, "version")',
  'sort_by_label_desc(requests_total, "code", "instance")',
  "sort(wild)",
];

const TEXTS = ['"text"', '"<a>&\u2028é"', '"\\n\\t\\"\\\\"', '""'];

const MATCHES = [
  "temperature",
  'pressure{job="api"}',
  "{}",
  "temperature{",
  "temperature[5m]",
  "sum(temperature)",
  "1",
  "",
  'steady{job=~".*"}',
  "temperature offset 5m",
  '{job=~".*"}',
  '{nothing=""}',
  '{job="api",__name__=~"temp.*"}',
  '{"strange.label"!=""}',
  "nothing",
];
const BOUNDS = [
  "",
  `start=${T}`,
  `end=${T}`,
  `start=${T};end=${T + 5}`,
  `start=${T};end=${T - 5}`,
  "start=1;end=2",
  "start=foo",
  "end=foo",
  "limit=2",
  "limit=6",
  "limit=0",
  "limit=-1",
  "limit=x",
  "limit=1000",
];

export const API_REQUESTS: readonly ApiRequest[] = [
  ...requests("query", [], ...TIMES.map((time) => query("1", `time=${time}`))),
  ...requests("query", ...[...BAD_QUERIES, ...SORTED].map((text) => query(text))),
  ...requests("query", ...VALUES.map((text) => query(text)), ...TEXTS.map((text) => query(text))),
  ...requests("query", ...VALUES.map((text) => query(text, `time=${T + 0.25}`))),
  ...requests(
    "query",
    ...["foo", "-1s", "1h", "60"].map((timeout) => query("1", `timeout=${timeout}`)),
    ...["foo", "-1m", "0", "-5", "15s", "90"].map((delta) =>
      query("temperature", `lookback_delta=${delta}`),
    ),
    ...["foo", "-1", "0", "2", "100", "1.5", "99999999999999999999"].flatMap((limit) =>
      ["temperature", "temperature[1m]", "1"].map((text) => query(text, `limit=${limit}`)),
    ),
  ),
  ...requests(
    "query_range",
    ...BAD_QUERIES.map((text) => range(text)),
    ...TEXTS.map((text) => range(text)),
  ),
  ...requests(
    "query_range",
    ...VALUES.map((text) => range(text)),
    ...VALUES.map((text) => range(text, `start=${T}.1;step=7.3`)),
  ),
  ...requests(
    "query_range",
    ...[
      "0",
      "-1",
      "foo",
      "30s",
      "1m",
      "1h30m",
      "0.0001",
      "1e2",
      "NaN",
      "1e400",
      "9223372036854775807",
      "0.001",
    ].map((step) => range("1", `step=${step}`)),
    range("1", `start=${T + 100}`),
    range("1", "start=x"),
    range("1", "end=x"),
    range("1", `end=${T}`),
    range("1", `start=${T}.5;end=${T + 1};step=0.25`),
    range("temperature", "timeout=foo"),
    range("temperature", "limit=2"),
    range("temperature", "limit=-2"),
    range("temperature", "lookback_delta=1m"),
    range("temperature", "lookback_delta=foo"),
  ),
  ...requests("series", [], ...MATCHES.map((match) => list(`match[]=${match}`))),
  ...requests("labels", ...MATCHES.map((match) => list(`match[]=${match}`))),
  ...requests("label/job/values", ...MATCHES.map((match) => list(`match[]=${match}`))),
  ...requests("series", ...BOUNDS.map((bounds) => list(`match[]=temperature;${bounds}`))),
  ...requests(
    "series",
    list('match[]=temperature;match[]=pressure{job="api"};match[]=temperature{job="db"}'),
  ),
  ...requests(
    "labels",
    ...BOUNDS.map((bounds) => list(bounds)),
    list("match[]=temperature;match[]=weights"),
  ),
  ...[
    "job",
    "__name__",
    "nothing",
    "le",
    "version",
    "strange.label",
    "U__strange_2e_label",
    "9a",
    "é",
    "a b",
  ].flatMap((name) =>
    requests(`label/${encodeURIComponent(name)}/values`, ...BOUNDS.map((bounds) => list(bounds))),
  ),
];

/** As it goes over the wire: escapes, methods and bodies are part of the question. */
export interface RawRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS";
  /** With the query of the URL. */
  readonly path: string;
  /** A form, unless it says what it is. */
  readonly body?: string;
  readonly type?: string;
}

const raw = (
  path: string,
  { method = "GET", ...rest }: Partial<Omit<RawRequest, "path">> = {},
): RawRequest => ({ path, method, ...rest });

const form = (path: string, body: string, type = "application/x-www-form-urlencoded"): RawRequest =>
  raw(path, { method: "POST", body, type });

export const RAW_REQUESTS: readonly RawRequest[] = [
  raw("query"),
  raw("query?query="),
  form("query", ""),
  form("query", `query=1&time=${T}`),
  form("query", `query=1&time=${T}`, "text/plain"),
  form("query", `query=1&time=${T}`, "application/json"),
  form(`query?query=1&time=${T}`, "%zz=2&a=%"),
  ...(["PUT", "DELETE", "PATCH"] as const).map((method) =>
    raw(`query?query=1&time=${T}`, { method }),
  ),
  raw(`query?query=%ff%fe&time=${T}`),
  raw(`query?query=x%7ba=%22%ff%22%7d&time=${T}`),
  raw(`query?query=1&time=${T}&time=5`),
  raw(`query?query=1&query=2&time=${T}`),
  raw(`query?query=${"1%2b".repeat(900)}1&time=${T}`),
  form("query", `query=${"1%2b".repeat(900)}1&time=${T}`),
  raw("query?query=1&time=2024-02-29T00:00:00%2B02:00"),
  raw("query?query=1&time=2024-02-29T00:00:00+02:00"),
  raw("query?query=1&time=2024-02-29T00:00:00.5-23:59"),
  raw("query?query=1&time=2024-02-29T00:00:60Z"),
  raw("query?query=1&time=."),
  raw("query_range"),
  ...["-5s", "0s", "5M", "1h30", "%2B5", "500ms"].map((step) =>
    raw(`query_range?query=1&start=${T}&end=${T + 10}&step=${step}`),
  ),
  raw(`query_range?query=&start=${T}&end=${T + 10}&step=5`),
  raw(`query_range?query=%22a%22&start=${T}&end=${T + 10}&step=5`),
  ...["format_query", "parse_query"].flatMap((path) => [
    raw(path),
    raw(`${path}?query=sum(`),
    raw(`${path}?query=%ff`),
    raw(`${path}?query=up`, { method: "PUT" }),
  ]),
  raw("format_query?query=sum+by+(a)+(rate(x%5b5m%5d))"),
  form("format_query", "query=up"),
  raw("metadata"),
  raw("query_exemplars?query=up&start=1&end=2"),
  raw("rules"),
  raw("rules?type=alert"),
  raw("alerts"),
  raw("series"),
  raw("series?match[]="),
  ...["labels", "series", "label/job/values"].flatMap((path) => [
    raw(`${path}?match[]=temperature&start=2024-02-29T00:00:00Z&end=2024-02-29T02:00:00Z`),
    raw(`${path}?match[]=%ff`),
    raw(`${path}?match[]=temperature&limit=1.5`),
    // As many as there are: which series a limit cuts off is nobody's promise.
    raw(`${path}?match[]=temperature&limit=%2B10`),
    raw(`${path}?match[]=temperature&limit=-1`),
    raw(`${path}?match[]=temperature&limit=&start=&end=`),
    raw(`${path}?match[]=temperature&start=${T + 99_999}&end=${T}`),
    raw(path, { method: "PUT" }),
  ]),
  ...["labels", "series"].map((path) => form(path, "match[]=%7Bjob=%22api%22%7D")),
  raw("label/__name__/values?limit=3"),
  raw("label/job/values?match[]={}"),
];

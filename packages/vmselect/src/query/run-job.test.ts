import { expect, test } from "vitest";
import { encodeTimestamps, encodeValues } from "@tideline/kernels";
import { COMPLETE, DEFAULT_TENANT, seriesKey, type SeriesSource } from "@tideline/model";
import { fakeSeriesSource } from "@tideline/model/testing";
import { SeriesFrameEncoder, seriesSourceOf } from "@tideline/wire";
import { FakeFrameSource } from "@tideline/wire/testing";
import type { IndexJob, QueryJob } from "./jobs.ts";
import { runJob } from "./run-job.ts";

const NO_EXTRAS = { selectorTexts: [], labels: [] };
const LIMITS = {
  seriesCountMax: 0,
  sampleCountMax: 0,
  pointsPerSeriesMax: 30_000,
  subqueryPointsPerSeriesMax: 0,
  memorySizeMax: 0,
};
const signal = new AbortController().signal;

const source = fakeSeriesSource(
  ["a", "b", "c"].map((instance, index) => ({
    labels: [
      { name: "__name__", value: "up" },
      { name: "instance", value: instance },
      { name: "env", value: index === 0 ? "dev" : "prod" },
    ],
    timestampsMs: Float64Array.of(1_000, 2_000),
    values: Float64Array.of(index, index + 10),
  })),
);

const query = (text: string, more: Partial<QueryJob> = {}): QueryJob => ({
  kind: "query",
  dialect: { allowExperimental: true, delayedNameRemoval: false },
  tenant: DEFAULT_TENANT,
  text,
  startMs: 2_000,
  endMs: 2_000,
  stepMs: 1,
  isInstant: true,
  lookbackMs: 300_000,
  extraFilters: NO_EXTRAS,
  limits: LIMITS,
  limit: 0,
  ...more,
});

const index = (kind: IndexJob["kind"], more: Partial<IndexJob> = {}): IndexJob => ({
  kind,
  tenant: DEFAULT_TENANT,
  selectorTexts: [],
  extraFilters: NO_EXTRAS,
  startMs: 0,
  endMs: 10_000,
  labelName: "",
  limit: 0,
  limitName: "limit",
  seriesCountMax: 0,
  seriesCountFlag: "-search.maxX",
  ...more,
});

async function dataOf(job: QueryJob | IndexJob): Promise<unknown> {
  const { chunks } = await runJob(job, source, signal);
  return JSON.parse(Buffer.concat([...chunks]).toString());
}

test("a query gives its data as JSON", async () => {
  expect(await dataOf(query("sum(up)"))).toEqual({
    resultType: "vector",
    result: [{ metric: {}, value: [2, "33"] }],
  });
});

test("extra filters narrow every selector: alternatives of conjunctions, and labels that all must hold", async () => {
  const extraFilters = {
    selectorTexts: ['{instance="a"}', '{instance="b"}'],
    labels: [{ name: "env", value: "prod" }],
  };
  expect(await dataOf(query("sum(up) + 0 * count(up)", { extraFilters }))).toMatchObject({
    result: [{ value: [2, "11"] }],
  });
  expect(await dataOf(index("labelValues", { labelName: "instance", extraFilters }))).toEqual([
    "b",
  ]);
});

test("a limit cuts the answer and says so", async () => {
  const answer = await runJob(query("up", { limit: 2 }), source, signal);
  expect(answer.warnings).toContain("results truncated due to limit");
  expect(JSON.parse(Buffer.concat([...answer.chunks]).toString()).result).toHaveLength(2);
});

test("a limit cuts a range vector, too", async () => {
  const answer = await runJob(query("up[1h]", { limit: 2 }), source, signal);
  expect(answer.warnings).toContain("results truncated due to limit");
  expect(JSON.parse(Buffer.concat([...answer.chunks]).toString()).result).toHaveLength(2);
});

test("a look-up says that it was cut only if there was more", async () => {
  const cut = await runJob(
    index("labelValues", { labelName: "instance", limit: 2 }),
    source,
    signal,
  );
  expect(cut.warnings).toEqual(["results truncated due to limit"]);
  expect(Buffer.concat([...cut.chunks]).toString()).toBe('["a","b"]');
  const whole = await runJob(index("series", { limit: 3 }), source, signal);
  expect(whole.warnings).toEqual([]);
  expect(JSON.parse(Buffer.concat([...whole.chunks]).toString())).toHaveLength(3);
});

test("the index answers names, values and series", async () => {
  expect(await dataOf(index("labelNames"))).toEqual(["__name__", "env", "instance"]);
  expect(await dataOf(index("labelValues", { labelName: "env" }))).toEqual(["dev", "prod"]);
  expect(await dataOf(index("series", { selectorTexts: ['up{env="dev"}'] }))).toEqual([
    { __name__: "up", env: "dev", instance: "a" },
  ]);
});

test("what cut an answer by a flag is told by its name", async () => {
  const cut = index("labelNames", { limit: 2, limitName: "-search.maxTagKeys=2" });
  const { warnings } = await runJob(cut, source, signal);
  expect(warnings).toEqual(["results truncated due to -search.maxTagKeys=2"]);
});

test.for([
  { job: index("tsdbStatus", { seriesCountMax: 2 }), flag: "-search.maxX" },
  {
    job: query("up", { limits: { ...LIMITS, seriesCountMax: 2 } }),
    flag: "-search.maxUniqueTimeseries",
  },
])("too many series fail a $job.kind with the flag that says so", async ({ job, flag }) => {
  await expect(dataOf(job)).rejects.toMatchObject({
    name: "ExecutionError",
    message: `the number of matching timeseries exceeds ${flag}=2; either narrow down the search or increase ${flag}`,
  });
});

test("cardinality is counted over the series that match", async () => {
  const job = index("tsdbStatus", {
    selectorTexts: ['up{env="prod"}'],
    limit: 2,
    labelName: "env",
  });
  expect(await dataOf(job)).toMatchObject({
    totalSeries: 2,
    totalLabelValuePairs: 6,
    seriesCountByFocusLabelValue: [{ name: "prod", value: 2 }],
    labelValueCountByLabelName: [
      { name: "instance", value: 2 },
      { name: "__name__", value: 1 },
    ],
  });
});

test("a label named like a property of objects is a label like others", async () => {
  const odd = fakeSeriesSource([
    {
      labels: [
        { name: "__proto__", value: "x" },
        { name: "__name__", value: "odd" },
      ],
      timestampsMs: Float64Array.of(1_000),
      values: Float64Array.of(1),
    },
  ]);
  const { chunks } = await runJob(index("series"), odd, signal);
  expect(Buffer.concat([...chunks]).toString()).toBe('[{"__name__":"odd","__proto__":"x"}]');
});

test.for([
  {
    what: "no selector",
    job: index("series", { selectorTexts: ["up{"] }),
    message: /^invalid parameter "match\[\]": 1:/,
  },
  {
    what: "everything",
    job: index("series", { selectorTexts: ["{}"] }),
    message: /at least one non-empty matcher/,
  },
  {
    what: "no query",
    job: query("sum("),
    message: /^invalid parameter "query": 1:\d+: parse error/,
  },
])(
  "a text that is $what is the client's fault, and the argument is named",
  async ({ job, message }) => {
    await expect(dataOf(job)).rejects.toMatchObject({
      name: "InputError",
      status: 400,
      message: expect.stringMatching(message) as string,
    });
  },
);

test("the dialect refuses what Prometheus has behind flags, and drops names late", async () => {
  const refusing = { allowExperimental: false, delayedNameRemoval: false };
  const job = query("1 + mad_over_time(up[5m])", { dialect: refusing });
  await expect(dataOf(job)).rejects.toThrow(
    'invalid parameter "query": 1:5: parse error: function "mad_over_time" is not enabled',
  );
  const late = { allowExperimental: true, delayedNameRemoval: true };
  const text = "count by (__name__) (abs(up))";
  expect(await dataOf(query(text, { dialect: late }))).toMatchObject({ result: [{ metric: {} }] });
});

test("what is found wrong with a query while it is planned is a fault of that argument, too", async () => {
  const range = { isInstant: false, startMs: 1_000, stepMs: 1_000 };
  await expect(dataOf(query("up[5m]", range))).rejects.toThrow(
    'invalid parameter "query": invalid expression type "range vector" for range query, must be Scalar or instant Vector',
  );
  await expect(dataOf(query("rate(up[5m / (step() - 1s)])", range))).rejects.toThrow(
    'invalid parameter "query": 8:25: division by zero',
  );
});

/** Sixty series, of which every third has no sample before 300 s: from frames, or from arrays. */
function manySeries(): { framed: SeriesSource; plain: SeriesSource } {
  const encoder = new SeriesFrameEncoder();
  const series = Array.from({ length: 60 }, (_, i) => {
    const from = i % 3 === 0 ? 300_000 : 0;
    const labels = [
      { name: "__name__", value: i % 2 === 0 ? "x_total" : "y_total" },
      { name: "group", value: String(i % 7) },
      { name: "id", value: `${i}`.padStart(60, "-") },
    ];
    const timestampsMs = Float64Array.from({ length: 20 }, (__, k) => from + k * 15_000);
    const values = timestampsMs.map((_time, k) => k * (i + 1));
    const timestamps = { id: 1 + (i % 3), count: 20, minMs: from, maxMs: from + 285_000 };
    const bytes = encodeTimestamps(timestampsMs);
    const block = { timestamps: { ...timestamps, bytes }, bytes: encodeValues(values) };
    encoder.append({ key: seriesKey(DEFAULT_TENANT, labels), blocks: [block] });
    return { labels, timestampsMs, values };
  });
  const frame = encoder.takeRest() as Uint8Array;
  const searchFrames = () => ({
    coverage: () => COMPLETE,
    async *[Symbol.asyncIterator]() {
      yield await Promise.resolve(frame.slice());
    },
  });
  const framed = seriesSourceOf(Object.assign(new FakeFrameSource({}), { searchFrames }));
  return { framed, plain: fakeSeriesSource(series) };
}

async function textOf(asked: QueryJob, from: SeriesSource): Promise<string> {
  return Buffer.concat([...(await runJob(asked, from, signal)).chunks]).toString();
}

test("series that were seen before are answered as those that are new", async () => {
  const { framed, plain } = manySeries();
  const texts = [
    'sum by (group) (rate({__name__=~"._total"}[5m]))',
    'sum without (id) (rate({__name__=~"._total"}[5m]))',
    'topk by (group) (2, {__name__=~"._total"})',
    '{__name__=~"._total"}',
  ];
  for (let round = 0; round < 3; round += 1) {
    for (const text of texts) {
      for (const timeMs of [100_000, 400_000]) {
        const asked = query(text, { startMs: timeMs, endMs: timeMs });
        expect(await textOf(asked, framed)).toBe(await textOf(asked, plain));
      }
    }
  }
});

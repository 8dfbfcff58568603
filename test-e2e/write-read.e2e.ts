/** What goes in comes out: the write and read paths of a cluster of real processes, and what bad input gets. */
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { request } from "undici";
import { Cluster } from "./harness/cluster.ts";
import { metricsText, metricValues, untilAllNodesReachable } from "./harness/metrics.ts";
import type { Program } from "./harness/program.ts";
import {
  bitsOf,
  NAN_BITS,
  type Sample,
  sample,
  type Series,
  STALE_BITS,
  valueOf,
} from "./harness/samples.ts";
import { compress, encodeWrite } from "./harness/writer.ts";

const DAY_MS = 86_400_000;
const BODY_SIZE_MAX = 256 * 1024;
/** All samples lie within a minute from here. */
const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 120_000;
const endS = startMs / 1_000 + 60;

const running = new AsyncDisposableStack();
let cluster: Cluster;
beforeAll(async () => {
  cluster = running.use(
    await Cluster.start({ insertFlags: [`-maxInsertRequestSize=${BODY_SIZE_MAX}`] }),
  );
});
afterAll(async () => running.disposeAsync());

function at(index: number, valueBits: bigint): Sample {
  return { timeMs: startMs + index * 1_000, valueBits };
}

/** Enough series of a metric that both nodes get some. */
function manySeries(metric: string, count = 40): Series[] {
  return Array.from({ length: count }, (_, index) => ({
    labels: { __name__: metric, index: String(index), parity: index % 2 === 0 ? "even" : "odd" },
    samples: [sample(startMs, index), sample(startMs + 15_000, index + 0.5)],
  }));
}

describe("what was written is read", () => {
  beforeAll(async () => cluster.writer().write(manySeries("wr_many")));

  test("both nodes keep a share of the series", async () => {
    for (const storage of cluster.storages) {
      const [count] = await metricValues(storage, "vm_new_timeseries_created_total");
      expect(count).toBeGreaterThan(0);
    }
  });

  test("by an instant query", async () => {
    const vector = await cluster.reader().vector('wr_many{parity="odd"}', endS);
    const valueByIndex = new Map(vector.map(({ metric, value }) => [metric["index"], value]));
    expect(valueByIndex.size).toBe(20);
    for (let index = 1; index < 40; index += 2) {
      expect(valueByIndex.get(String(index))).toEqual([endS, String(index + 0.5)]);
    }
  });

  test("by a range query", async () => {
    const range = { start: startMs / 1_000, end: startMs / 1_000 + 30, step: 15 };
    expect(await cluster.reader().queryRange("sum(wr_many)", range)).toEqual([
      {
        metric: {},
        values: [
          [range.start, "780"],
          [range.start + 15, "800"],
          [range.start + 30, "800"],
        ],
      },
    ]);
  });

  test("by a range selector, sample for sample", async () => {
    const matrix = await cluster.reader().matrix('wr_many{index="7"}[2m]', endS);
    expect(matrix.map(({ values }) => values)).toEqual([
      [
        [startMs / 1_000, "7"],
        [startMs / 1_000 + 15, "7.5"],
      ],
    ]);
  });

  test("by series, label names and label values", async () => {
    const reader = cluster.reader();
    const bounds = { start: startMs / 1_000, end: endS };
    const match = { "match[]": 'wr_many{index=~"1|2"}' };
    expect(await reader.series('wr_many{index=~"1|2"}', bounds)).toEqual([
      { __name__: "wr_many", index: "1", parity: "odd" },
      { __name__: "wr_many", index: "2", parity: "even" },
    ]);
    expect(await reader.labelNames({ ...bounds, ...match })).toEqual([
      "__name__",
      "index",
      "parity",
    ]);
    expect(await reader.labelValues("parity", bounds)).toEqual(["even", "odd"]);
    expect(await reader.labelValues("index", { ...bounds, ...match })).toEqual(["1", "2"]);
    expect(await reader.labelValues("__name__", bounds)).toContain("wr_many");
  });

  test("by its cardinality", async () => {
    const path = `${cluster.select.url}/select/0/prometheus/api/v1/status/tsdb`;
    const date = new Date(startMs).toISOString().slice(0, 10);
    const match = encodeURIComponent('{__name__="wr_many"}');
    const asked = `${path}?date=${date}&topN=2&focusLabel=parity&match[]=${match}`;
    const answer = await request(asked);
    expect(await answer.body.json()).toEqual({
      status: "success",
      isPartial: false,
      data: {
        totalSeries: 40,
        totalLabelValuePairs: 120,
        seriesCountByMetricName: [{ name: "wr_many", value: 40 }],
        seriesCountByLabelName: [
          { name: "__name__", value: 40 },
          { name: "index", value: 40 },
        ],
        seriesCountByFocusLabelValue: [
          { name: "even", value: 20 },
          { name: "odd", value: 20 },
        ],
        seriesCountByLabelValuePair: [
          { name: "__name__=wr_many", value: 40 },
          { name: "parity=even", value: 20 },
        ],
        labelValueCountByLabelName: [
          { name: "index", value: 40 },
          { name: "parity", value: 2 },
        ],
      },
    });
    const other = await request(`${path}?date=2020-01-01`);
    const { data } = (await other.body.json()) as { data: { totalSeries: number } };
    expect(data.totalSeries).toBe(0);
    const bad = await request(`${path}?date=soon`);
    await bad.body.dump();
    expect(bad.statusCode).toBe(400);
  });

  test("by a POST form as well", async () => {
    const form = { query: "count(wr_many)", time: endS };
    const { result } = await cluster.reader().post<{ result: unknown }>("query", form);
    expect(result).toEqual([{ metric: {}, value: [endS, "40"] }]);
  });

  test("packed with gzip for who asks", async () => {
    const plain = `${cluster.select.url}/select/0/prometheus/api/v1/query?query=wr_many&time=${endS}`;
    const answer = await request(plain, { headers: { "accept-encoding": "gzip" } });
    expect(answer.headers["content-encoding"]).toBe("gzip");
    const packed = Buffer.from(await answer.body.arrayBuffer());
    const text = gunzipSync(packed).toString();
    expect((JSON.parse(text) as { data: { result: unknown[] } }).data.result).toHaveLength(40);
  });
});

describe("tenants", () => {
  test("see nothing of each other", async () => {
    const labels = { __name__: "wr_tenant" };
    await cluster.writer("0").write([{ labels, samples: [sample(startMs, 1)] }]);
    await cluster.writer("7:3").write([{ labels, samples: [sample(startMs, 2)] }]);
    const valuesOf = async (tenant: string): Promise<unknown[]> =>
      (await cluster.reader(tenant).vector("wr_tenant", endS)).map(({ value }) => value[1]);
    expect(await valuesOf("0")).toEqual(["1"]);
    expect(await valuesOf("0:0")).toEqual(["1"]);
    expect(await valuesOf("7:3")).toEqual(["2"]);
    expect(await valuesOf("7")).toEqual([]);
    expect(await cluster.reader("7:3").labelValues("__name__", { start: 0 })).toEqual([
      "wr_tenant",
    ]);
  });

  test("with a name that is none are refused", async () => {
    const answer = await request(
      `${cluster.select.url}/select/nobody/prometheus/api/v1/query?query=1`,
    );
    await answer.body.dump();
    expect(answer.statusCode).toBe(400);
  });
});

describe("values", () => {
  const exact = [
    { name: "negative zero", value: -0 },
    { name: "the smallest number", value: 5e-324 },
    { name: "the greatest number", value: Number.MAX_VALUE },
    { name: "a sextillion", value: 1e21 },
    { name: "a sum that is not round", value: 0.1 + 0.2 },
    { name: "more digits than 15", value: 123_456_789.012_345_67 },
    { name: "two to the 53rd", value: 2 ** 53 },
    { name: "infinity", value: Infinity },
    { name: "negative infinity", value: -Infinity },
    { name: "not a number", value: Number.NaN },
  ];
  test.for(exact)("come back bit for bit: $name", async ({ name, value }) => {
    const labels = { __name__: "wr_exact", name };
    await cluster.writer().write([{ labels, samples: [sample(startMs, value)] }]);
    const [series] = await cluster.reader().matrix(`wr_exact{name="${name}"}[2m]`, endS);
    const text = series?.values[0]?.[1] ?? "";
    expect(bitsOf(Number(text.replace("Inf", "Infinity")))).toBe(bitsOf(value));
  });

  test("that are not numbers keep their kind: a staleness marker ends a series, a NaN does not", async () => {
    await cluster.writer().write([
      {
        labels: { __name__: "wr_kind", ends: "yes" },
        samples: [at(0, bitsOf(1)), at(1, STALE_BITS)],
      },
      { labels: { __name__: "wr_kind", ends: "no" }, samples: [at(0, bitsOf(1)), at(1, NAN_BITS)] },
    ]);
    const reader = cluster.reader();
    expect((await reader.vector("wr_kind", endS)).map(({ metric }) => metric["ends"])).toEqual([
      "no",
    ]);
    const matrix = await reader.matrix("wr_kind[2m]", endS);
    expect(matrix.map(({ metric, values }) => [metric["ends"], values.length])).toEqual([
      ["no", 2],
      ["yes", 1],
    ]);
    expect(valueOf(NAN_BITS)).toBeNaN();
  });

  test("at one time: the greater one wins, whatever comes first", async () => {
    for (const [order, values] of [
      ["up", [1, 2]],
      ["down", [2, 1]],
    ] as const) {
      for (const value of values) {
        const labels = { __name__: "wr_same_time", order };
        await cluster.writer().write([{ labels, samples: [sample(startMs, value)] }]);
      }
    }
    const vector = await cluster.reader().vector("wr_same_time", endS);
    expect(vector.map(({ value }) => value[1])).toEqual(["2", "2"]);
  });
});

describe("bad input", () => {
  const good: Series = { labels: { __name__: "wr_bad_good" }, samples: [sample(startMs, 1)] };

  test.for([
    {
      name: "bytes that are no snappy block",
      body: new Uint8Array([255, 255, 255, 255, 255, 255]),
    },
    { name: "a snappy block that holds no message", body: compress(new Uint8Array(40).fill(0x0b)) },
    {
      name: "a message cut short after a good series",
      body: compress(
        encodeWrite([{ ...good, labels: { __name__: "wr_bad_cut" } }, good]).slice(0, -3),
      ),
    },
  ])("$name: 400, nothing kept", async ({ body }) => {
    expect((await cluster.writer().send(body)).status).toBe(400);
    expect(await cluster.reader().vector('{__name__=~"wr_bad_cut"}', endS)).toEqual([]);
  });

  test.for([
    { name: "a body that is too large as sent", body: new Uint8Array(BODY_SIZE_MAX + 1) },
    {
      name: "a body that is too large unpacked",
      body: compress(encodeWrite([{ ...good, labels: { __name__: "x".repeat(BODY_SIZE_MAX) } }])),
    },
  ])("$name: 413", async ({ body }) => {
    expect((await cluster.writer().send(body)).status).toBe(413);
  });

  test("an encoding that nobody knows: 415", async () => {
    const headers = { "content-encoding": "br" };
    expect((await cluster.writer().send(compress(encodeWrite([good])), headers)).status).toBe(415);
  });

  const beyond = { __name__: "wr_bad_dropped" };
  test.for<{ name: string; series: Series }>([
    {
      name: "a label name that is too long",
      series: { labels: { ...beyond, ["n".repeat(300)]: "x" }, samples: [sample(startMs, 1)] },
    },
    {
      name: "a label value that is too long",
      series: { labels: { ...beyond, value: "v".repeat(5_000) }, samples: [sample(startMs, 1)] },
    },
    {
      name: "a sample older than the retention",
      series: { labels: beyond, samples: [sample(startMs - 400 * DAY_MS, 1)] },
    },
    {
      name: "a sample far in the future",
      series: { labels: beyond, samples: [sample(startMs + 40 * DAY_MS, 1)] },
    },
  ])("$name: dropped and told, the good one kept, 204", async ({ name, series }) => {
    const kept: Series = {
      labels: { __name__: "wr_bad_kept", name },
      samples: [sample(startMs, 1)],
    };
    const answer = await cluster.writer().send(compress(encodeWrite([series, kept])));
    expect(answer.status).toBe(204);
    expect(answer.headers["x-tideline-rows-ignored"]).toMatch(/^\w+=1$/);
    const reader = cluster.reader();
    expect(await reader.vector(`wr_bad_kept{name="${name}"}`, endS)).toHaveLength(1);
    expect(await reader.series("wr_bad_dropped", { start: 0, end: endS + 50 * 86_400 })).toEqual(
      [],
    );
    expect(await metricsText(cluster.insert)).toMatch(
      /^vm_rows_ignored_total\{reason="\w+"\} [1-9]/m,
    );
  });

  test("a body with metadata alone: 204, and counted", async () => {
    const metadata = [{ type: 1, family: "wr_meta", help: "What it is" }];
    expect((await cluster.writer().send(compress(encodeWrite([], metadata)))).status).toBe(204);
    expect(await metricsText(cluster.insert)).toMatch(
      /^tideline_not_stored_total\{kind="metadata"\} [1-9]/m,
    );
  });

  test("an empty body: 204", async () => {
    expect((await cluster.writer().send(compress(encodeWrite([])))).status).toBe(204);
  });

  test.for([
    { name: "a query that is none", parameters: { query: "sum(" }, status: 400 },
    { name: "no query", parameters: {}, status: 400 },
    {
      name: "a step of nothing",
      parameters: { query: "1", start: 1, end: 2, step: 0 },
      path: "query_range",
      status: 400,
    },
    {
      name: "two series that match one",
      parameters: { query: "wr_many * on () wr_many", time: endS },
      status: 422,
    },
  ])("$name: $status, as JSON", async ({ parameters, status, path = "query" }) => {
    const answer = await cluster.reader().ask(path, parameters);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ status: "error", error: expect.any(String) });
  });
});

describe.for(["vminsert", "vmselect", "vmstorage"] as const)("%s", (name) => {
  const program = (): Program => {
    if (name === "vmstorage") return cluster.storages[0];
    return name === "vminsert" ? cluster.insert : cluster.select;
  };
  const get = async (path: string): Promise<{ status: number; text: string }> => {
    const { statusCode, body } = await request(`${program().url}${path}`);
    return { status: statusCode, text: await body.text() };
  };

  test("says that it is well", async () => {
    expect(await get("/health")).toEqual({ status: 200, text: "OK" });
    expect((await get("/-/healthy")).status).toBe(200);
    expect((await get("/-/ready")).status).toBe(200);
  });

  test("tells its metrics and flags", async () => {
    const metrics = await get("/metrics");
    expect(metrics.status).toBe(200);
    expect(metrics.text).toMatch(/^process_cpu_seconds_total \d/m);
    expect(metrics.text).toMatch(/^vm_app_version\{/m);
    expect((await get("/flags")).text).toMatch(/httpListenAddr=/);
  });

  test("answers an unknown path with 400 and says which", async () => {
    const answer = await get("/no/such/path");
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("/no/such/path");
  });
});

describe("a node that is away", () => {
  test("makes writes 503 with Retry-After and queries partial; after its return all is well", async () => {
    const [, away] = cluster.storages;
    await away.kill();
    const series = manySeries("wr_away");
    const body = compress(encodeWrite(series));
    const refused = await cluster.writer().send(body);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);

    const reader = cluster.reader();
    const asked = { query: "count(wr_many)", time: endS };
    const partial = reader.success(await reader.ask("query", asked));
    expect(partial.isPartial).toBe(true);
    expect(partial.warnings?.join()).toContain(away.address("vmselectAddr"));
    const denied = await reader.ask("query", { ...asked, deny_partial_response: 1 });
    expect(denied.status).toBe(503);

    await away.startAgain();
    await untilAllNodesReachable(cluster.insert, cluster.select);
    expect((await cluster.writer().send(body)).status).toBe(204);
    expect(reader.success(await reader.ask("query", asked)).isPartial).toBe(false);
    expect(await reader.vector("wr_away", endS)).toHaveLength(series.length);
    expect(await reader.vector("wr_many", endS)).toHaveLength(40);
  });
});

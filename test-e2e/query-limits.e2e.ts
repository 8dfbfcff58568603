/** Limits of queries and of questions to the index, by their flags: what they refuse, in which words, and what they leave out. */
import { expect, test } from "vitest";
import { request } from "undici";
import { Cluster } from "./harness/cluster.ts";
import { TemporaryFolder } from "./harness/folder.ts";
import { Program } from "./harness/program.ts";
import { sample, type Series } from "./harness/samples.ts";
import { Writer } from "./harness/writer.ts";

const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;
/** Theirs, which is not today's just after midnight. */
const DAY = new Date(startMs).toISOString().slice(0, 10);

const series: Series[] = Array.from({ length: 40 }, (_, index) => ({
  labels: { __name__: "limited", index: String(index), parity: index % 2 === 0 ? "even" : "odd" },
  samples: [sample(startMs, index)],
}));

interface Answer {
  readonly status: number;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly data?: unknown;
}

async function ask(url: string, method: "GET" | "POST" = "GET"): Promise<Answer> {
  const { statusCode, body } = await request(url, { method });
  const text = await body.text();
  return { ...(JSON.parse(text === "" ? "{}" : text) as object), status: statusCode };
}

test(
  "each limit refuses with 422 and its flag, or cuts with a warning",
  { timeout: 60_000 },
  async () => {
    using folder = new TemporaryFolder();
    await using running = new AsyncDisposableStack();
    const limits = {
      SeriesPerAggrFunc: 10,
      LabelsAPISeries: 30,
      TagKeys: 2,
      TagValues: 3,
      TSDBStatusSeries: 30,
      TSDBStatusTopNSeries: 1,
      DeleteSeries: 30,
      UniqueTimeseries: 35,
    };
    const single = await Program.start({
      program: "vmsingle",
      flags: [
        `-storageDataPath=${folder.path}`,
        ...Object.entries(limits).map(([name, limit]) => `-search.max${name}=${limit}`),
      ],
    });
    running.defer(() => single.stop());
    await new Writer(`${single.url}/api/v1/write`).write(series);
    const api = `${single.url}/api/v1`;
    const odd = encodeURIComponent('{parity="odd"}');
    const all = encodeURIComponent('{__name__="limited"}');
    const refused: readonly (readonly [string, string])[] = [
      [`query?query=sum+by+(index)(limited{parity="odd"})`, "-search.maxSeriesPerAggrFunc=10"],
      ["query?query=limited", "-search.maxUniqueTimeseries=35"],
      [`labels?match[]=${all}`, "-search.maxLabelsAPISeries=30"],
      [`label/index/values?match[]=${all}`, "-search.maxLabelsAPISeries=30"],
      [`status/tsdb?date=${DAY}`, "-search.maxTSDBStatusSeries=30"],
    ];
    for (const [path, flag] of refused) {
      expect(await ask(`${api}/${path}`)).toMatchObject({
        status: 422,
        error: expect.stringContaining(flag) as string,
      });
    }
    expect(await ask(`${api}/admin/tsdb/delete_series?match[]=${all}`, "POST")).toMatchObject({
      status: 422,
      error: expect.stringContaining("-search.maxDeleteSeries=30") as string,
    });
    expect(await ask(`${api}/labels`)).toMatchObject({
      data: ["__name__", "index"],
      warnings: ["results truncated due to -search.maxTagKeys=2"],
    });
    expect(await ask(`${api}/label/index/values`)).toMatchObject({
      data: ["0", "1", "10"],
      warnings: ["results truncated due to -search.maxTagValues=3"],
    });
    expect(
      await ask(`${api}/status/tsdb?date=${DAY}&topN=5&focusLabel=parity&match[]=${odd}`),
    ).toMatchObject({
      status: 200,
      data: {
        totalSeries: 20,
        totalLabelValuePairs: 60,
        seriesCountByMetricName: [{ name: "limited", value: 20 }],
        seriesCountByFocusLabelValue: [{ name: "odd", value: 20 }],
        labelValueCountByLabelName: [{ name: "index", value: 20 }],
      },
    });
    const gone = await ask(`${api}/admin/tsdb/delete_series?match[]=${odd}`, "POST");
    expect(gone.status).toBe(204);
  },
);

test(
  "a storage node keeps its own limits, whatever vmselect allows",
  { timeout: 60_000 },
  async () => {
    await using cluster = await Cluster.start({
      storageFlags: ["-search.maxUniqueTimeseries=5", "-search.maxTagValues=4"],
      selectFlags: ["-search.maxTagValues=0"],
    });
    await cluster.writer().write(series);
    const api = `${cluster.select.url}/select/0/prometheus/api/v1`;
    expect(await ask(`${api}/query?query=limited`)).toMatchObject({
      status: 422,
      error: expect.stringContaining("-search.maxUniqueTimeseries=5 at vmstorage") as string,
    });
    expect(await ask(`${api}/query?query=limited{index="7"}`)).toMatchObject({ status: 200 });
    // Counting needs next to no memory: it has limits of its own, and is exact over both nodes.
    expect(await ask(`${api}/status/tsdb?date=${DAY}&topN=2&focusLabel=parity`)).toMatchObject({
      isPartial: false,
      data: {
        totalSeries: 40,
        totalLabelValuePairs: 120,
        seriesCountByMetricName: [{ name: "limited", value: 40 }],
        seriesCountByFocusLabelValue: [
          { name: "even", value: 20 },
          { name: "odd", value: 20 },
        ],
        labelValueCountByLabelName: [
          { name: "index", value: 40 },
          { name: "parity", value: 2 },
        ],
      },
    });
    const values = await ask(`${api}/label/index/values`);
    expect(values.data).toHaveLength(8);
    expect(values).toMatchObject({
      isPartial: true,
      warnings: expect.arrayContaining([
        "-search.maxTagValues=4 at vmstorage: results truncated",
      ]) as string[],
    });
  },
);

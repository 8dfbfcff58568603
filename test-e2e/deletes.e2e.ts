/** Deleting series over a cluster of real processes: gone everywhere at once, for good, and only what was there. */
import { describe, expect, test } from "vitest";
import { request } from "undici";
import { Cluster } from "./harness/cluster.ts";
import { TemporaryFolder } from "./harness/folder.ts";
import { metricValues, untilAllNodesReachable } from "./harness/metrics.ts";
import { Program } from "./harness/program.ts";
import { Reader } from "./harness/reader.ts";
import { sample, type Series } from "./harness/samples.ts";
import { Writer } from "./harness/writer.ts";

const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 120_000;
const startS = startMs / 1_000;
const endS = startS + 60;
const SERIES_COUNT = 40;

/** Enough series that both nodes get some; four samples each, 15 s apart. */
function series(value: number): Series[] {
  return Array.from({ length: SERIES_COUNT }, (_, index) => ({
    labels: { __name__: "del", index: String(index), parity: index % 2 === 0 ? "even" : "odd" },
    samples: [0, 1, 2, 3].map((at) => sample(startMs + at * 15_000, value + at)),
  }));
}

async function send(url: string, method: "GET" | "POST" = "POST") {
  const { statusCode, body } = await request(url, { method });
  return { status: statusCode, text: await body.text() };
}

function deleteUrl(base: string, selector: string, rest = ""): string {
  return `${base}/api/v1/admin/tsdb/delete_series?match[]=${encodeURIComponent(selector)}${rest}`;
}

/** Samples per series, of all that is found. */
async function counts(reader: Reader, selector = "del"): Promise<number[]> {
  return (await reader.matrix(`${selector}[10m]`, endS)).map(({ values }) => values.length);
}

describe("a delete over the cluster", { timeout: 120_000 }, () => {
  test("takes what is there from all nodes, also after they were killed; what is written later stays", async () => {
    await using cluster = await Cluster.start();
    const base = `${cluster.select.url}/delete/0/prometheus`;
    const reader = cluster.reader();
    const [storage1, storage2] = cluster.storages;
    await cluster.writer().write(series(1));
    await send(`${storage1.url}/internal/force_flush`, "GET");
    expect(await counts(reader)).toHaveLength(SERIES_COUNT);

    expect(await send(deleteUrl(base, 'del{parity="odd"}'))).toEqual({ status: 204, text: "" });
    expect(await counts(reader, 'del{parity="odd"}')).toEqual([]);
    expect(await reader.labelValues("parity", { start: 0 })).toEqual(["even"]);
    expect(await reader.series('del{parity="odd"}', { start: 0, end: endS })).toEqual([]);

    // Two of four samples, both ends included.
    const range = `&start=${startS + 15}&end=${startS + 30}`;
    expect((await send(deleteUrl(base, "del", range), "GET")).status).toBe(204);
    expect(await counts(reader)).toEqual(Array.from({ length: SERIES_COUNT / 2 }, () => 2));

    // The same series and times again, with smaller values.
    await cluster.writer().write(series(-100));
    const newer = await reader.matrix('del{index="1"}[10m]', endS);
    expect(newer[0]?.values.map(([, value]) => value)).toEqual(["-100", "-99", "-98", "-97"]);
    const mixed = await reader.matrix('del{index="2"}[10m]', endS);
    expect(mixed[0]?.values.map(([, value]) => value)).toEqual(["1", "-99", "-98", "4"]);

    for (const storage of [storage1, storage2]) {
      await storage.kill();
      await storage.startAgain();
    }
    await untilAllNodesReachable(cluster.insert, cluster.select);
    expect(await counts(reader)).toEqual(Array.from({ length: SERIES_COUNT }, () => 4));
    expect(await reader.matrix('del{index="1"}[10m]', endS)).toEqual(newer);
    expect(await reader.matrix('del{index="2"}[10m]', endS)).toEqual(mixed);
  });

  test("where a node is away is refused with its name, and nothing is deleted", async () => {
    await using cluster = await Cluster.start();
    const base = `${cluster.select.url}/delete/0/prometheus`;
    await cluster.writer().write(series(1));
    const [, storage2] = cluster.storages;
    await storage2.kill();
    const answer = await send(deleteUrl(base, "del"));
    expect(answer.status).toBe(503);
    expect(answer.text).toContain(storage2.address("vmselectAddr"));
    await storage2.startAgain();
    await untilAllNodesReachable(cluster.insert, cluster.select);
    expect(await counts(cluster.reader())).toHaveLength(SERIES_COUNT);
    expect((await send(deleteUrl(base, "del"))).status).toBe(204);
    expect(await counts(cluster.reader())).toEqual([]);
  });

  test("reads its arguments with care", async () => {
    await using cluster = await Cluster.start({ selectFlags: ["-deleteAuthKey=sesame"] });
    const base = `${cluster.select.url}/delete/0/prometheus`;
    await cluster.writer().write(series(1));
    const key = "&authKey=sesame";
    expect((await send(deleteUrl(base, "del"))).status).toBe(401);
    expect((await send(deleteUrl(base, "del", "&authKey=guess"))).status).toBe(401);
    const path = `${base}/api/v1/admin/tsdb/delete_series?authKey=sesame`;
    expect((await send(path)).status).toBe(400);
    expect((await send(deleteUrl(base, "del{", key))).status).toBe(400);
    expect((await send(deleteUrl(base, "{}", key))).status).toBe(400);
    expect((await send(deleteUrl(base, 'del{a=~"("}', key))).status).toBe(400);
    expect((await send(deleteUrl(base, "del", `${key}&start=5&end=4`))).status).toBe(400);
    expect((await send(deleteUrl(base, "del", `${key}&extra_label=parity=odd`))).status).toBe(204);
    expect(await counts(cluster.reader())).toHaveLength(SERIES_COUNT / 2);
    const other = `${cluster.select.url}/delete/1/prometheus`;
    expect((await send(deleteUrl(other, "del", key))).status).toBe(204);
    expect(await counts(cluster.reader())).toHaveLength(SERIES_COUNT / 2);
    // Alternatives.
    const both = `${key}&match[]=${encodeURIComponent('{index="2"}')}`;
    expect((await send(deleteUrl(base, '{index="0"}', both))).status).toBe(204);
    expect(await counts(cluster.reader())).toHaveLength(SERIES_COUNT / 2 - 2);
  });
});

test("vmsingle deletes by Prometheus' own path", async () => {
  using folder = new TemporaryFolder();
  const flags = [`-storageDataPath=${folder.at("data")}`];
  const single = await Program.start({ program: "vmsingle", flags });
  try {
    await new Writer(`${single.url}/api/v1/write`).write(series(1));
    const everything = deleteUrl(single.url, '{__name__=~".*"}');
    expect(await send(everything)).toEqual({ status: 204, text: "" });
    expect(await counts(new Reader(single.url))).toEqual([]);
    await new Writer(`${single.url}/api/v1/write`).write(series(2));
    expect(await counts(new Reader(single.url))).toHaveLength(SERIES_COUNT);
    await single.kill();
    await single.startAgain();
    await expect.poll(async () => counts(new Reader(single.url))).toHaveLength(SERIES_COUNT);
    expect(await metricValues(single, "tideline_newest_delete")).toEqual([1]);
    const prefixed = deleteUrl(`${single.url}/prometheus`, "del");
    expect((await send(prefixed)).status).toBe(204);
    expect(await counts(new Reader(single.url))).toEqual([]);
  } finally {
    await single.stop();
  }
});

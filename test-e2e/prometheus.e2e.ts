/**
 * With a real Prometheus: it scrapes node_exporter, itself and our programs, sends all of it to the cluster, and
 * then both are asked the same queries over the same closed time.
 *
 * TIDELINE_PROMETHEUS_SECONDS sets how long it scrapes (60; `pnpm test:prometheus-long` takes 600).
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cluster } from "./harness/cluster.ts";
import { differences } from "./harness/compare-answers.ts";
import { metricsText } from "./harness/metrics.ts";
import { peersFolder } from "./harness/peers.ts";
import { Prometheus } from "./harness/prometheus.ts";
import type { Labels, Reader } from "./harness/reader.ts";
import { waitFor } from "./harness/wait.ts";
import { ORDERED_QUERIES, QUERY_KINDS } from "./queries.ts";

const SCRAPE_SECONDS = Number(process.env["TIDELINE_PROMETHEUS_SECONDS"] ?? 60);
const programs = peersFolder();

function textOf(labels: Labels): string {
  const names = Object.keys(labels).toSorted();
  return JSON.stringify(names.map((name) => [name, labels[name]]));
}

function promtoolSays(metrics: string): { status: number | null; complaints: string } {
  const promtool = join(programs ?? "", "promtool");
  const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], {
    input: metrics,
    encoding: "utf8",
  });
  return { status, complaints: `${stdout}${stderr}` };
}

describe.skipIf(programs === undefined)("a real Prometheus", () => {
  const running = new AsyncDisposableStack();
  let cluster: Cluster;
  let prometheus: Prometheus;
  /** The closed time, in Unix seconds. */
  let start = 0;
  let end = 0;
  let stopped = 0;

  beforeAll(
    async () => {
      cluster = running.use(await Cluster.start());
      prometheus = running.use(
        await Prometheus.start({
          programs: programs ?? "",
          folder: cluster.folder,
          writeUrl: cluster.writer().url,
          targets: {
            vminsert: [cluster.insert.address("httpListenAddr")],
            vmselect: [cluster.select.address("httpListenAddr")],
            vmstorage: cluster.storages.map((storage) => storage.address("httpListenAddr")),
          },
        }),
      );
      const { reader } = prometheus;
      const scrapeCount = async (seconds: number): Promise<number> => {
        const query = `min(count_over_time(up{job!="node"}[${seconds}s]))`;
        const [count] = await reader.vector(query, Date.now() / 1_000);
        return Number(count?.value[1] ?? 0);
      };
      await waitFor(async () => (await scrapeCount(10)) >= 5, { what: "the first scrapes" });
      start = Math.ceil(Date.now() / 1_000);
      const limitMs = (SCRAPE_SECONDS + 120) * 1_000;
      const untilScraped = async (seconds: number): Promise<unknown> =>
        waitFor(() => Date.now() / 1_000 >= start + seconds, { what: "scrapes", limitMs });
      await untilScraped(SCRAPE_SECONDS / 2);
      await prometheus.restartNodeExporter();
      await untilScraped(SCRAPE_SECONDS);
      end = Math.floor(Date.now() / 1_000);
      await prometheus.finish();
      stopped = Math.ceil(Date.now() / 1_000);
    },
    (SCRAPE_SECONDS + 300) * 1_000,
  );

  afterAll(async () => running.disposeAsync());

  const middle = (): string => String(start + Math.floor((end - start) / 2));

  describe.for([...QUERY_KINDS])("$kind", ({ queries }) => {
    test.for([...queries])("%s", async (text) => {
      const query = text.replace("$middle", middle());
      const ask = async (
        path: string,
        parameters: Record<string, string | number>,
      ): Promise<void> => {
        const [ours, theirs] = await Promise.all(
          [cluster.reader(), prometheus.reader].map((reader) =>
            reader.post<{ resultType: string; result: unknown }>(path, { query, ...parameters }),
          ),
        );
        if (!ours || !theirs) throw new Error("two answers");
        expect({ ...parameters, found: differences(ours, theirs) }).toEqual({
          ...parameters,
          found: [],
        });
      };
      for (const time of [start + 30, end - 0.5, stopped + 1]) await ask("query", { time });
      await ask("query_range", { start: start + 10, end: stopped + 20, step: 5 });
      await ask("query_range", { start: start + 0.25, end, step: 1.75 });
    });
  });

  test.for([...ORDERED_QUERIES])("in order: %s", async (query) => {
    const [ours, theirs] = await Promise.all(
      [cluster.reader(), prometheus.reader].map((reader) => reader.query(query, end)),
    );
    if (!ours || !theirs) throw new Error("two answers");
    expect(differences(ours, theirs, { isOrdered: true })).toEqual([]);
  });

  test("finds the same series, label names and label values", async () => {
    const bounds = { start, end };
    const asked: ((reader: Reader) => Promise<readonly string[]>)[] = [
      async (reader) => reader.labelNames(bounds),
      ...["up", '{job="node",__name__=~"node_(load|cpu).*"}'].flatMap((match) => [
        async (reader: Reader) =>
          (await reader.series(match, bounds)).map((labels) => textOf(labels)).toSorted(),
        async (reader: Reader) => reader.labelNames({ ...bounds, "match[]": match }),
      ]),
      ...["__name__", "job", "instance", "mode", "nothing"].map(
        (name) => async (reader: Reader) => reader.labelValues(name, bounds),
      ),
    ];
    for (const ask of asked) {
      expect(await ask(cluster.reader())).toEqual(await ask(prometheus.reader));
    }
  });

  test("has scraped each second but for what the machine could not do", async () => {
    const query = `min(count_over_time(up[${SCRAPE_SECONDS}s]))`;
    const [count] = await prometheus.reader.vector(query, end);
    expect(Number(count?.value[1])).toBeGreaterThan(SCRAPE_SECONDS / 2);
  });

  test("has sent everything: nothing failed, nothing dropped", async () => {
    expect(await prometheus.metric("prometheus_remote_storage_samples_total")).toBeGreaterThan(0);
    for (const name of [
      "prometheus_remote_storage_samples_failed_total",
      "prometheus_remote_storage_samples_dropped_total",
      "prometheus_remote_storage_metadata_failed_total",
    ]) {
      expect({ name, value: await prometheus.metric(name) }).toEqual({ name, value: 0 });
    }
  });

  test("and promtool has nothing to say against our metrics", async () => {
    expect(promtoolSays("no_help 1\n").status).toBe(3);
    for (const program of cluster.programs) {
      const found = promtoolSays(await metricsText(program));
      expect({ program: program.name, ...found }).toMatchObject({ status: 0, complaints: "" });
    }
  });
});

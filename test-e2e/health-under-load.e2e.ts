/** A heavy query keeps nobody waiting but its own client, and ends when that client leaves. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { request } from "undici";
import { Cluster } from "./harness/cluster.ts";
import { metricValues } from "./harness/metrics.ts";
import { sample, type Series } from "./harness/samples.ts";
import { waitFor } from "./harness/wait.ts";

const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 3_600_000;
const SERIES_COUNT = 400;
const SAMPLES_PER_SERIES = 700;
const HEALTH_CHECK_COUNT = 10;

const running = new AsyncDisposableStack();
let cluster: Cluster;
beforeAll(async () => {
  cluster = running.use(await Cluster.start({ selectFlags: ["-search.maxQueryDuration=5m"] }));
  for (let first = 0; first < SERIES_COUNT; first += 20) {
    await cluster.writer().write(
      Array.from({ length: 20 }, (_, index): Series => ({
        labels: { __name__: "load", index: String(first + index) },
        samples: Array.from({ length: SAMPLES_PER_SERIES }, (__, at) =>
          sample(startMs + at * 5_000, Math.sin(first + index + at)),
        ),
      })),
    );
  }
});
afterAll(async () => running.disposeAsync());

/** A query that reads each sample once for each of its points; `pointCount` sets how long it runs. */
function heavyQuery(pointCount: number): {
  query: string;
  start: number;
  end: number;
  step: number;
} {
  const start = startMs / 1_000;
  return {
    query: "sum(quantile_over_time(0.9, load[1h]))",
    start: start + 3_500 - pointCount,
    end: start + 3_500,
    step: 1,
  };
}

async function healthText(): Promise<string> {
  const { body } = await request(`${cluster.select.url}/health`);
  return body.text();
}

async function runningQueryCount(): Promise<number> {
  const [count] = await metricValues(cluster.select, "vm_concurrent_select_current");
  if (count === undefined) throw new Error("vmselect does not tell how many queries run");
  return count;
}

test("/health, metrics and other queries are answered while a heavy query runs", async () => {
  const reader = cluster.reader();
  // The machine's speed is unknown: make the query heavier until it outlasts the checks. Were it evaluated
  // on the main thread, no size would do, as the first check would be answered after it.
  for (let pointCount = 50; pointCount <= 3_200; pointCount *= 2) {
    const leaving = new AbortController();
    let isRunning = true;
    const heavy = reader
      .ask("query_range", heavyQuery(pointCount), { signal: leaving.signal })
      .finally(() => (isRunning = false));
    heavy.catch(() => {}); // it is cancelled below
    await waitFor(async () => !isRunning || (await runningQueryCount()) > 0, {
      what: "the heavy query to run",
    });
    for (let check = 0; check < HEALTH_CHECK_COUNT; check += 1) {
      expect(await healthText()).toBe("OK");
    }
    expect(await reader.vector("count(load)", startMs / 1_000 + 60)).toHaveLength(1);
    if (isRunning) {
      leaving.abort();
      return;
    }
    expect((await heavy).status).toBe(200);
  }
  throw new Error("no query outlasted the checks: is the main thread busy with it?");
});

test("a query ends when its client leaves", async () => {
  await waitFor(async () => (await runningQueryCount()) === 0, { what: "an idle vmselect" });
  const leaving = new AbortController();
  const heavy = cluster.reader().ask("query_range", heavyQuery(3_500), { signal: leaving.signal });
  const outcome = heavy.then(
    () => "answered",
    () => "left",
  );
  await waitFor(async () => (await runningQueryCount()) > 0, { what: "the query to run" });
  leaving.abort();
  expect(await outcome).toBe("left");
  await waitFor(async () => (await runningQueryCount()) === 0, { what: "the query to end" });
  // The worker that ran it is of use again.
  expect(await cluster.reader().vector("count(load)", startMs / 1_000 + 60)).toHaveLength(1);
});

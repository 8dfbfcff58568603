/**
 * What Grafana's Prometheus data source asks, as it asks it: POST forms, GET with parameters, resource calls of
 * the editor. Answers are checked for status and for the shape that Grafana reads.
 *
 * The requests were recorded from the data source itself. The full record lies outside this repository
 * (../shared/tests/grafana_requests.json) and is replayed when it is there; these are enough to notice a break.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Cluster } from "./harness/cluster.ts";
import { REPOSITORY } from "./harness/paths.ts";
import { sample } from "./harness/samples.ts";
import type { Answer } from "./harness/writer.ts";

interface GrafanaRequest {
  readonly when: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly form?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly note?: string;
}

const nowS = Math.floor(Date.now() / 1_000);
const startS = String(nowS - 3_600);
const endS = String(nowS);

const REQUESTS: readonly GrafanaRequest[] = [
  {
    when: "save and test",
    method: "POST",
    path: "api/v1/query",
    form: { query: "1+1", time: "4" },
  },
  { when: "save and test, version", method: "GET", path: "api/v1/status/buildinfo" },
  { when: "opened, rules", method: "GET", path: "api/v1/rules" },
  { when: "opened, alerts", method: "GET", path: "api/v1/alerts" },
  {
    when: "opened, exemplars, in milliseconds",
    method: "POST",
    path: "api/v1/query_exemplars",
    form: { query: "test", start: `${startS}123`, end: `${endS}123` },
  },
  { when: "editor, metadata", method: "GET", path: "api/v1/metadata", query: { limit: "40000" } },
  {
    when: "editor, metric names",
    method: "GET",
    path: "api/v1/label/__name__/values",
    query: { limit: "40000", start: startS, end: endS },
  },
  {
    when: "editor, labels of a metric",
    method: "POST",
    path: "api/v1/labels",
    form: { limit: "40000", start: startS, end: endS, "match[]": '{__name__="up"}' },
  },
  {
    when: "variable, series",
    method: "POST",
    path: "api/v1/series",
    form: { limit: "40000", start: startS, end: endS, "match[]": "up" },
  },
  {
    when: "panel, range",
    method: "POST",
    path: "api/v1/query_range",
    form: { query: "sum(rate(up[1m0s]))", start: startS, end: endS, step: "15" },
  },
  {
    when: "panel, instant",
    method: "POST",
    path: "api/v1/query",
    form: { query: "up", time: `${endS}.5` },
  },
  {
    when: "panel, a wrong query",
    method: "POST",
    path: "api/v1/query_range",
    form: { query: "sum(up", start: startS, end: endS, step: "15" },
  },
];

/** What Grafana reads of `data`, by the end of the path. */
function expectShape(path: string, data: unknown): void {
  if (path.endsWith("query") || path.endsWith("query_range")) {
    expect(data).toMatchObject({ resultType: expect.any(String), result: expect.any(Array) });
  } else if (path.endsWith("buildinfo")) {
    expect(data).toMatchObject({ version: expect.any(String) });
    // Features would make Grafana take us for Mimir.
    expect(Object.keys((data as { features?: object }).features ?? {})).toEqual([]);
  } else if (path.endsWith("rules")) {
    expect(data).toMatchObject({ groups: expect.any(Array) });
  } else if (path.endsWith("alerts")) {
    expect(data).toMatchObject({ alerts: expect.any(Array) });
  } else if (path.endsWith("metadata")) {
    expect(data).toBeTypeOf("object");
  } else {
    expect(data).toBeInstanceOf(Array);
  }
}

const running = new AsyncDisposableStack();
let cluster: Cluster;
beforeAll(async () => {
  cluster = running.use(await Cluster.start());
  await cluster.writer().write([
    {
      labels: { __name__: "up", job: "node", instance: "a:9100" },
      samples: [0, 15, 30, 45, 60].map((age) => sample((nowS - age) * 1_000, 1)),
    },
  ]);
});
afterAll(async () => running.disposeAsync());

async function ask({ method, path, form, query }: GrafanaRequest): Promise<Answer> {
  const inUrl = new URLSearchParams(query).toString();
  const apiPath = path.replace(/^api\/v1\//, "") + (method === "POST" && inUrl ? `?${inUrl}` : "");
  const parameters = method === "POST" ? (form ?? {}) : (query ?? {});
  return cluster.reader().ask(apiPath, parameters, { method });
}

async function expectSuccess(one: GrafanaRequest): Promise<void> {
  const answer = await ask(one);
  expect(answer).toMatchObject({ status: 200 });
  const { status, data } = JSON.parse(answer.text) as { status: string; data: unknown };
  expect(status).toBe("success");
  expectShape(one.path, data);
}

/** Grafana shows the type and the text of the error, and asks a resource again as GET after 400 or 405. */
async function expectRefusal(one: GrafanaRequest): Promise<void> {
  const { status, text } = await ask(one);
  expect({ status, answer: JSON.parse(text) as unknown }).toMatchObject({
    status: 400,
    answer: { status: "error", errorType: expect.any(String), error: expect.any(String) },
  });
}

const record = join(REPOSITORY, "../shared/tests/grafana_requests.json");
const recorded = existsSync(record)
  ? (JSON.parse(readFileSync(record, "utf8")) as { requests: GrafanaRequest[] }).requests.filter(
      // The ruler and the new search API are not there in Prometheus 3.5 either.
      ({ path }) => path.startsWith("api/v1/") && !path.startsWith("api/v1/search/"),
    )
  : [];
if (recorded.length === 0) {
  process.stderr.write("grafana: the full record is not here, a selection is replayed\n");
}
const isWrong = ({ when }: GrafanaRequest): boolean => when.includes("wrong query");
const all = [...REQUESTS, ...recorded];

test.for(all.filter((one) => !isWrong(one)))("$when: $method $path", expectSuccess);
test.for(all.filter(isWrong))("$when: the error as JSON", expectRefusal);

/** What the query API says about queries themselves: format_query, parse_query, places of errors, annotations, what is switched off. */
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TemporaryFolder } from "./harness/folder.ts";
import { Program } from "./harness/program.ts";

const running = new AsyncDisposableStack();
const urls: Record<"open" | "strict", string> = { open: "", strict: "" };

beforeAll(async () => {
  const folder = running.use(new TemporaryFolder());
  const start = async (name: "open" | "strict", flags: readonly string[]): Promise<void> => {
    const program = await Program.start({
      program: "vmsingle",
      name,
      flags: [`-storageDataPath=${folder.at(name)}`, ...flags],
    });
    running.defer(() => program.stop());
    urls[name] = program.url;
  };
  await start("open", []);
  await start("strict", ["-search.disableExperimentalPromQL=true"]);
});
afterAll(async () => running.disposeAsync());

async function ask(
  path: string,
  query: string,
  { method = "GET", url = urls.open }: { method?: "GET" | "POST"; url?: string } = {},
): Promise<{ status: number; answer: unknown }> {
  const form = new URLSearchParams({ query }).toString();
  const isGet = method === "GET";
  const { statusCode, body } = await request(
    `${url}/prometheus/api/v1/${path}${isGet ? `?${form}` : ""}`,
    {
      method,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      ...(isGet ? {} : { body: form }),
    },
  );
  return { status: statusCode, answer: await body.json() };
}

const success = (data: unknown) => ({ status: 200, answer: { status: "success", data } });
const badData = (message: string) => ({
  status: 400,
  answer: expect.objectContaining({
    status: "error",
    errorType: "bad_data",
    error: `invalid parameter "query": ${message}`,
  }) as unknown,
});

describe.for(["GET", "POST"] as const)("%s", (method) => {
  test("format_query lays a query out", async () => {
    expect(await ask("format_query", "sum(rate(x{b='1',a='2'}[5m]))by(job)", { method })).toEqual(
      success('sum by (job) (rate(x{a="2",b="1"}[5m]))'),
    );
    expect(await ask("format_query", "sum(", { method })).toEqual(
      badData("1:5: parse error: unclosed left parenthesis"),
    );
    expect(await ask("format_query", "", { method })).toEqual(
      badData("unknown position: parse error: no expression found in input"),
    );
  });

  test("parse_query shows its tree", async () => {
    expect(await ask("parse_query", "-x offset 5m", { method })).toEqual(
      success({
        type: "unaryExpr",
        op: "-",
        expr: {
          type: "vectorSelector",
          name: "x",
          matchers: [{ name: "__name__", type: "=", value: "x" }],
          offset: 300_000,
          timestamp: null,
          startOrEnd: null,
          anchored: false,
          smoothed: false,
        },
      }),
    );
  });
});

test("an error tells line, column and what was expected", async () => {
  expect(await ask("query", "sum(a)\n  by job")).toEqual(
    badData('2:6: parse error: unexpected identifier "job" in grouping opts, expected "("'),
  );
});

test("annotations stand beside the data, with their place", async () => {
  const { answer } = await ask("query", "quantile(2, vector(1)) + on() rate(vector(1)[5m:1m])");
  expect(answer).toMatchObject({
    status: "success",
    warnings: ["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"],
  });
});

test.for(["query", "format_query", "parse_query"])(
  "%s refuses what is experimental when told to",
  async (path) => {
    const strict = { url: urls.strict };
    expect(await ask(path, "1 + sort_by_label(x, 'a')", strict)).toEqual(
      badData('1:5: parse error: function "sort_by_label" is not enabled'),
    );
    expect(await ask(path, "rate(x[5m] smoothed)", strict)).toEqual(
      badData("1:6: parse error: smoothed modifier is experimental and not enabled"),
    );
    expect((await ask(path, "sort(x)", strict)).status).toBe(200);
    expect((await ask(path, "rate(x[5m] smoothed)")).status).toBe(200);
  },
);

/**
 * The query API beside that of a real Prometheus, request by request: the status, the errorType, and the answer byte by byte but
 * for what only a cluster tells (isPartial, stats).
 */
import { seededRandom } from "@tideline/common/testing";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { peersFolder } from "./harness/peers.ts";
import type { Reader } from "./harness/reader.ts";
import {
  API_REQUESTS,
  RAW_REQUESTS,
  type ApiRequest,
  type RawRequest,
} from "./oracle/api-requests.ts";
import { Oracle } from "./oracle/oracle.ts";
import { randomData } from "./oracle/random-data.ts";

const programs = peersFolder();

describe.skipIf(programs === undefined)("the query API", () => {
  const running = new AsyncDisposableStack();
  let oracle: Oracle;

  beforeAll(async () => {
    oracle = running.use(await Oracle.start({ programs: programs ?? "" }));
    await oracle.write(randomData(seededRandom(1)));
  });

  afterAll(async () => running.disposeAsync());

  // Prometheus has label/…/values for GET only.
  test.for(["GET", "POST"] as const)("answers as Prometheus does: %s", async (method) => {
    const different: string[] = [];
    for (const question of API_REQUESTS) {
      if (method === "POST" && question.path.startsWith("label/")) continue;
      const [theirs, ours] = await Promise.all(
        oracle.readers.map((reader) => answerOf(reader, question, method)),
      );
      if (theirs === ours) continue;
      const parameters = question.parameters.map(([name, value]) => `${name}=${value}`).join("&");
      different.push(`${question.path}?${parameters}\n  theirs ${theirs}\n  ours   ${ours}`);
    }
    expect(different).toEqual([]);
  });

  test("takes escapes, methods and bodies as Prometheus does", async () => {
    const { reference, cluster } = oracle;
    const urls = [reference.url, `${cluster.select.url}/select/0/prometheus`];
    const different: string[] = [];
    for (const asked of RAW_REQUESTS) {
      const [theirs, ours] = await Promise.all(urls.map((url) => rawAnswerOf(url, asked)));
      if (theirs !== ours)
        different.push(`${JSON.stringify(asked)}\n  theirs ${theirs}\n  ours   ${ours}`);
    }
    expect(different).toEqual([]);
  });
});

/** The same of a raw request; what neither answers in JSON is compared by its status. */
async function rawAnswerOf(
  baseUrl: string,
  { path, method, body, type }: RawRequest,
): Promise<string> {
  const answer = await request(`${baseUrl}/api/v1/${path}`, {
    method,
    headers: type === undefined ? {} : { "content-type": type },
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.body.text();
  return answer.statusCode === 405 ? "405" : comparable(answer.statusCode, text);
}

/** What has to be equal, as text. */
async function answerOf(
  reader: Reader,
  { path, parameters }: ApiRequest,
  method: "GET" | "POST",
): Promise<string> {
  const { status, text } = await reader.ask(path, parametersOf(parameters), { method });
  return comparable(status, text);
}

function comparable(status: number, text: string): string {
  if (status !== 200) {
    const { errorType } = JSON.parse(text) as { errorType: string };
    return `${status} ${errorType}`;
  }
  return text
    .replace(/^\{"status":"success","isPartial":false,/, '{"status":"success",')
    .replace(/,"stats":\{"seriesFetched":"\d+","executionTimeMsec":\d+\}\}$/, "}")
    .replaceAll(' for metric name \\"\\"', "");
}

function parametersOf(parameters: ApiRequest["parameters"]): Record<string, readonly string[]> {
  const lists: Record<string, string[]> = {};
  for (const [name, value] of parameters) (lists[name] ??= []).push(value);
  return lists;
}

/** Large answers go from the query worker to the client as fast as it reads: through worker, pool, HTTP and gzip. */
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { encodeTimestamps, encodeValues } from "@tideline/kernels";
import { DEFAULT_TENANT, seriesKey, type SeriesBlocks } from "@tideline/model";
import { FakeFrameSource } from "@tideline/wire/testing";
import { afterEach, expect, test, vi } from "vitest";
import { serveSelect } from "./select-fixtures.ts";

const SERIES_COUNT = 100;
const SAMPLE_COUNT = 4_000;
const START_S = 1_700_000_000;
const POINT_COUNT = SERIES_COUNT * SAMPLE_COUNT;
const PATH = `/p/api/v1/query_range?query=x&start=${START_S}&end=${START_S + SAMPLE_COUNT - 1}&step=1`;
const MIB = 2 ** 20;

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function series(): SeriesBlocks[] {
  const timestampsMs = Float64Array.from({ length: SAMPLE_COUNT }, (_, i) => (START_S + i) * 1_000);
  const timestamps = {
    id: 1,
    count: SAMPLE_COUNT,
    minMs: START_S * 1_000,
    maxMs: (START_S + SAMPLE_COUNT - 1) * 1_000,
    bytes: encodeTimestamps(timestampsMs),
  };
  return Array.from({ length: SERIES_COUNT }, (_, number) => {
    const labels = [
      { name: "__name__", value: "x" },
      { name: "number", value: String(number) },
    ];
    const bytes = encodeValues(timestampsMs.map((__, i) => i * (number + 1)));
    return { key: seriesKey(DEFAULT_TENANT, labels), blocks: [{ timestamps, bytes }] };
  });
}

async function startQueries(moreFlags: readonly string[] = []) {
  const { url, metrics, log } = await serveSelect(
    new FakeFrameSource({ series: series() }),
    cleanups,
    moreFlags,
  );
  const bufferedSize = async (): Promise<number> => {
    const text = await metrics.text();
    return Number(/^tideline_select_buffered_bytes (\S+)$/m.exec(text)?.[1]);
  };
  return { url, log, bufferedSize };
}

function withoutTime(text: string): string {
  return text.replace(/"executionTimeMsec":\d+/, "");
}

async function openAnswer(url: string): Promise<IncomingMessage> {
  const request = get(url + PATH);
  request.on("error", () => undefined);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.on("error", () => undefined);
  return response;
}

test("a large answer is whole, compressed or not", async () => {
  const { url, bufferedSize } = await startQueries();
  const plain = await (
    await fetch(url + PATH, { headers: { "Accept-Encoding": "identity" } })
  ).text();
  const packed = await fetch(url + PATH, { headers: { "Accept-Encoding": "gzip" } });
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(withoutTime(await packed.text()) === withoutTime(plain)).toBe(true);
  const { data } = JSON.parse(plain) as { data: { result: { values: unknown[] }[] } };
  expect(data.result).toHaveLength(SERIES_COUNT);
  expect(data.result.every(({ values }) => values.length === SAMPLE_COUNT)).toBe(true);
  await vi.waitFor(async () => {
    expect(await bufferedSize()).toBe(0);
  });
});

test("a client that reads nothing holds what the answer is made of, not the answer, until it leaves", async () => {
  const { url, bufferedSize } = await startQueries();
  const response = await openAnswer(url);
  response.pause();
  const heldSize = await bufferedSize();
  // Nine bytes a point in the worker, and chunks on their way; as text it is more than twenty.
  expect(heldSize).toBeGreaterThan(9 * POINT_COUNT);
  expect(heldSize).toBeLessThan(9 * POINT_COUNT + 2 * MIB);
  response.destroy();
  await vi.waitFor(async () => {
    expect(await bufferedSize()).toBe(0);
  });
  expect((await fetch(`${url}/p/api/v1/query?query=1`)).status).toBe(200);
});

test("clients that read slowly share a budget, and past it are told to come again", async () => {
  const { url, bufferedSize } = await startQueries(["-search.maxBufferedBytes=6MiB"]);
  const slow = await openAnswer(url);
  slow.pause();
  const refused = await fetch(url + PATH);
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).not.toBeNull();
  slow.destroy();
  await vi.waitFor(async () => {
    expect(await bufferedSize()).toBe(0);
  });
  expect((await (await fetch(url + PATH)).text()).length).toBeGreaterThan(20 * POINT_COUNT);
});

import { InputError, OverloadError } from "@tideline/model";
import { RowRouter } from "@tideline/wire";
import { FakeSeriesTable } from "@tideline/wire/testing";
import { expect, onTestFinished, test } from "vitest";
import {
  batchOf,
  everything,
  keyNumber,
  laneOptions,
  readSamples,
  SILENT_LOG,
} from "../lane/lane-fixtures.ts";
import type { LaneOptions } from "../lane/lane-options.ts";
import { testFolder } from "../testing/open-storage.ts";
import { LaneClient } from "./lane-client.ts";

interface Started {
  readonly client: LaneClient;
  readonly deaths: Error[];
}

async function start(options: Partial<LaneOptions>, heapSizeMax = 2 ** 27): Promise<Started> {
  const deaths: Error[] = [];
  const client = await LaneClient.start({
    lane: laneOptions({ retentionMs: 1e12, ...options, dataPath: testFolder() }),
    heapSizeMax,
    merging: null,
    log: SILENT_LOG,
    onFatal: (error) => deaths.push(error),
  });
  onTestFinished(() => client.close());
  return { client, deaths };
}

async function write(client: LaneClient, seriesCount: number): Promise<void> {
  const router = new RowRouter({
    targets: [{ name: "lane", send: (block) => client.append(1, block) }],
    chooseTarget: () => 0,
  });
  const ms = Date.now();
  const rows = Array.from({ length: seriesCount }, (_, i) => ({ key: keyNumber(i), ms, bits: 0n }));
  await router.write(batchOf(new FakeSeriesTable(), rows));
}

test("many large blocks pass a small ring, in order", async () => {
  const { client } = await start({});
  await Promise.all([1, 2, 3, 4].map(() => write(client, 20_000)));
  expect((await client.stats()).headSeries).toBe(20_000);
  expect((await readSamples(client.source, everything())).samples.size).toBe(20_000);
});

test("a block that fits no ring is refused", async () => {
  const { client } = await start({});
  expect(() => client.append(1, new Uint8Array(5 * 2 ** 20))).toThrow(InputError);
});

test("after closing nothing is taken, and closing again is fine", async () => {
  const { client, deaths } = await start({});
  const pending = client.stats();
  await client.close();
  expect((await pending).lane).toBe(0);
  await client.close();
  expect(() => client.append(1, new Uint8Array(8))).toThrow(OverloadError);
  const search = readSamples(client.source, everything());
  await expect(search).rejects.toThrow(OverloadError);
  expect(deaths).toEqual([]);
});

test(
  "a lane that dies is told once, and what waits for it fails",
  { timeout: 120_000 },
  async () => {
    const { client, deaths } = await start({ answerSizeMax: 2 ** 40 }, 40 * 2 ** 20);
    await write(client, 250_000);
    // The heap is too small for the answer on purpose.
    const { signal } = new AbortController();
    await expect(client.source.seriesKeys(everything(), 0, signal)).rejects.toThrow(OverloadError);
    expect(deaths.length).toBe(1);
    expect(() => client.append(1, new Uint8Array(8))).toThrow(OverloadError);
  },
);

test("an answer past its memory is an error of the question, not of the lane", async () => {
  const { client, deaths } = await start({ answerSizeMax: 100_000 });
  await write(client, 2000);
  const { signal } = new AbortController();
  await expect(client.source.seriesKeys(everything(), 0, signal)).rejects.toThrow("narrow");
  await expect(client.source.labelValues("instance", everything(), 0, signal)).rejects.toThrow(
    "narrow",
  );
  expect((await client.source.labelNames(everything(), 0, signal)).items.length).toBe(3);
  expect(deaths).toEqual([]);
});

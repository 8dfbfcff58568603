/** A data directory belongs to no lane count and to no program: what wrote it does not matter to what opens it. */
import { describe, expect, test } from "vitest";
import { request } from "undici";
import { TemporaryFolder } from "./harness/folder.ts";
import { untilAllNodesReachable } from "./harness/metrics.ts";
import { Program } from "./harness/program.ts";
import { Reader } from "./harness/reader.ts";
import { sample, type Series } from "./harness/samples.ts";
import { Writer } from "./harness/writer.ts";

const startMs = Math.floor(Date.now() / 1_000) * 1_000 - 120_000;
const endS = startMs / 1_000 + 60;
const SERIES_COUNT = 200;
const SAMPLE_COUNT = 30;

/** Distinct values, so that a sample in the wrong place is seen. */
function generation(number: number): Series[] {
  return Array.from({ length: SERIES_COUNT }, (_, index) => ({
    labels: { __name__: "lanes", generation: String(number), index: String(index) },
    samples: Array.from({ length: SAMPLE_COUNT }, (__, at) =>
      sample(startMs + at * 1_000, number * 1_000_000 + index * 1_000 + at + 0.25),
    ),
  }));
}

/** Every sample of a generation, by series index. */
async function readGeneration(reader: Reader, number: number): Promise<Map<string, string[]>> {
  const matrix = await reader.matrix(`lanes{generation="${number}"}[2m]`, endS);
  return new Map(
    matrix.map(({ metric, values }) => [
      metric["index"] ?? "",
      values.map(([time, value]) => `${time} ${value}`),
    ]),
  );
}

function expectedGeneration(number: number): Map<string, string[]> {
  return new Map(
    generation(number).map(({ labels }, index) => [
      labels["index"] ?? "",
      Array.from(
        { length: SAMPLE_COUNT },
        (_, at) => `${startMs / 1_000 + at} ${number * 1_000_000 + index * 1_000 + at + 0.25}`,
      ),
    ]),
  );
}

async function flush(program: Program): Promise<void> {
  const { statusCode, body } = await request(`${program.url}/internal/force_flush`);
  await body.dump();
  expect(statusCode).toBe(200);
}

describe.for([
  { name: "flushed to parts", isFlushed: true },
  { name: "in the write-ahead log alone", isFlushed: false },
])("data $name", ({ isFlushed }) => {
  test("written with 2 lanes opens with 1, with 4, and with 2 again", async () => {
    using folder = new TemporaryFolder();
    const dataPath = `-storageDataPath=${folder.at("data")}`;
    const withLanes = (count: number): string[] => [dataPath, `-storage.lanes=${count}`];
    const storage = await Program.start({ program: "vmstorage", flags: withLanes(2) });
    const [insert, select] = await Promise.all([
      Program.start({
        program: "vminsert",
        flags: [`-storageNode=${storage.address("vminsertAddr")}`],
      }),
      Program.start({
        program: "vmselect",
        flags: [`-storageNode=${storage.address("vmselectAddr")}`],
      }),
    ]);
    const writer = new Writer(`${insert.url}/insert/0/prometheus/api/v1/write`);
    const reader = new Reader(`${select.url}/select/0/prometheus`);
    try {
      await writer.write(generation(0));
      for (const [index, count] of [1, 4, 2].entries()) {
        if (isFlushed) await flush(storage);
        await (isFlushed ? storage.stop() : storage.kill());
        await storage.startAgain(withLanes(count));
        await storage.child.line(/successfully opened storage "/);
        await untilAllNodesReachable(insert, select);
        for (let number = 0; number <= index; number += 1) {
          expect(await readGeneration(reader, number)).toEqual(expectedGeneration(number));
        }
        // What this lane count writes must open with the next one as well.
        await writer.write(generation(index + 1));
        expect(await readGeneration(reader, index + 1)).toEqual(expectedGeneration(index + 1));
      }
    } finally {
      for (const program of [select, insert, storage]) await program.stop();
    }
  });
});

test("a directory of vmsingle opens in a vmstorage", async () => {
  using folder = new TemporaryFolder();
  const dataPath = `-storageDataPath=${folder.at("data")}`;
  const single = await Program.start({ program: "vmsingle", flags: [dataPath] });
  try {
    await new Writer(`${single.url}/api/v1/write`).write(generation(0));
    expect(await readGeneration(new Reader(single.url), 0)).toEqual(expectedGeneration(0));
    await flush(single);
    await new Writer(`${single.url}/api/v1/write`).write(generation(1));
  } finally {
    await single.stop();
  }

  const storage = await Program.start({ program: "vmstorage", flags: [dataPath] });
  const select = await Program.start({
    program: "vmselect",
    flags: [`-storageNode=${storage.address("vmselectAddr")}`],
  });
  try {
    const reader = new Reader(`${select.url}/select/0/prometheus`);
    expect(await readGeneration(reader, 0)).toEqual(expectedGeneration(0));
    expect(await readGeneration(reader, 1)).toEqual(expectedGeneration(1));
  } finally {
    await select.stop();
    await storage.stop();
  }
});

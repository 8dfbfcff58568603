/** A storage with the lanes of vmstorage: what they answer to leaves is what comes of their blocks. */
import { entryUrl } from "@tideline/common";
import { leafSourceOf } from "@tideline/engine";
import { DEFAULT_TENANT, seriesKey, type Leaf, type LeafResult } from "@tideline/model";
import { defaultStorageOptions, Storage } from "@tideline/storage";
import { frameKind, seriesSourceOf, type FrameSource } from "@tideline/wire";
import { FakeSeriesTable, rowBatch } from "@tideline/wire/testing";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const NEVER = new AbortController().signal;
const SERIES_COUNT = 700;
const SAMPLE_COUNT = 60;
const INTERVAL_MS = 15_000;
const END_MS = Date.now() - 60_000;

const folder = mkdtempSync(join(tmpdir(), "tideline-leaf-lanes-"));
let storage: Storage;

beforeAll(async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  storage = await Storage.open(
    { ...defaultStorageOptions(folder), laneCount: 2 },
    {
      log,
      onFatal: (error) => {
        throw error;
      },
      laneEntry: entryUrl(new URL("./leaf-lane-worker.ts", import.meta.url)),
    },
  );
  const table = new FakeSeriesTable();
  for (const [from, to] of [
    [0, 50],
    [50, SAMPLE_COUNT],
  ] as const) {
    await storage.write(rowBatch(table, rowsFrom(table, from, to)));
    // Of some series samples lie in parts and in the head.
    if (from === 0) await storage.forceFlush();
  }
});

afterAll(async () => {
  await storage.close();
  rmSync(folder, { recursive: true });
});

function rowsFrom(table: FakeSeriesTable, from: number, to: number) {
  const rows: { ref: number; timeMs: number }[] = [];
  for (let number = 0; number < SERIES_COUNT; number += 1) {
    const ref = table.refOf(
      seriesKey(DEFAULT_TENANT, [
        { name: "__name__", value: "x" },
        { name: "n", value: String(number) },
      ]),
    );
    for (let i = from; i < to; i += 1) {
      const timeMs = END_MS - (SAMPLE_COUNT - i) * INTERVAL_MS + (number % 3) * 1000;
      rows.push({ ref, timeMs });
    }
  }
  return rows;
}

/** The storage, as a node that has heard nothing of leaves. */
function older(source: FrameSource): FrameSource {
  return {
    searchFrames({ tenant, filters, startMs, endMs, seriesCountMax }, signal) {
      const query = { tenant, filters, startMs, endMs, seriesCountMax };
      return source.searchFrames(query, signal);
    },
    labelNames: (...args) => source.labelNames(...args),
    labelValues: (...args) => source.labelValues(...args),
    seriesKeys: (...args) => source.seriesKeys(...args),
    labelCounts: (...args) => source.labelCounts(...args),
  };
}

function kindsOf(source: FrameSource, kinds: string[]): FrameSource {
  return {
    ...older(source),
    searchFrames(query, signal) {
      const search = source.searchFrames(query, signal);
      return {
        coverage: () => search.coverage(),
        async *[Symbol.asyncIterator]() {
          for await (const frame of search) {
            kinds.push(frameKind(frame));
            yield frame;
          }
        },
      };
    },
  };
}

function shown({ columns, coverage, sampleCount }: LeafResult) {
  const { keys, values, presence } = columns;
  return { keys, values, presence, coverage, sampleCount };
}

test.for([
  ["rate(x[5m])", 0],
  ["rate(x[5m] offset 2m)", 0],
  ["x", 0],
  ["sum_over_time(x[10m])", 0],
  ["stddev_over_time(x[10m])", 30_000],
  ["x @ 5", 0],
] as const)("%s is worked out in the lanes", async ([text, dedupIntervalMs]) => {
  const leaf: Leaf = {
    tenant: DEFAULT_TENANT,
    text,
    grid: { startMs: END_MS, endMs: END_MS, stepMs: 60_000 },
    lookbackMs: 300_000,
    dedupIntervalMs,
    extraFilters: [],
    seriesCountMax: 0,
    sampleCountMax: 0,
  };
  const kinds: string[] = [];
  const asked = seriesSourceOf(kindsOf(storage, kinds));
  const plain = leafSourceOf(seriesSourceOf(older(storage)));
  const expected = shown(await plain.evaluate(leaf, NEVER));
  // The second time keys are named.
  for (let round = 0; round < 2; round += 1)
    expect(shown(await leafSourceOf(asked).evaluate(leaf, NEVER))).toEqual(expected);
  expect(new Set(kinds)).toEqual(new Set(text === "x @ 5" ? [] : ["rows"]));
  expect(expected.keys).toHaveLength(text === "x @ 5" ? 0 : SERIES_COUNT);
});

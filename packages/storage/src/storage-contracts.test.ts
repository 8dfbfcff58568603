import { seriesKey, type SeriesSource } from "@tideline/model";
import { describeRowSink, describeSeriesSource, type FakeSeries } from "@tideline/model/testing";
import { seriesSourceOf } from "@tideline/wire";
import { FakeSeriesTable } from "@tideline/wire/testing";
import { describe } from "vitest";
import { batchOf, everything, readSamples, type Row } from "./lane/lane-fixtures.ts";
import type { Storage } from "./storage.ts";
import { openStorage, testFolder, testOptions } from "./testing/open-storage.ts";

const TENANTS = [
  { accountId: 0, projectId: 0 },
  { accountId: 4, projectId: 5 },
];

function rowsOf({ tenant, labels, timestampsMs, values }: FakeSeries): Row[] {
  const key = seriesKey(tenant ?? { accountId: 0, projectId: 0 }, labels);
  const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length);
  return [...timestampsMs].map((ms, i) => ({ key, ms, bits: bits[i] as bigint }));
}

async function openFilled(series: readonly FakeSeries[]): Promise<Storage> {
  const storage = await openStorage(testOptions(testFolder()));
  const table = new FakeSeriesTable();
  const rows = series.flatMap(rowsOf);
  await storage.write(batchOf(table, rows));
  return storage;
}

describe("a storage with all in its heads", () => {
  describeSeriesSource(async (series) => seriesSourceOf(await openFilled(series)));
});

describe("a storage with samples in parts and heads", () => {
  describeSeriesSource(async (series): Promise<SeriesSource> => {
    const storage = await openFilled(series);
    await storage.forceFlush();
    const table = new FakeSeriesTable();
    // Some of the same again, and so in both.
    await storage.write(batchOf(table, series.slice(0, 10).flatMap(rowsOf)));
    return seriesSourceOf(storage);
  });
});

describe("a storage as a sink", () => {
  describeRowSink(async () => {
    const storage = await openStorage(testOptions(testFolder()));
    const read = async (): Promise<Map<string, bigint>> => {
      const kept = new Map<string, bigint>();
      for (const tenant of TENANTS) {
        const { samples } = await readSamples(storage, { ...everything(), tenant });
        for (const [key, series] of samples) {
          for (const [ms, bits] of series) kept.set(`${key} ${ms}`, bits);
        }
      }
      return kept;
    };
    return { sink: storage, read };
  });
});

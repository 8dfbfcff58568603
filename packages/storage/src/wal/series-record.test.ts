import { ByteWriter } from "@tideline/common";
import { FakeDisk, forEachSeed, seededRandom } from "@tideline/common/testing";
import { seriesKey } from "@tideline/model";
import { expect, test } from "vitest";
import {
  decodeSeriesRecord,
  keyInRecord,
  LABELS_PER_SERIES_MAX,
  SeriesRecordEncoder,
} from "./series-record.ts";
import {
  appendEntries,
  keyOfSeries,
  linesOf,
  openWal,
  randomGroup,
  randomSeriesGroup,
  readWal,
  SeriesFixture,
} from "./wal-fixtures.ts";

test("series that are defined together come back one by one, bit for bit, among other records", () => {
  forEachSeed(20, (random) => {
    const disk = new FakeDisk();
    const wal = openWal(disk, random.pick([1000, 1 << 30]));
    const entries = Array.from({ length: 6 }, () => [
      ...randomGroup(random, 20),
      randomSeriesGroup(random),
    ]).flat();
    for (const entry of entries) {
      appendEntries(wal, [entry]);
      wal.commit();
    }
    const { lines, report } = readWal(disk);
    expect(report).toMatchObject({ damage: [], tornTailSize: 0, unknownRecordCount: 0 });
    expect(lines).toEqual(linesOf(entries));
  });
});

test("a record holds series of one tenant, and tells each label once", () => {
  const writer = new ByteWriter();
  const encoder = new SeriesRecordEncoder();
  const series = new SeriesFixture();
  expect(encoder.encode(writer, 350, 2000, series)).toBe(400);
  const record = decodeSeriesRecord(writer.copy());
  expect(record).toMatchObject({
    firstSlot: 350,
    seriesCount: 50,
    tenant: { accountId: 0, projectId: 7 },
  });
  // 50 names, one instance, three values of each of three labels.
  expect(record.labelEnds).toHaveLength(50 + 1 + 9);
  expect(writer.size).toBeLessThan(50 * 50);
});

test("many series take several records, of 1,024 at most", () => {
  const writer = new ByteWriter();
  const encoder = new SeriesRecordEncoder();
  const series = new SeriesFixture((slot) =>
    seriesKey({ accountId: 1, projectId: 0 }, [{ name: "__name__", value: `m${slot}` }]),
  );
  expect(encoder.encode(writer, 5, 3000, series)).toBe(1029);
  expect(encoder.encode(writer, 1029, 3000, series)).toBe(2053);
});

test("a series of more labels than a record numbers has a record of its own kind", () => {
  const labels = Array.from({ length: LABELS_PER_SERIES_MAX + 1 }, (_, i) => ({
    name: `n${String(i).padStart(6, "0")}`,
    value: "v",
  }));
  const tenant = { accountId: 1, projectId: 0 };
  const keys = [keyOfSeries(0), seriesKey(tenant, labels), seriesKey(tenant, labels.slice(1))];
  const disk = new FakeDisk();
  const wal = openWal(disk);
  wal.appendSeries(0, 3, new SeriesFixture((slot) => keys[slot] as Uint8Array));
  wal.commit();
  const { lines, report } = readWal(disk);
  expect(report).toMatchObject({ recordCount: 3, definitionCount: 3, damage: [] });
  for (const [i, key] of keys.entries())
    expect(lines[i]?.endsWith(` ${Buffer.from(key).toString("hex")}`)).toBe(true);
});

test("a label that is pushed out of the writer's cache is told again, and comes back all the same", () => {
  const tenant = { accountId: 0, projectId: 0 };
  const keyOf = (...values: string[]): Uint8Array =>
    seriesKey(
      tenant,
      values.map((value, i) => ({ name: `n${i}`, value })),
    );
  // Labels 0 and 8192 take one place there.
  const keys = Array.from({ length: 8193 }, (_, i) => keyOf(`v${i}`));
  keys.push(keyOf("v0"), keyOf("v8192"), keyOf("v0", "x"));
  const series = new SeriesFixture((slot) => keys[slot] as Uint8Array);
  for (let slot = 0; slot < keys.length; slot += 1) series.labelsOf(slot);
  const writer = new ByteWriter();
  new SeriesRecordEncoder().encode(writer, 8193, 8196, series);
  const record = decodeSeriesRecord(writer.copy());
  expect([...record.labels]).toEqual([0, 1, 2, 3]);
  expect(keyInRecord(record, 2, 2)).toEqual(keys[8195]);
});

test("a record that lies about its counts is a RangeError", () => {
  const random = seededRandom(3);
  const writer = new ByteWriter();
  new SeriesRecordEncoder().encode(writer, 0, 20, new SeriesFixture());
  for (const at of [4, 8, 12, 16]) {
    const bytes = writer.copy();
    new DataView(bytes.buffer).setUint32(at, random.pick([0xffff_fff0, 0xffff_ffff]), true);
    expect(() => decodeSeriesRecord(bytes), `offset ${at}`).toThrow(RangeError);
  }
});

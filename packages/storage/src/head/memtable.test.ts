import { ByteWriter } from "@tideline/common";
import { forEachSeed } from "@tideline/common/testing";
import { beats, identityOf, seriesKey, wordsOf } from "@tideline/model";
import { expect, test } from "vitest";
import { decodeSeriesRecord, SeriesRecordEncoder } from "../wal/series-record.ts";
import { Memtable, NO_SLOT } from "./memtable.ts";
import { sortSamples } from "./sample-sort.ts";

const tenant = { accountId: 3, projectId: 4 };

function keyOf(labels: Record<string, string>): Uint8Array {
  return seriesKey(
    tenant,
    Object.entries(labels).map(([name, value]) => ({ name, value })),
  );
}

function bits(values: Float64Array, index: number): bigint {
  return new BigUint64Array(values.buffer, values.byteOffset)[index] as bigint;
}

/** Odd values among ordinary ones: NaNs with payloads, zeros of both signs, infinities, the staleness marker. */
const PATTERNS = new BigUint64Array([
  0x7ff0000000000002n,
  0x7ff8000000000000n,
  0x7ff0000000000001n,
  0xfff8000000001234n,
  0x8000000000000000n,
  0n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x3ff0000000000000n,
  0x4000000000000000n,
]);

test("a series keeps its slot, its key and its identity", () => {
  const table = new Memtable();
  const keys = Array.from({ length: 5000 }, (_, i) =>
    keyOf({
      __name__: `m${i % 7}`,
      instance: `host-${i}`,
      ["l".repeat(i % 200 || 1)]: "x".repeat(i),
    }),
  );
  for (const [i, key] of keys.entries()) {
    expect(table.find(identityOf(key), 0)).toBe(NO_SLOT);
    expect(table.register(identityOf(key), 0, key)).toBe(i);
  }
  for (const [i, key] of keys.entries()) {
    expect(table.register(identityOf(key), 0, key)).toBe(i);
    expect(Buffer.compare(table.keyOf(i), key)).toBe(0);
    expect(Buffer.compare(table.identityOf(i), identityOf(key))).toBe(0);
  }
  const dictionary = table.dictionary();
  expect(dictionary.seriesCount).toBe(keys.length);
  expect(Buffer.compare(dictionary.keyOf(4321), keys[4321] as Uint8Array)).toBe(0);
});

test("the series of a record are registered as one by one, in slots of their own or those they had", () => {
  const source = new Memtable();
  const keys = Array.from({ length: 900 }, (_, i) =>
    seriesKey({ accountId: 3, projectId: Math.floor(i / 300) }, [
      { name: "__name__", value: `m${i % 7}` },
      { name: "instance", value: `host-${i % 90}` },
      { name: "shard", value: `${i}` },
    ]),
  );
  for (const key of keys) source.register(identityOf(key), 0, key);
  const table = new Memtable();
  const early = [5, 700].map((slot) => keys[slot] as Uint8Array);
  for (const key of early) table.register(identityOf(key), 0, key);
  const encoder = new SeriesRecordEncoder();
  const slots = new Uint32Array(keys.length);
  for (let slot = 0; slot < keys.length;) {
    const writer = new ByteWriter();
    const end = encoder.encode(writer, slot, keys.length, source);
    table.registerAll(decodeSeriesRecord(writer.copy()), slots.subarray(slot, end));
    slot = end;
  }
  expect(slots[5]).toBe(0);
  expect(slots[700]).toBe(1);
  expect(slots[0]).toBe(2);
  expect(table.seriesCount).toBe(keys.length);
  for (const [i, key] of keys.entries()) {
    expect(table.find(identityOf(key), 0)).toBe(slots[i]);
    expect(Buffer.compare(table.keyOf(slots[i] as number), key)).toBe(0);
  }
  const inTenant = { accountId: 3, projectId: 1 };
  expect([...table.labels.labelNames(inTenant)]).toEqual([...source.labels.labelNames(inTenant)]);
  const expected = source.labels.postings(inTenant, "instance", "host-17");
  expect(expected.length).toBeGreaterThan(2);
  expect(Array.from(table.labels.postings(inTenant, "instance", "host-17"))).toEqual(
    Array.from(expected, (slot) => slots[slot]).toSorted((a, b) => Number(a) - Number(b)),
  );
});

test("a record whose series has another one's identity leaves it out, and its labels with it", () => {
  const source = new Memtable();
  const key = keyOf({ a: "1", b: "2" });
  source.register(identityOf(keyOf({ c: "3" })), 0, key);
  const writer = new ByteWriter();
  new SeriesRecordEncoder().encode(writer, 0, 1, source);
  const table = new Memtable();
  const other = keyOf({ c: "3" });
  table.register(identityOf(other), 0, other);
  const slots = new Uint32Array(1);
  table.registerAll(decodeSeriesRecord(writer.copy()), slots);
  expect(slots[0]).toBe(NO_SLOT);
  expect([...table.labels.labelNames(tenant)]).toEqual(["c"]);
});

test("two series never melt into one, even under one identity", () => {
  const table = new Memtable();
  const identity = identityOf(keyOf({ a: "1" }));
  expect(table.register(identity, 0, keyOf({ a: "1" }))).toBe(0);
  expect(table.register(identity, 0, keyOf({ a: "2" }))).toBe("identity_conflict");
});

test("bytes that are no canonical key are refused", () => {
  const good = keyOf({ a: "1", b: "2" });
  const table = new Memtable();
  for (let size = 0; size < good.length; size += 1) {
    const isShorterKey = size === good.length - 4;
    expect(
      table.register(new Uint8Array(16).fill(size), 0, good.subarray(0, size)),
      `${size}`,
    ).toBe(isShorterKey ? 0 : "bad_series_key");
  }
  const unordered = Buffer.concat([good.subarray(0, 8), good.subarray(12), good.subarray(8, 12)]);
  expect(table.register(new Uint8Array(16).fill(99), 0, unordered)).toBe("bad_series_key");
  const twice = Buffer.concat([good, good.subarray(12)]);
  expect(table.register(new Uint8Array(16).fill(99), 0, twice)).toBe("bad_series_key");
});

test("damaged keys are refused or taken as some key, and nothing else happens", () => {
  forEachSeed(2000, (random) => {
    const table = new Memtable();
    const bytes = keyOf({ __name__: "metric", instance: "x".repeat(200) });
    for (let i = 0; i <= random.below(3); i += 1) bytes[random.below(bytes.length)] = random.u32();
    const slot = table.register(new Uint8Array(16), 0, bytes);
    expect(["bad_series_key", 0]).toContain(slot);
    expect(slot !== 0 || Buffer.compare(table.keyOf(0), bytes) === 0).toBe(true);
  });
});

test("samples of any age and order come back ascending, merged by law 3, bit for bit", () => {
  forEachSeed(100, (random) => {
    const table = new Memtable();
    const seriesCount = 1 + random.below(5);
    for (let i = 0; i < seriesCount; i += 1) {
      const key = keyOf({ i: String(i) });
      table.register(identityOf(key), 0, key);
    }
    const model = Array.from({ length: seriesCount }, () => new Map<number, Float64Array>());
    const columns = { timestampsMs: new Float64Array(0), values: new Float64Array(0) };
    const disorder = random.pick([0, 0.05, 1]);
    let nowMs = 1_000_000;
    for (let block = 0; block < 30; block += 1) {
      const rowCount = random.below(40);
      const slots = new Uint32Array(rowCount);
      const times = new Float64Array(rowCount);
      const values = new Float64Array(rowCount);
      for (let row = 0; row < rowCount; row += 1) {
        nowMs += 1 + random.below(3);
        slots[row] = random.chance(0.1) ? NO_SLOT : random.below(seriesCount);
        times[row] = random.chance(disorder) ? 1_000_000 + random.below(200) - 100 : nowMs;
        const at = random.below(PATTERNS.length);
        wordsOf(values).set(new Uint32Array(PATTERNS.buffer, at * 8, 2), row * 2);
        const series = model[slots[row] as number];
        const known = series?.get(times[row] as number);
        const value = values.slice(row, row + 1);
        if (!known || beats(wordsOf(value), 0, wordsOf(known), 0))
          series?.set(times[row] as number, value);
      }
      table.append(slots, times, wordsOf(values), rowCount);
      if (random.chance(0.7)) continue;
      const slot = random.below(seriesCount);
      const count = table.read(slot, columns);
      const expected = [...(model[slot] as Map<number, Float64Array>)].toSorted(
        ([a], [b]) => a - b,
      );
      expect([...columns.timestampsMs.subarray(0, count)]).toEqual(expected.map(([ms]) => ms));
      const found = expected.map((_, i) => bits(columns.values, i));
      expect(found).toEqual(expected.map(([, value]) => bits(value, 0)));
      if (count === 0) continue;
      expect(table.meets(slot, expected[0]?.[0] ?? 0, Infinity)).toBe(true);
      expect(table.meets(slot, (expected.at(-1)?.[0] ?? 0) + 1, Infinity)).toBe(false);
    }
  });
});

test("sorting keeps one sample per time: the one that beats the others", () => {
  const times = Float64Array.of(5, 3, 5, 1, 3);
  const values = Float64Array.of(1, 2, 3, 4, 0);
  expect(sortSamples(times, values, 5)).toBe(3);
  expect([...times.subarray(0, 3)]).toEqual([1, 3, 5]);
  expect([...values.subarray(0, 3)]).toEqual([4, 2, 3]);
});

import { compress } from "snappyjs";
import { describe, expect, test } from "vitest";
import { LIMITS, hex, outcome, resolved, row } from "../testing/scan-outcome.ts";
import {
  bitsOf,
  encodeWriteRequest,
  type RequestSample,
  type RequestSeries,
} from "../testing/write-requests.ts";
import { PlainWriteScanner } from "./plain.ts";
import {
  KEY_HEADER_SIZE,
  LABEL_HEADER_SIZE,
  REASON_BIG_TIMESTAMP,
  REASON_KEY_TOO_LARGE,
  REASON_SMALL_TIMESTAMP,
  REF_BAD_FIRST,
  SCAN_BROKEN,
  SCAN_ROWS_FULL,
  SCAN_TABLE_FULL,
  type WriteScanLimits,
  type WriteScanner,
} from "./scanner.ts";
import { WasmWriteScanner } from "./wasm.ts";

const twins = [
  { name: "plain", make: (limits: WriteScanLimits): WriteScanner => new PlainWriteScanner(limits) },
  { name: "wasm", make: (limits: WriteScanLimits): WriteScanner => new WasmWriteScanner(limits) },
];

const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(/\s/g, ""), "hex");

// a="b", as a record of a TimeSeries
const AB = "0a06 0a0161 120162";
// 1.0 at 5 ms
const ONE_AT_5 = "120b 09000000000000f03f 1005";

function series(...fields: string[]): string {
  const inner = fields.join("").replaceAll(/\s/g, "");
  return `0a${(inner.length / 2).toString(16).padStart(2, "0")}${inner}`;
}

/** A sample of value 1. */
function at(timestampMs: bigint): RequestSample {
  return { bits: bitsOf(1), timestampMs };
}

function keysOf(scanner: WriteScanner): number[] {
  const keys: number[] = [];
  for (let key = 0; key < scanner.keysEnd; key = scanner.keyAfter(key)) keys.push(key);
  return keys;
}

/** `count` series of one sample each. */
function seriesList(count: number): RequestSeries[] {
  return Array.from({ length: count }, (_, i) => ({
    labels: [["a", String(i)]],
    samples: [at(1n)],
  }));
}

/** Ten series of three labels: one is of all shards, one takes ten values in each, one is the shard's. */
function shardOf(shard: number): RequestSeries[] {
  return Array.from({ length: 10 }, (_, i) => ({
    labels: [
      ["job", "node"],
      ["cpu", String((shard + i) % 10)],
      ["shard", String(shard)],
    ],
    samples: [at(1n)],
  }));
}

describe.for(twins)("write scan, $name", ({ make }) => {
  test.for([
    { name: "nothing at all", body: "", rows: [] },
    { name: "a sample", body: series(AB, ONE_AT_5), rows: [row(0, 5, 1)] },
    {
      name: "two samples",
      body: series(AB, ONE_AT_5, ONE_AT_5),
      rows: [row(0, 5, 1), row(0, 5, 1)],
    },
    {
      name: "a series twice",
      body: series(AB, ONE_AT_5) + series(AB, "1200"),
      rows: [row(0, 5, 1), row(0, 0, 0)],
    },
    { name: "a sample without value", body: series(AB, "1202 1005"), rows: [row(0, 5, 0)] },
    {
      name: "a sample without time",
      body: series(AB, "1209 09000000000000f03f"),
      rows: [row(0, 0, 1)],
    },
    {
      name: "time before value",
      body: series(AB, "120b 1005 09000000000000f03f"),
      rows: [row(0, 5, 1)],
    },
    { name: "scalars given twice", body: series(AB, "1204 1007 1005"), rows: [row(0, 5, 0)] },
    { name: "time -1", body: series(AB, "120b 10ffffffffffffffffff01"), rows: [row(0, -1, 0)] },
    {
      name: "a padded time of ten bytes",
      body: series(AB, "120b 1085808080808080808000"),
      rows: [row(0, 5, 0)],
    },
    {
      name: "a padded time of nine bytes",
      body: series(AB, "120a 10858080808080808000"),
      rows: [row(0, 5, 0)],
    },
    { name: "samples before labels", body: series(ONE_AT_5, AB), rows: [row(0, 5, 1)] },
    {
      name: "padded tags",
      body: "8a00 18 8a8000 06 0a0161 120162 9200 0b 09000000000000f03f 1005",
      rows: [row(0, 5, 1)],
    },
    { name: "a series without samples", body: series(AB), rows: [] },
    { name: "a series without labels", body: series(ONE_AT_5), rows: [row(0, 5, 1)] },
    { name: "an empty series", body: "0a00", rows: [] },
    {
      name: "a tag of ten bytes",
      body: "0a15 8a808080808080808000 06 0a0161 120162 1202 1005",
      rows: [row(0, 5, 0)],
    },
    {
      name: "unknown fields everywhere",
      body:
        "2001" +
        series(
          "2801",
          "0a08 0a0161 120162 1801",
          "2d00000000",
          "120d 09000000000000f03f 1801 1005",
          "33 3801 34",
        ) +
        "3a00",
      rows: [row(0, 5, 1)],
    },
    {
      name: "metadata, exemplars, histograms",
      body: "1a021801" + series(AB, "1a00", "2200", ONE_AT_5) + "1a00",
      rows: [row(0, 5, 1)],
    },
  ])("takes $name", ({ body, rows }) => {
    const seen = outcome(make(LIMITS), bytes(body));
    expect(seen.code).toBe(rows.length);
    expect(seen.rows).toEqual(rows);
  });

  test.for([
    { name: "a tag alone", body: "0a" },
    { name: "a series past the end", body: "0a05 0a00" },
    { name: "a label past its series", body: "0a02 0a01 00" },
    { name: "a name past its label", body: series("0a02 0a05", ONE_AT_5) },
    { name: "a sample past its series", body: `0a0a ${AB} 1203 1005` },
    { name: "a value past its sample", body: series(AB, "1204 09000000 00000000 00") },
    { name: "a time past its sample", body: series(AB, "1202 1085") + "01" },
    { name: "a time of eleven bytes", body: series(AB, "120c 108580808080808080808000") },
    { name: "a time of 65 bits", body: series(AB, "120b 10ffffffffffffffffff02") },
    { name: "field 0", body: "0200" },
    { name: "a tag past 32 bits", body: "8280808010 00" },
    { name: "a series as a number", body: "0801" },
    { name: "metadata as a number", body: "1801" },
    { name: "a label as a number", body: series("0801", ONE_AT_5) },
    { name: "a sample as a number", body: series(AB, "1001") },
    { name: "an exemplar as a number", body: series(AB, "1801") },
    { name: "a label's name as a number", body: series("0a02 0801", ONE_AT_5) },
    { name: "a label's name as a number, without samples", body: series("0a02 0801") },
    { name: "a value as a number", body: series(AB, "1202 0801") },
    { name: "a time as eight bytes", body: series(AB, "1209 110000000000000000") },
    { name: "wire type 6", body: "2600" },
    { name: "wire type 7", body: "2700" },
    { name: "the end of a group that never began", body: "24" },
    { name: "a group that never ends", body: "23 2801" },
    { name: "a group that another one's end ends", body: "23 2c" },
    { name: "groups too deep", body: "23".repeat(65) + "24".repeat(65) },
    { name: "a length past 32 bits", body: "0a 8080808080808080 01" },
  ])("refuses $name", ({ body }) => {
    const scanner = make(LIMITS);
    const good = bytes(series(AB, ONE_AT_5));
    const seen = outcome(scanner, Buffer.concat([good, bytes(body)]));
    expect(seen).toMatchObject({ code: SCAN_BROKEN, at: good.length, newKeys: [], used: 0 });
    // And nothing of it is left behind.
    expect(outcome(scanner, good).newKeys).toEqual([`0:0 ${AB.replaceAll(" ", "")}`]);
  });

  test("takes groups up to the depth it names", () => {
    expect(outcome(make(LIMITS), bytes("23".repeat(64) + "24".repeat(64))).code).toBe(0);
  });

  test("finds a known series again however its labels lie", () => {
    const scanner = make(LIMITS);
    const other = "0a06 0a0163 120164";
    expect(outcome(scanner, bytes(series(AB, other, ONE_AT_5))).newKeys).toHaveLength(1);
    expect(outcome(scanner, bytes(series(AB, ONE_AT_5, other)))).toMatchObject({
      newKeys: [],
      rows: [row(0, 5, 1)],
    });
    expect(outcome(scanner, bytes(series(ONE_AT_5, AB, "2801", other))).newKeys).toEqual([]);
    expect(outcome(scanner, bytes(series(other, AB, ONE_AT_5))).newKeys).toHaveLength(1);
  });

  test("keeps tenants apart", () => {
    const scanner = make(LIMITS);
    const body = bytes(series(AB, ONE_AT_5) + series(AB, ONE_AT_5));
    expect(outcome(scanner, body, [1, 0]).rows).toEqual([row(0, 5, 1), row(0, 5, 1)]);
    expect(outcome(scanner, body, [0, 1]).rows).toEqual([row(1, 5, 1), row(1, 5, 1)]);
    expect(outcome(scanner, body, [4_294_967_295, 4_294_967_295]).rows).toEqual([
      row(2, 5, 1),
      row(2, 5, 1),
    ]);
    expect(outcome(scanner, body, [1, 0]).rows).toEqual([row(0, 5, 1), row(0, 5, 1)]);
    expect(keysOf(scanner).map((key) => scanner.keyTenant(key))).toEqual([
      [1, 0],
      [0, 1],
      [4_294_967_295, 4_294_967_295],
    ]);
  });

  test("guesses never mix up tenants when a broken body gave its numbers back", () => {
    const scanner = make(LIMITS);
    const one = series(AB, ONE_AT_5);
    const two = series("0a06 0a0163 120164", ONE_AT_5);
    outcome(scanner, bytes(one), [1, 0]);
    // Learns that key 1 follows key 0, and is taken back; then key 1 is another tenant's.
    expect(outcome(scanner, bytes(one + two + "0a"), [1, 0]).code).toBe(SCAN_BROKEN);
    outcome(scanner, bytes(two), [2, 0]);
    expect(outcome(scanner, bytes(one + two), [1, 0]).rows).toEqual([row(0, 5, 1), row(2, 5, 1)]);
  });

  test("tells rows outside the safe timestamps and rows of bad keys apart", () => {
    const scanner = make(LIMITS);
    const body = encodeWriteRequest([
      {
        labels: [["a", "b"]],
        samples: [
          2n ** 53n,
          2n ** 53n - 1n,
          -(2n ** 53n),
          1n - 2n ** 53n,
          2n ** 63n - 1n,
          -(2n ** 63n),
        ].map(at),
      },
      { labels: [["c", "d"]], samples: [at(1n), at(2n ** 53n)] },
      { labels: [["e", "f".repeat(5_000)]], samples: [at(1n)] },
    ]);
    scanner.raw.set(body);
    expect(scanner.scan(body.length, 0, 0)).toBe(9);
    expect(scanner.keyCount).toBe(2);
    const [good, bad] = keysOf(scanner) as [number, number];
    scanner.setRef(good, 7);
    scanner.setRef(bad, REF_BAD_FIRST + 3);
    expect(resolved(scanner)).toEqual([row(7, 2 ** 53 - 1, 1), row(7, 1 - 2 ** 53, 1)]);
    expect(scanner.ignoredCounts[REASON_BIG_TIMESTAMP]).toBe(2);
    expect(scanner.ignoredCounts[REASON_SMALL_TIMESTAMP]).toBe(2);
    expect(scanner.ignoredCounts[3]).toBe(2);
    expect(scanner.ignoredCounts[REASON_KEY_TOO_LARGE]).toBe(1);
  });

  test("keeps the bits of values", () => {
    const scanner = make(LIMITS);
    const patterns = [
      "020000000000f07f",
      "010000000000f07f",
      "efbeadde0000f8ff",
      "0000000000000080",
    ];
    const samples = patterns.map((text, i) => ({ bits: bytes(text), timestampMs: BigInt(i) }));
    // A bad row in front makes the others move.
    const body = encodeWriteRequest([
      { labels: [["a", "b"]], samples: [{ bits: bitsOf(1), timestampMs: 2n ** 60n }, ...samples] },
    ]);
    expect(outcome(scanner, body).rows).toEqual(patterns.map((text, i) => `0 ${i} ${text}`));
  });

  test("tells where metadata lie, and counts those past its limit", () => {
    const scanner = make({ ...LIMITS, metadataCountMax: 1 });
    const seen = outcome(scanner, bytes(`${series(AB)} 1a03 120161 1a00`));
    expect(seen.counts).toEqual({
      seriesCount: 1,
      metadataCount: 2,
      exemplarCount: 0,
      histogramCount: 0,
    });
    expect(seen.metadata).toEqual([12, 3]);
  });

  test("says when rows, keys or the arena are used up, and keeps nothing", () => {
    const full = make({ ...LIMITS, rowCountMax: 3 });
    expect(outcome(full, encodeWriteRequest(seriesList(4)))).toMatchObject({
      code: SCAN_ROWS_FULL,
      newKeys: [],
      used: 0,
    });
    expect(outcome(full, encodeWriteRequest(seriesList(3))).code).toBe(3);

    // Broken labels in front of the sample that is one too many.
    const broken = make({ ...LIMITS, rowCountMax: 1 });
    expect(outcome(broken, bytes(series("0a020801", ONE_AT_5, ONE_AT_5))).code).toBe(SCAN_BROKEN);

    const keys = make({ ...LIMITS, keyCountMax: 3 });
    expect(outcome(keys, encodeWriteRequest(seriesList(2))).code).toBe(2);
    expect(outcome(keys, encodeWriteRequest(seriesList(4)))).toMatchObject({
      code: SCAN_TABLE_FULL,
      newKeys: [],
    });
    expect(outcome(keys, encodeWriteRequest(seriesList(3))).code).toBe(3);
    keys.reset();
    expect(keys.keyCount).toBe(0);
    expect(outcome(keys, encodeWriteRequest(seriesList(3))).newKeys).toHaveLength(3);

    // 20 a key, 12 a label, 12 the tenant.
    const arena = make({ ...LIMITS, arenaSize: 107 });
    expect(outcome(arena, encodeWriteRequest(seriesList(3)))).toMatchObject({
      code: SCAN_TABLE_FULL,
      newKeys: [],
      used: 0,
    });
    expect(outcome(arena, encodeWriteRequest(seriesList(2)))).toMatchObject({ code: 2, used: 76 });
    const exact = make({ ...LIMITS, arenaSize: 108 });
    expect(outcome(exact, encodeWriteRequest(seriesList(3)))).toMatchObject({ code: 3, used: 108 });

    // Three labels and the tenant.
    const labels = make({ ...LIMITS, labelCountMax: 3 });
    expect(outcome(labels, encodeWriteRequest(seriesList(3)))).toMatchObject({
      code: SCAN_TABLE_FULL,
      used: 0,
    });
    expect(outcome(labels, encodeWriteRequest(seriesList(2))).code).toBe(2);
  });

  test("keeps each label once, however many series have it", () => {
    const scanner = make(LIMITS);
    outcome(scanner, encodeWriteRequest(shardOf(0)));
    const used = scanner.arenaUsedSize;
    const seen = outcome(scanner, encodeWriteRequest(shardOf(1)));
    // Ten keys of three labels, and the one label that is new: 12 bytes.
    expect(seen.used).toBe(used + 10 * (KEY_HEADER_SIZE + 12) + LABEL_HEADER_SIZE + 12);
    expect(seen.newKeys).toHaveLength(10);
  });

  test("a broken body leaves no label behind", () => {
    const scanner = make(LIMITS);
    outcome(scanner, encodeWriteRequest(seriesList(3)));
    const used = scanner.arenaUsedSize;
    const broken = Buffer.concat([encodeWriteRequest(seriesList(30)), bytes("0a")]);
    expect(outcome(scanner, broken, [5, 6])).toMatchObject({ code: SCAN_BROKEN, used });
    expect(outcome(scanner, encodeWriteRequest(seriesList(30)), [5, 6]).newKeys).toHaveLength(30);
  });

  test("decompresses into its own memory", () => {
    const scanner = make(LIMITS);
    const body = encodeWriteRequest([
      { labels: [["a", "b"]], samples: [{ bits: bitsOf(1), timestampMs: 5n }] },
    ]);
    const packed = compress(body);
    scanner.input.set(packed);
    expect(scanner.unsnap(packed.length)).toBe(body.length);
    expect(hex(scanner.raw.subarray(0, body.length))).toBe(hex(body));
  });
});

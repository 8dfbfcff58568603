import { fileURLToPath } from "node:url";
import { forEachSeed, type Random } from "@tideline/common/testing";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { LIMITS, hex, outcome, row } from "../testing/scan-outcome.ts";
import {
  bitsOf,
  encodeWriteRequest,
  strangeWriteRequest,
  type RequestSeries,
} from "../testing/write-requests.ts";
import { PlainWriteScanner } from "./plain.ts";
import { SCAN_BROKEN, SCAN_ROWS_FULL, SCAN_TABLE_FULL, type WriteScanner } from "./scanner.ts";
import { WasmWriteScanner } from "./wasm.ts";

function randomSeries(random: Random): RequestSeries {
  const name = (): string =>
    random.pick(["__name__", "job", "instance", "le", "ä", "x".repeat(random.below(300))]);
  const value = (): string =>
    random.pick([
      "",
      "up",
      "node:9100",
      "0.5",
      "v".repeat(random.below(2_200)),
      String(random.below(50)),
    ]);
  const time = (): bigint =>
    random.pick([
      0n,
      1_700_000_000_000n + BigInt(random.below(1e6)),
      -5n,
      2n ** 53n,
      -(2n ** 63n),
      BigInt(random.u32()),
    ]);
  return {
    labels: Array.from({ length: random.below(8) }, () => [name(), value()] as const),
    samples: Array.from({ length: random.pick([0, 1, 1, 1, 4]) }, () => ({
      bits: random.chance(0.2) ? new Uint8Array(8) : random.bytes(8),
      timestampMs: time(),
    })),
    exemplarCount: random.pick([0, 0, 2]),
    histogramCount: random.pick([0, 0, 1]),
  };
}

function text(field: unknown): string {
  return typeof field === "string" ? hex(Buffer.from(field)) : hex(field as Uint8Array);
}

/** Timestamps as the scan gives them. */
function clamped(rows: string[]): string[] {
  return rows.map((line) =>
    line.replace(/ (-?\d+) /, (_, digits: string) => {
      const time = BigInt(digits);
      const safe = BigInt.asIntN(54, time) === time && time !== -(2n ** 53n);
      return safe ? ` ${digits} ` : time > 0n ? " Infinity " : " -Infinity ";
    }),
  );
}

/** protobufjs wants tags and lengths of at most five bytes; Prometheus and the scan take ten. */
function isLongVarint(error: unknown): boolean {
  return error instanceof Error && /^invalid (tag|length) encoding$/.test(error.message);
}

describe("against protobufjs", () => {
  const proto = fileURLToPath(
    new URL("../../../../proto/prometheus/remote.proto", import.meta.url),
  );
  const WriteRequest = protobuf.loadSync(proto).lookupType("prometheus.WriteRequest");

  /** Insides that the scan does not look at are bytes here. */
  const loose = protobuf.parse(`syntax = "proto3";
    message WriteRequest { repeated TimeSeries timeseries = 1; repeated bytes metadata = 3; }
    message TimeSeries {
      repeated Label labels = 1; repeated Sample samples = 2; repeated bytes exemplars = 3; repeated bytes histograms = 4;
    }
    message Label { bytes name = 1; bytes value = 2; }
    message Sample { double value = 1; int64 timestamp = 2; }`).root;
  const LooseRequest = loose.lookupType("WriteRequest");
  const LooseSeries = loose.lookupType("TimeSeries");

  interface Decoded {
    readonly timeseries: {
      readonly labels: { readonly name: unknown; readonly value: unknown }[];
      readonly samples: { readonly value: number; readonly timestamp: { toString(): string } }[];
      readonly exemplars: unknown[];
      readonly histograms: unknown[];
    }[];
    readonly metadata: unknown[];
  }

  /** Every row as text, with its labels. */
  function decodedRows(request: Decoded): string[] {
    return request.timeseries.flatMap(({ labels, samples }) => {
      const key = labels.map(({ name, value }) => `${text(name)}=${text(value)}`).join();
      return samples.map(({ value, timestamp }) => `${key} ${timestamp.toString()} ${value}`);
    });
  }

  function scannedRows(scanner: WriteScanner, body: Uint8Array): string[] | number {
    scanner.raw.set(body);
    const count = scanner.scan(body.length, 0, 0);
    if (count < 0) return count;
    return Array.from({ length: count }, (_, i) => {
      const series_ = LooseSeries.decode(
        scanner.keyRecords(scanner.refs[i] as number),
      ) as unknown as Decoded["timeseries"][number];
      const key = series_.labels.map(({ name, value }) => `${text(name)}=${text(value)}`).join();
      return `${key} ${scanner.timestampsMs[i]} ${scanner.values[i]}`;
    });
  }

  test("any legal spelling gives the same rows and counts", () => {
    const scanner = new WasmWriteScanner({ ...LIMITS, keySizeMax: 100_000 });
    forEachSeed(600, (random) => {
      scanner.reset();
      const pool = Array.from({ length: 1 + random.below(5) }, () => randomSeries(random));
      const list = Array.from({ length: random.below(12) }, () => random.pick(pool));
      const body = strangeWriteRequest(random, list, random.below(3));
      const decoded = WriteRequest.decode(body) as unknown as Decoded;
      expect(scannedRows(scanner, body)).toEqual(clamped(decodedRows(decoded)));
      expect(scanner.counts).toEqual({
        seriesCount: decoded.timeseries.length,
        metadataCount: decoded.metadata.length,
        exemplarCount: decoded.timeseries.reduce((sum, one) => sum + one.exemplars.length, 0),
        histogramCount: decoded.timeseries.reduce((sum, one) => sum + one.histograms.length, 0),
      });
    });
  });

  test("what is taken of damaged bodies is what protobufjs reads", () => {
    const scanner = new WasmWriteScanner({ ...LIMITS, keySizeMax: 100_000 });
    let takenCount = 0;
    forEachSeed(2_000, (random) => {
      scanner.reset();
      const list = [randomSeries(random), randomSeries(random)];
      const body = damaged(random, strangeWriteRequest(random, list));
      try {
        const rows = scannedRows(scanner, body);
        if (typeof rows === "number") return;
        const decoded = LooseRequest.decode(body) as unknown as Decoded;
        expect(rows).toEqual(clamped(decodedRows(decoded)));
        takenCount += 1;
      } catch (error) {
        if (!isLongVarint(error)) throw error;
      }
    });
    expect(takenCount).toBeGreaterThan(400);
  });
});

function damaged(random: Random, body: Buffer): Buffer {
  const result = Buffer.from(
    body.subarray(0, random.chance(0.2) ? random.below(body.length + 1) : body.length),
  );
  for (let i = random.below(4); i > 0 && result.length > 0; i -= 1) {
    const at = random.below(result.length);
    if (random.chance(0.5)) result[at] = (result[at] as number) ^ (1 << random.below(8));
    else result[at] = random.pick([0, 0x0a, 0x12, 0x09, 0x10, 0x80, 0xff, 0x7f, 0x23, 0x24]);
  }
  return result;
}

describe("twin against twin", () => {
  const limits = {
    ...LIMITS,
    rawSizeMax: 1 << 16,
    rowCountMax: 25,
    keyCountMax: 40,
    labelCountMax: 90,
    arenaSize: 20_000,
    keySizeMax: 2_500,
    metadataCountMax: 3,
  };

  test("tables that live through many bodies, good and damaged, stay equal", () => {
    const plain = new PlainWriteScanner(limits);
    const wasm = new WasmWriteScanner(limits);
    const codes = new Map<number, number>();
    forEachSeed(150, (random) => {
      plain.reset();
      wasm.reset();
      const pool = Array.from({ length: 12 }, () => randomSeries(random));
      for (let i = 0; i < 25; i += 1) {
        const start = random.below(pool.length);
        // Mostly in the order of last time, as senders do.
        const list = Array.from({ length: random.below(20) }, (_, k) =>
          random.chance(0.1)
            ? randomSeries(random)
            : (pool[(start + k) % pool.length] as RequestSeries),
        );
        let body = strangeWriteRequest(random, list, random.below(5)).subarray(0, 1 << 15);
        if (random.chance(0.3)) body = damaged(random, body);
        const tenant = [random.below(2), random.below(2)] as const;
        const expected = outcome(plain, body, tenant);
        expect(outcome(wasm, body, tenant)).toEqual(expected);
        const kind = Math.min(expected.code, 0);
        codes.set(kind, (codes.get(kind) ?? 0) + 1);
        if (expected.code === SCAN_TABLE_FULL) {
          plain.reset();
          wasm.reset();
        }
      }
    });
    for (const kind of [0, SCAN_BROKEN, SCAN_ROWS_FULL, SCAN_TABLE_FULL]) {
      expect(codes.get(kind) ?? 0, `bodies that end with ${kind}`).toBeGreaterThan(20);
    }
  });

  test("every truncation of a body", () => {
    const plain = new PlainWriteScanner(limits);
    const wasm = new WasmWriteScanner(limits);
    forEachSeed(6, (random) => {
      const body = strangeWriteRequest(
        random,
        [randomSeries(random), randomSeries(random)],
        1,
      ).subarray(0, 3_000);
      for (let size = 0; size <= body.length; size += 1) {
        const cut = body.subarray(0, size);
        const expected = outcome(plain, cut);
        expect(outcome(wasm, cut)).toEqual(expected);
        if (expected.code === SCAN_TABLE_FULL) {
          plain.reset();
          wasm.reset();
        }
      }
    });
  });

  test("keys of every length are told apart by their last byte", () => {
    const wasm = new WasmWriteScanner({ ...LIMITS, keySizeMax: 5_000 });
    for (let size = 1; size < 3_300; size += size < 150 ? 1 : 97) {
      const body = encodeWriteRequest(
        ["1", "2", "1"].map((last) => ({
          labels: [["a", "x".repeat(size) + last]] as const,
          samples: [{ bits: bitsOf(1), timestampMs: 5n }],
        })),
      );
      wasm.reset();
      expect(outcome(wasm, body).rows).toEqual([row(0, 5, 1), row(1, 5, 1), row(0, 5, 1)]);
    }
  });

  test("keys are found again when the slots have grown", () => {
    const large = {
      ...LIMITS,
      keyCountMax: 40_000,
      labelCountMax: 50_000,
      arenaSize: 4 << 20,
      rowCountMax: 50_000,
    };
    const plain = new PlainWriteScanner(large);
    const wasm = new WasmWriteScanner(large);
    for (const start of [0, 2_000, 9_000, 0]) {
      const body = encodeWriteRequest(
        Array.from({ length: 12_000 }, (_, i) => ({
          labels: [["a", String((start + i * 7) % 41_000)]] as const,
          samples: [{ bits: bitsOf(i), timestampMs: 5n }],
        })),
      );
      expect(outcome(wasm, body)).toEqual(outcome(plain, body));
    }
    expect(wasm.keyCount).toBeGreaterThan(20_000);
    wasm.reset();
    plain.reset();
    const body = encodeWriteRequest([{ labels: [["b", "1"]], samples: [] }]);
    expect(outcome(wasm, body)).toEqual(outcome(plain, body));
  });

  test("guesses hit when a sender repeats itself", () => {
    const wasm = new WasmWriteScanner(LIMITS);
    const body = encodeWriteRequest(
      Array.from({ length: 100 }, (_, i) => ({
        labels: [["a", String(i)]] as const,
        samples: [{ bits: bitsOf(i), timestampMs: 5n }],
      })),
    );
    outcome(wasm, body);
    outcome(wasm, body);
    expect(wasm.predictedCount).toBe(99);
  });
});

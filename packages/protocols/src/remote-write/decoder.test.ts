import { constants, zstdCompressSync } from "node:zlib";
import { forEachSeed } from "@tideline/common/testing";
import {
  bitsOf,
  encodeWriteRequest,
  strangeWriteRequest,
  type RequestSeries,
} from "@tideline/kernels/testing";
import { DEFAULT_LABEL_LIMITS, InputError, OverloadError, seriesKey } from "@tideline/model";
import { compress } from "snappyjs";
import { describe, expect, test } from "vitest";
import { rowsOf } from "../testing/rows-of.ts";
import { RemoteWriteDecoder } from "./decoder.ts";

const OPTIONS = { tableSize: 1 << 20, bodySizeMax: 1 << 18, limits: DEFAULT_LABEL_LIMITS };
const HEAD = { tenant: { accountId: 0, projectId: 0 } };

type Labels = RequestSeries["labels"];

function one(labels: Labels, timestampMs = 1_000n): RequestSeries {
  return { labels, samples: [{ bits: bitsOf(1), timestampMs }] };
}

function body(series: readonly RequestSeries[], metadataCount = 0): Uint8Array[] {
  return [compress(encodeWriteRequest(series, metadataCount))];
}

/** `count` series, one sample each. */
function numbered(from: number, count: number): RequestSeries[] {
  return Array.from({ length: count }, (_, i) => one([["a", String(from + i)]]));
}

function refusal(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("nothing was refused");
}

describe("spellings of one series", () => {
  const spellings: Labels[] = [
    [
      ["__name__", "up"],
      ["job", "a"],
    ],
    [
      ["job", "a"],
      ["__name__", "up"],
    ],
    [
      ["__name__", "up"],
      ["job", "a"],
      ["gone", ""],
    ],
    [
      ["__name__", "up"],
      ["job", "old"],
      ["job", "a"],
    ],
  ];

  test("share a ref, whichever came first", () => {
    forEachSeed(10, (random) => {
      const decoder = new RemoteWriteDecoder(OPTIONS);
      const order = spellings.toSorted(() => random.float() - 0.5);
      const { batch } = decoder.decode(HEAD, body(order.map((labels) => one(labels))));
      expect([...batch.refs.subarray(0, batch.rowCount)]).toEqual([0, 0, 0, 0]);
      expect(decoder.stats()).toMatchObject({ refCount: 1, keyCount: 4 });
      const key = seriesKey(HEAD.tenant, [
        { name: "__name__", value: "up" },
        { name: "job", value: "a" },
      ]);
      expect([...batch.series.keyOf(0)]).toEqual([...key]);
    });
  });

  test("of two tenants do not", () => {
    const decoder = new RemoteWriteDecoder(OPTIONS);
    const list = body([one(spellings[0] as Labels)]);
    const first = decoder.decode(HEAD, list);
    const second = decoder.decode({ tenant: { accountId: 0, projectId: 1 } }, list);
    expect([first.batch.refs[0], second.batch.refs[0]]).toEqual([0, 1]);
    expect(rowsOf(second.batch)[0]).toMatch(/^0:1 /);
  });

  test("in protobuf itself give the same rows", () => {
    forEachSeed(100, (random) => {
      const pool = [
        ...spellings,
        [
          ["a", "x".repeat(random.below(300))],
          ["b".repeat(1 + random.below(250)), "ü"],
        ] as Labels,
      ];
      const series = Array.from({ length: random.below(10) }, () =>
        one(random.pick(pool), BigInt(random.u32())),
      );
      const plain = new RemoteWriteDecoder(OPTIONS).decode(HEAD, body(series));
      const strange = new RemoteWriteDecoder(OPTIONS).decode(HEAD, [
        compress(strangeWriteRequest(random, series, 1)),
      ]);
      expect(rowsOf(strange.batch)).toEqual(rowsOf(plain.batch));
    });
  });
});

describe("rows that cannot be kept", () => {
  test("are dropped and counted by reason, every time, and the others kept", () => {
    const decoder = new RemoteWriteDecoder(OPTIONS);
    const many = Array.from({ length: 41 }, (_, i) => [`label${i}`, "x"] as const);
    const series = [
      one([["good", "1"]]),
      one([]),
      one([["empty", ""]]),
      one([["", "x"]]),
      one(many),
      one([["n".repeat(257), "x"]]),
      one([["name", "v".repeat(4_097)]]),
      one([["name", "v".repeat(200_000)]]),
      one([["good", "1"]], 2n ** 53n),
      one([["good", "1"]], -(2n ** 53n)),
      one([["good", "2"]]),
    ];
    for (let round = 0; round < 2; round += 1) {
      const decoded = decoder.decode(HEAD, body(series));
      expect(rowsOf(decoded.batch)).toEqual([
        "0:0 good=1 1000 000000000000f03f",
        "0:0 good=2 1000 000000000000f03f",
      ]);
      expect(decoded.ignoredByReason).toEqual({
        no_labels: 2,
        empty_label_name: 1,
        too_many_labels: 1,
        too_long_label_name: 1,
        too_long_label_value: 1,
        too_large_labels: 1,
        big_timestamp: 1,
        small_timestamp: 1,
      });
    }
    expect(decoder.stats()).toMatchObject({ refCount: 2, keyCount: 8 });
  });

  test("may have labels that are no UTF-8", () => {
    const request = encodeWriteRequest([one([["a", "??"]]), one([["b", "c"]])]);
    request.fill(0xff, request.indexOf("??"), request.indexOf("??") + 2);
    const decoded = new RemoteWriteDecoder(OPTIONS).decode(HEAD, [compress(request)]);
    expect(decoded.ignoredByReason).toEqual({ invalid_utf8: 1 });
    expect(rowsOf(decoded.batch)).toHaveLength(1);
  });

  test("what is not stored yet is counted", () => {
    const series = [{ ...one([["a", "b"]]), samples: [], exemplarCount: 2, histogramCount: 3 }];
    const decoded = new RemoteWriteDecoder(OPTIONS).decode(HEAD, body(series, 4));
    expect(decoded).toMatchObject({
      seriesCount: 1,
      metadataCount: 4,
      exemplarCount: 2,
      histogramCount: 3,
      batch: { rowCount: 0 },
    });
  });
});

describe("headers", () => {
  const decoder = new RemoteWriteDecoder(OPTIONS);

  test.for([
    {},
    { contentType: "" },
    { contentType: "application/x-protobuf" },
    { contentType: "Application/X-Protobuf; charset=utf-8" },
    { contentType: "application/x-protobuf;proto=prometheus.WriteRequest" },
    { contentEncoding: "snappy" },
    { contentEncoding: " Snappy " },
    { contentEncoding: "zstd" },
  ])("%o is taken", (head) => {
    expect(() => decoder.check({ ...HEAD, ...head })).not.toThrow();
  });

  test.for([
    { contentType: "application/json" },
    { contentType: "application/x-protobuf;proto=io.prometheus.write.v2.Request" },
    { contentType: 'application/x-protobuf; proto="io.prometheus.write.v2.Request"' },
    { contentEncoding: "gzip" },
    { contentEncoding: "identity" },
  ])("%o is refused with 415", (head) => {
    expect(refusal(() => decoder.check({ ...HEAD, ...head }))).toMatchObject({ status: 415 });
  });
});

describe("zstd", () => {
  const request = encodeWriteRequest([one([["a", "b"]])]);
  const zstd = { ...HEAD, contentEncoding: "zstd" };
  const rows = ["0:0 a=b 1000 000000000000f03f"];
  const decoder = new RemoteWriteDecoder(OPTIONS);

  test("is decompressed, in one chunk or many", () => {
    const packed = zstdCompressSync(request);
    expect(rowsOf(decoder.decode(zstd, [packed]).batch)).toEqual(rows);
    const bytes = Array.from(packed, (byte) => Uint8Array.of(byte));
    expect(rowsOf(decoder.decode(zstd, bytes).batch)).toEqual(rows);
  });

  test("and snappy are told apart when the header has them the wrong way round", () => {
    expect(rowsOf(decoder.decode(zstd, [compress(request)]).batch)).toEqual(rows);
    expect(rowsOf(decoder.decode(HEAD, [zstdCompressSync(request)]).batch)).toEqual(rows);
  });

  test("a bomb is refused with 413", () => {
    const bomb = zstdCompressSync(new Uint8Array(OPTIONS.bodySizeMax + 1));
    expect(refusal(() => decoder.decode(zstd, [bomb]))).toMatchObject({ status: 413 });
  });

  test("a frame that does not tell its size is decompressed, and bombs are found all the same", () => {
    const params = { [constants.ZSTD_c_contentSizeFlag]: 0 };
    expect(rowsOf(decoder.decode(zstd, [zstdCompressSync(request, { params })]).batch)).toEqual(
      rows,
    );
    const bomb = zstdCompressSync(new Uint8Array(OPTIONS.bodySizeMax + 1), { params });
    expect(refusal(() => decoder.decode(zstd, [bomb]))).toMatchObject({ status: 413 });
  });

  test("a frame that lies about its size is refused", () => {
    const packed = zstdCompressSync(request, { pledgedSrcSize: request.length });
    for (const lie of [0, request.length - 1, request.length + 1, 255]) {
      const lying = Uint8Array.from(packed);
      // A single segment of less than 256 bytes: its size is the byte behind the descriptor.
      lying[5] = lie;
      expect(refusal(() => decoder.decode(zstd, [lying]))).toMatchObject({ status: 400 });
    }
  });

  test("every truncation is refused with 400", () => {
    const packed = zstdCompressSync(request);
    for (let size = 0; size < packed.length; size += 1) {
      const error = refusal(() => decoder.decode(zstd, [packed.subarray(0, size)]));
      expect(error).toBeInstanceOf(InputError);
      expect(error).toMatchObject({ status: 400 });
    }
  });
});

describe("a full table", () => {
  // Room for 50 labels: 49 series and the tenant.
  const options = { ...OPTIONS, tableSize: 8_000 };

  test("starts anew with the next epoch", () => {
    const decoder = new RemoteWriteDecoder(options);
    decoder.decode(HEAD, body(numbered(0, 40))).release();
    expect(decoder.series.epoch).toBe(1);
    const { batch } = decoder.decode(HEAD, body(numbered(100, 40)));
    expect(decoder.stats()).toMatchObject({ epoch: 2, refCount: 40, lentCount: 1 });
    expect(batch.refs[0]).toBe(0);
    expect(rowsOf(batch)[39]).toBe("0:0 a=139 1000 000000000000f03f");
    expect(batch.series.identities).toHaveLength(640);
  });

  test("asks for patience while batches of the old one are lent", () => {
    const decoder = new RemoteWriteDecoder(options);
    const lent = decoder.decode(HEAD, body(numbered(0, 40)));
    expect(refusal(() => decoder.decode(HEAD, body(numbered(100, 40))))).toBeInstanceOf(
      OverloadError,
    );
    // Also bodies that would fit: else the table would never come to rest.
    expect(refusal(() => decoder.decode(HEAD, body(numbered(0, 1))))).toBeInstanceOf(OverloadError);
    expect(rowsOf(lent.batch)).toHaveLength(40);
    lent.release();
    const next = decoder.decode(HEAD, body(numbered(100, 40)));
    expect(next.batch.series.epoch).toBe(2);
    expect(rowsOf(next.batch)).toHaveLength(40);
  });

  test("does not take a body that would not fit into an empty one", () => {
    const decoder = new RemoteWriteDecoder(options);
    expect(refusal(() => decoder.decode(HEAD, body(numbered(0, 60))))).toMatchObject({
      status: 413,
    });
    decoder.decode(HEAD, body(numbered(0, 49))).release();
  });
});

test("a body of more samples than there is room for is refused with 413", () => {
  const small = new RemoteWriteDecoder({ ...OPTIONS, bodySizeMax: 1_024 });
  const samples = Array.from({ length: 200 }, () => ({ bits: new Uint8Array(8), timestampMs: 0n }));
  const error = refusal(() => small.decode(HEAD, body([{ labels: [["a", "b"]], samples }])));
  expect(error).toMatchObject({ status: 413 });
});

test("nothing of a broken body is kept", () => {
  const decoder = new RemoteWriteDecoder(OPTIONS);
  const request = Buffer.concat([encodeWriteRequest([one([["a", "b"]])]), Buffer.from([0x0a])]);
  const error = refusal(() => decoder.decode(HEAD, [compress(request)]));
  expect(error).toMatchObject({ status: 400, code: "TIDELINE_BODY" });
  expect(decoder.stats()).toMatchObject({
    refCount: 0,
    keyCount: 0,
    arenaUsedSize: 0,
    lentCount: 0,
  });
});

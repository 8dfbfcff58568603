/**
 * Golden bytes: what was once sent or may lie in a WAL must stay readable, so a version's bytes never change. A
 * new layout gets a new version and a new folder in testdata/. TIDELINE_GOLDEN=write adds files that are missing.
 */
import { DEFAULT_TENANT, OverloadError, seriesKey } from "@tideline/model";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeFailure, encodeFailure } from "./failure/codec.ts";
import { CountFrameEncoder, decodeCountFrame } from "./label-counts/codec.ts";
import { decodeLaneBlocks, encodeLaneBlocks } from "./lane-blocks/codec.ts";
import { decodeReadRequest, encodeReadRequest } from "./read-request/codec.ts";
import { decodeRowBlockAnswer, encodeRowBlockAnswer, rowBlockAnswer } from "./row-block/answer.ts";
import { decodeRowBlock } from "./row-block/decode.ts";
import { encodeRowBlock } from "./row-block/encode.ts";
import { KeyedDefinitions } from "./row-block/keyed-definitions.ts";
import { decodeEndFrame, SeriesFrameDecoder } from "./series-frame/decode.ts";
import { encodeEndFrame, SeriesFrameEncoder } from "./series-frame/encode.ts";
import { decodeItemFrame, encodeItemFrames } from "./series-frame/items.ts";
import { encodeRowsFrame } from "./series-frame/rows-frame.ts";
import { ANY_QUERY, fakeSeries } from "./testing/fake-frame-source.ts";
import { FakeSeriesTable, rowBatch } from "./testing/fake-series-table.ts";

function rowBlock(timesMs: readonly number[]): Uint8Array {
  const table = new FakeSeriesTable();
  const rows = timesMs.map((timeMs, i) => ({
    ref: table.refOf(seriesKey(DEFAULT_TENANT, [{ name: "i", value: String(i) }])),
    timeMs,
  }));
  return encodeRowBlock({
    dictionary: 3,
    batch: rowBatch(table, rows),
    rows: Uint32Array.from(rows.keys()),
    rowsFrom: 0,
    rowsTo: rows.length,
    streamRefs: Uint32Array.from(rows, (_, i) => 10 + i),
    definitions: Uint32Array.of(1),
    definitionCount: 1,
    keyed: KeyedDefinitions.of([{ streamRef: 10, ref: 0, key: table.keyOf(0) }]),
  });
}

function seriesFrame(): Uint8Array {
  const encoder = new SeriesFrameEncoder();
  encoder.append(fakeSeries("a"));
  encoder.append(fakeSeries("b", 3));
  return encoder.takeRest() as Uint8Array;
}

function rowsFrame(): Uint8Array {
  const keys = { bytes: Buffer.from("abc"), isName: false, ends: Uint32Array.of(1, 3) };
  return encodeRowsFrame(keys, {
    stepCount: 1,
    values: Float64Array.of(1.5, 0),
    presence: Uint8Array.of(1, 0),
    sampleCount: 21,
    seriesSampleCountMax: 20,
  });
}

function countFrame(): Uint8Array {
  const encoder = new CountFrameEncoder();
  encoder.append(Buffer.from(""), Buffer.from(""), 300);
  encoder.append(Buffer.from("job"), Buffer.from("a"), 299);
  encoder.append(Buffer.from("job"), Buffer.from("é"), 1);
  return encoder.take() as Uint8Array;
}

const answer = rowBlockAnswer("unknownRefs", {
  unknownRefs: Uint32Array.of(1, 70_000),
  ignoredByReason: { too_old: 300 },
  retryAfterMs: 1000,
  message: "why",
});

const request = {
  kind: "labelValues",
  name: "job",
  limit: 5,
  query: { ...ANY_QUERY, filters: [[{ name: "a", operator: "=~", value: "b|c" }]] },
} as const;

const leafRequest = {
  kind: "search",
  query: {
    ...ANY_QUERY,
    leaf: {
      text: "rate(a[5m])",
      grid: { startMs: 7, endMs: 7, stepMs: 60_000 },
      lookbackMs: 300_000,
      dedupIntervalMs: 0,
    },
  },
} as const;

test.for([
  { file: "row-block-v1/equal", bytes: rowBlock([5, 5, 5]), decode: decodeRowBlock },
  {
    file: "row-block-v1/deltas",
    bytes: rowBlock([1_700_000_000_000, 1_699_999_999_999]),
    decode: decodeRowBlock,
  },
  { file: "row-block-v1/full", bytes: rowBlock([0, 2 ** 40]), decode: decodeRowBlock },
  {
    file: "row-block-v1/runs",
    bytes: rowBlock([5, 5, 5, 5, 9, 9, 9, 9, 4]),
    decode: decodeRowBlock,
  },
  {
    file: "row-block-v1/answer",
    bytes: encodeRowBlockAnswer(answer),
    decode: decodeRowBlockAnswer,
  },
  {
    file: "series-frame-v1/series",
    bytes: seriesFrame(),
    decode: (bytes: Uint8Array) => new SeriesFrameDecoder().decode(bytes),
  },
  {
    file: "series-frame-v1/rows",
    bytes: rowsFrame(),
    decode: (bytes: Uint8Array) => new SeriesFrameDecoder().decode(bytes),
  },
  {
    file: "series-frame-v1/items",
    bytes: [...encodeItemFrames([Buffer.from("a"), Buffer.from("é")])][0] as Uint8Array,
    decode: decodeItemFrame,
  },
  {
    file: "series-frame-v1/counts",
    bytes: countFrame(),
    decode: decodeCountFrame,
  },
  {
    file: "series-frame-v1/end",
    bytes: encodeEndFrame({ missing: [{ where: "node", reason: "away" }] }),
    decode: decodeEndFrame,
  },
  {
    file: "read-request-v1/label-values",
    bytes: encodeReadRequest(request),
    decode: decodeReadRequest,
  },
  {
    file: "read-request-v1/leaf",
    bytes: encodeReadRequest(leafRequest),
    decode: decodeReadRequest,
  },
  {
    file: "failure-v1/overload",
    bytes: encodeFailure(new OverloadError("CODE", "busy", { status: 429, retryAfterMs: 500 })),
    decode: decodeFailure,
  },
  {
    file: "lane-blocks-v1/two",
    bytes: Buffer.concat(
      encodeLaneBlocks([
        { lane: 2, bytes: Buffer.from("abc") },
        { lane: 7, bytes: Buffer.alloc(8, 1) },
      ]),
    ),
    decode: decodeLaneBlocks,
  },
])("$file is written as ever, and read", ({ file, bytes, decode }) => {
  const url = new URL(`../testdata/${file}.hex`, import.meta.url);
  const hex = `${(
    Buffer.from(bytes)
      .toString("hex")
      .match(/.{1,96}/g) ?? []
  ).join("\n")}\n`;
  if (process.env["TIDELINE_GOLDEN"] === "write" && !existsSync(url)) {
    mkdirSync(new URL(".", url), { recursive: true });
    writeFileSync(url, hex);
  }
  const golden = readFileSync(url, "utf8");
  expect(hex).toBe(golden);
  expect(decode(Buffer.from(golden.replaceAll("\n", ""), "hex"))).toBeDefined();
});

import { sampleText, writeSampleText } from "@tideline/kernels";
import { forEachSeed } from "@tideline/common/testing";
import { COMPLETE } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { blankColumns } from "../columns/columns.ts";
import { labelKey } from "../labels/label-key.ts";
import { floatText } from "@tideline/promql";
import type { ResultData } from "../query-types.ts";
import { CHUNK_SIZE } from "./byte-sink.ts";
import { writeResultJson } from "./result-json.ts";
import { timeText } from "./time-text.ts";

function written(value: number): string {
  const bytes = new Uint8Array(512);
  return Buffer.from(bytes.subarray(0, writeSampleText(value, bytes, 0))).toString();
}

function jsonOf(data: ResultData): string {
  const result = {
    data,
    coverage: COMPLETE,
    warnings: [],
    infos: [],
    seriesFetched: 0,
    samplesRead: 0,
  };
  return Buffer.concat([...writeResultJson(result)]).toString();
}

describe("digits", () => {
  test("decimals of every length are the shortest text that reads back", () => {
    forEachSeed(3_000, (random) => {
      const digits = random.below(10 ** (1 + random.below(15)));
      const value = (random.chance(0.5) ? -1 : 1) * (digits / 10 ** random.below(12));
      expect(written(value)).toBe(sampleText(value));
    });
  });

  test("floats of any bits are written as their text", () => {
    forEachSeed(3_000, (random) => {
      const value = new Float64Array(random.bytes(8).buffer)[0] as number;
      expect(written(value)).toBe(sampleText(value));
    });
  });

  test.for([
    0,
    -0,
    1,
    -1,
    10,
    0.5,
    0.1,
    99.99,
    123456789.123456,
    999999999999999,
    1e15,
    0.000001,
    0.0000001,
    0.000000001,
    1e6,
    2 ** 53,
    1 / 3,
    NaN,
    Infinity,
    -Infinity,
    100000000,
    12345678.9,
    0.3,
    1e-9,
  ])("%s", (value) => {
    expect(written(value)).toBe(sampleText(value));
  });

  test.for<[number, string]>([
    [0, "0"],
    [1_435_781_451_781, "1435781451.781"],
    [1_000, "1"],
    [1_100, "1.100"],
    [1_010, "1.010"],
    [-1_500, "-1.500"],
    [-5, "-0.005"],
  ])("%s ms is %s s", ([timeMs, text]) => {
    expect(timeText(timeMs)).toBe(text);
  });
});

describe("results", () => {
  test("a scalar", () => {
    const data: ResultData = { type: "scalar", timeMs: 1_500, value: Float64Array.of(Infinity) };
    expect(jsonOf(data)).toBe('{"resultType":"scalar","result":[1.5,"+Inf"]}');
  });

  test("a string is escaped", () => {
    const data: ResultData = { type: "string", timeMs: 0, text: 'ü"\n' };
    expect(jsonOf(data)).toBe('{"resultType":"string","result":[0,"ü\\"\\n"]}');
  });

  test("a scalar is written out, its time cut short", () => {
    const data: ResultData = { type: "scalar", timeMs: -1_250, value: Float64Array.of(1e21) };
    expect(jsonOf(data)).toBe('{"resultType":"scalar","result":[-1.25,"1000000000000000000000"]}');
  });

  test("a string is safe inside HTML", () => {
    const data: ResultData = { type: "string", timeMs: 0, text: "<a>&\u2028" };
    const escaped = String.raw`\u003ca\u003e\u0026\u2028`;
    expect(jsonOf(data)).toBe(`{"resultType":"string","result":[0,"${escaped}"]}`);
  });

  test("a vector: labels are escaped and keep their order, absent rows are left out", () => {
    const labels = [
      labelKey([
        { name: "__name__", value: "höhe" },
        { name: "path", value: 'C:\\"x"\n🙂' },
      ]),
      labelKey([{ name: "a", value: "absent" }]),
      "",
    ];
    const columns = blankColumns(labels, 1);
    columns.values.set([1.5, 2, NaN]);
    columns.presence.set([1, 0, 1]);
    const json = jsonOf({ type: "vector", timeMs: 1_000, columns });
    expect(JSON.parse(json)).toEqual({
      resultType: "vector",
      result: [
        { metric: { __name__: "höhe", path: 'C:\\"x"\n🙂' }, value: [1, "1.5"] },
        { metric: {}, value: [1, "NaN"] },
      ],
    });
  });

  test("a matrix leaves out absent points and empty rows", () => {
    const columns = blankColumns(["", labelKey([{ name: "a", value: "1" }])], 3);
    columns.values.set([0, 0, 0, 1, 2, 3]);
    columns.presence.set([0, 0, 0, 0, 1, 1]);
    const grid = { startMs: 0, endMs: 20_000, stepMs: 10_000 };
    expect(jsonOf({ type: "matrix", grid, columns })).toBe(
      '{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[10,"2"],[20,"3"]]}]}',
    );
  });

  test("an empty result is an empty list", () => {
    const columns = blankColumns([], 1);
    expect(jsonOf({ type: "vector", timeMs: 0, columns })).toBe(
      '{"resultType":"vector","result":[]}',
    );
  });

  test("raw samples", () => {
    const samples = {
      series: [
        {
          labels: labelKey([{ name: "a", value: "1" }]),
          timestampsMs: Float64Array.of(1_001, 2_000),
          values: Float64Array.of(1, 2.5),
        },
      ],
    };
    expect(jsonOf({ type: "samples", samples })).toBe(
      '{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[[1.001,"1"],[2,"2.5"]]}]}',
    );
  });

  test("a long answer comes in chunks, also one long label value", () => {
    const labels = Array.from({ length: 2_000 }, (_, i) =>
      labelKey([{ name: "a", value: String(i).padStart(i === 7 ? CHUNK_SIZE * 2 : 10, "x") }]),
    );
    const columns = blankColumns(labels, 20);
    columns.values.forEach((_, i) => (columns.values[i] = i / 7));
    columns.presence.fill(1);
    const grid = { startMs: 0, endMs: 19_000, stepMs: 1_000 };
    const result = {
      data: { type: "matrix" as const, grid, columns },
      coverage: COMPLETE,
      warnings: [],
      infos: [],
      seriesFetched: 0,
      samplesRead: 0,
    };
    const chunks = [...writeResultJson(result)];
    expect(chunks.length).toBeGreaterThan(3);
    const parsed = JSON.parse(Buffer.concat(chunks).toString()) as {
      result: { values: [number, string][] }[];
    };
    expect(parsed.result).toHaveLength(2_000);
    expect(parsed.result[1_999]?.values[19]).toEqual([19, floatText(39_999 / 7)]);
  });
});

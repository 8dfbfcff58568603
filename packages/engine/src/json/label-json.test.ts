import { seriesKey, type Label } from "@tideline/model";
import { expect, test } from "vitest";
import { CHUNK_SIZE } from "./byte-sink.ts";
import { writeSeriesJson } from "./label-json.ts";

const TENANT = { accountId: 1, projectId: 2 };

function jsonOf(series: readonly (readonly Label[])[]): string {
  return Buffer.concat([
    ...writeSeriesJson(series.map((labels) => seriesKey(TENANT, labels))),
  ]).toString();
}

test("series are a list of objects, in the order given", () => {
  const labels = [
    { name: "__name__", value: "up" },
    { name: "host", value: 'grün "\\\n' },
  ];
  expect(JSON.parse(jsonOf([labels, [{ name: "job", value: "x" }]]))).toEqual([
    { __name__: "up", host: 'grün "\\\n' },
    { job: "x" },
  ]);
  expect(jsonOf([])).toBe("[]");
});

test("many series come in chunks of bounded size", () => {
  const count = 20_000;
  const keys = Array.from({ length: count }, (_, i) =>
    seriesKey(TENANT, [{ name: "host", value: `host-${i}` }]),
  );
  const chunks = [...writeSeriesJson(keys)];
  expect(chunks.length).toBeGreaterThan(1);
  for (const chunk of chunks) expect(chunk.length).toBeLessThanOrEqual(CHUNK_SIZE);
  expect(JSON.parse(Buffer.concat(chunks).toString())).toHaveLength(count);
});

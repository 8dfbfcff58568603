import { forEachSeed } from "@tideline/common/testing";
import { CorruptionError, InputError, type SearchLeaf, type SearchQuery } from "@tideline/model";
import { expect, test } from "vitest";
import { decodeReadRequest, encodeReadRequest, type ReadRequest } from "./codec.ts";

const query: SearchQuery = {
  tenant: { accountId: 1, projectId: 0xffff_ffff },
  filters: [
    [
      { name: "__name__", operator: "=", value: "up" },
      { name: "job", operator: "!~", value: "a|ü" },
    ],
    [],
  ],
  startMs: -5,
  endMs: 1_700_000_000_000,
  seriesCountMax: 30_000,
};

function offer(seriesCount: number) {
  return { name: new Uint8Array(32).fill(seriesCount), seriesCount, keysSize: 2 ** 20 };
}

const leaf: SearchLeaf = {
  text: "rate(up[5m])",
  grid: { startMs: 5, endMs: 5, stepMs: 60_000 },
  lookbackMs: 300_000,
  dedupIntervalMs: 0,
};

const requests: ReadRequest[] = [
  { kind: "search", query },
  { kind: "search", query: { ...query, filters: [], seriesCountMax: 0 } },
  { kind: "search", query: { ...query, offers: [offer(1), offer(2)] } },
  { kind: "labelNames", query, limit: 0 },
  { kind: "labelValues", name: "instance", query, limit: 10 },
  { kind: "seriesKeys", query, limit: 2 ** 40 },
  { kind: "labelCounts", query },
  { kind: "search", query: { ...query, leaf } },
  { kind: "search", query: { ...query, offers: [offer(3)], leaf } },
];

test.for(requests)("a request comes back equal: $kind", (request) => {
  expect(decodeReadRequest(encodeReadRequest(request))).toEqual(request);
});

test("a request that no ring to a lane holds is refused at both ends", () => {
  const matcher = { name: "__name__", operator: "=", value: "a" } as const;
  const filters = Array.from({ length: 200_000 }, () => [matcher]);
  const request: ReadRequest = { kind: "seriesKeys", query: { ...query, filters }, limit: 0 };
  expect(() => encodeReadRequest(request)).toThrow(InputError);
  expect(() => decodeReadRequest(new Uint8Array(2 ** 21).fill(1))).toThrow(/2097152 bytes/);
});

test("more key lists than a request may offer are refused", () => {
  const offers = Array.from({ length: 257 }, (_, i) => offer(i));
  const bytes = encodeReadRequest({ kind: "search", query: { ...query, offers } });
  expect(() => decodeReadRequest(bytes)).toThrow(/257 key lists/);
});

test("every truncation is noticed", () => {
  const whole = encodeReadRequest(requests[4] as ReadRequest);
  for (let size = 0; size < whole.length; size += 1) {
    expect(() => decodeReadRequest(whole.subarray(0, size))).toThrow(CorruptionError);
  }
});

test("offers are there as a whole or not at all", () => {
  const whole = encodeReadRequest(requests[2] as ReadRequest);
  const sizeWithout = encodeReadRequest(requests[0] as ReadRequest).length;
  for (let size = sizeWithout + 1; size < whole.length; size += 1) {
    expect(() => decodeReadRequest(whole.subarray(0, size))).toThrow(CorruptionError);
  }
  expect(decodeReadRequest(whole.subarray(0, sizeWithout))).toEqual(requests[0]);
});

test("a leaf is there as a whole or not at all, and in sound numbers", () => {
  for (const [at, without] of [
    [7, 0],
    [8, 2],
  ] as const) {
    const whole = encodeReadRequest(requests[at] as ReadRequest);
    const sizeWithout = encodeReadRequest(requests[without] as ReadRequest).length;
    for (let size = sizeWithout + 1; size < whole.length; size += 1) {
      if (
        at === 8 &&
        size ===
          encodeReadRequest({ kind: "search", query: { ...query, offers: [offer(3)] } }).length
      )
        continue;
      expect(() => decodeReadRequest(whole.subarray(0, size))).toThrow(CorruptionError);
    }
  }
  for (const bad of [
    { ...leaf, grid: { ...leaf.grid, stepMs: 0 } },
    { ...leaf, grid: { ...leaf.grid, endMs: Number.NaN } },
    { ...leaf, lookbackMs: -1 },
    { ...leaf, dedupIntervalMs: Number.NaN },
  ]) {
    const bytes = encodeReadRequest({ kind: "search", query: { ...query, leaf: bad } });
    expect(() => decodeReadRequest(bytes)).toThrow(CorruptionError);
  }
});

test("damaged bytes give a CorruptionError and nothing else", () => {
  const whole = encodeReadRequest(requests[8] as ReadRequest);
  forEachSeed(500, (random) => {
    const bytes = whole.slice();
    for (let i = 0; i <= random.below(4); i += 1) bytes[random.below(bytes.length)] = random.u32();
    expect(isReadOrCorrupt(bytes)).toBe(true);
  });
});

function isReadOrCorrupt(bytes: Uint8Array): boolean {
  try {
    return encodeReadRequest(decodeReadRequest(bytes)).length > 0;
  } catch (error) {
    return error instanceof CorruptionError;
  }
}

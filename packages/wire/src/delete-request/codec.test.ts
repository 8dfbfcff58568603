import { forEachSeed } from "@tideline/common/testing";
import { CorruptionError, InputError, type SeriesDelete } from "@tideline/model";
import { expect, test } from "vitest";
import { decodeDeleteRequest, encodeDeleteRequest } from "./codec.ts";

const request: SeriesDelete = {
  tenant: { accountId: 1, projectId: 0xffff_ffff },
  filters: [
    [
      { name: "__name__", operator: "=", value: "up" },
      { name: "job", operator: "!~", value: "a|ü" },
    ],
    [],
  ],
  startMs: -(2 ** 53) + 1,
  endMs: 1_700_000_000_000,
};

test("a request comes back equal", () => {
  expect(decodeDeleteRequest(encodeDeleteRequest(request))).toEqual(request);
});

test("a request without a selector is refused at both ends", () => {
  expect(() => encodeDeleteRequest({ ...request, filters: [] })).toThrow(InputError);
  const bytes = encodeDeleteRequest({ ...request, filters: [[]] });
  bytes[bytes.length - 2] = 0;
  expect(() => decodeDeleteRequest(bytes.subarray(0, -1))).toThrow(/no selectors/);
});

test("too many selectors are refused", () => {
  const matcher = { name: "__name__", operator: "=", value: "a" } as const;
  const filters = Array.from({ length: 200_000 }, () => [matcher]);
  expect(() => encodeDeleteRequest({ ...request, filters })).toThrow(InputError);
});

test("every truncation is noticed, and damage gives a CorruptionError and nothing else", () => {
  const whole = encodeDeleteRequest(request);
  for (let size = 0; size < whole.length; size += 1)
    expect(() => decodeDeleteRequest(whole.subarray(0, size))).toThrow(CorruptionError);
  forEachSeed(500, (random) => {
    const bytes = whole.slice();
    for (let i = 0; i <= random.below(4); i += 1) bytes[random.below(bytes.length)] = random.u32();
    expect(isReadOrCorrupt(bytes)).toBe(true);
  });
});

function isReadOrCorrupt(bytes: Uint8Array): boolean {
  try {
    return encodeDeleteRequest(decodeDeleteRequest(bytes)).length > 0;
  } catch (error) {
    return error instanceof CorruptionError;
  }
}

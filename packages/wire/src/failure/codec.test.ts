import { forEachSeed } from "@tideline/common/testing";
import { CorruptionError, ExecutionError, InputError, OverloadError } from "@tideline/model";
import { expect, test } from "vitest";
import { decodeFailure, encodeFailure, INTERNAL_CODE, isKnownError } from "./codec.ts";

test.for([
  new InputError("A", "bad query", { status: 413 }),
  new OverloadError("B", "busy", { status: 429, retryAfterMs: 2500 }),
  new CorruptionError("C", "bad part"),
  new ExecutionError("D", "too many series"),
])("an error comes back as itself: $name", (error) => {
  const revived = decodeFailure(encodeFailure(error));
  expect(revived.constructor).toBe(error.constructor);
  expect(revived.message).toBe(error.message);
  // toEqual looks at all own fields: code, status, retryAfterMs.
  expect(revived).toEqual(error);
});

test("a fault of ours becomes an ExecutionError that says so", () => {
  const revived = decodeFailure(encodeFailure(new TypeError("x is undefined")));
  expect(revived).toBeInstanceOf(ExecutionError);
  expect(revived.code).toBe(INTERNAL_CODE);
  expect(revived.message).toContain("x is undefined");
});

test("bytes that are no failure still give an error of a known class", () => {
  forEachSeed(300, (random) => {
    expect(isKnownError(decodeFailure(random.bytes(random.below(40))))).toBe(true);
  });
});

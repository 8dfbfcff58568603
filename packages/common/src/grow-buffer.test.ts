import { expect, test } from "vitest";
import { dropArray, growBuffer } from "./grow-buffer.ts";

test("a buffer that grew begins with what was in it, and the earlier one is void", () => {
  const words = Uint32Array.of(1, 2, 3);
  const grown = new Uint32Array(growBuffer(words.buffer, 20));
  expect([...grown]).toEqual([1, 2, 3, 0, 0]);
  expect(words.length).toBe(0);
});

test("an array that is dropped is void", () => {
  const bytes = Uint8Array.of(1, 2);
  dropArray(bytes);
  expect(bytes.length).toBe(0);
});

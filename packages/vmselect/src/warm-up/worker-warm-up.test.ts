import { expect, test } from "vitest";
import { warmUp } from "./worker-warm-up.ts";

test("a warm-up asks its queries, all of which have an answer, until its time is over", async () => {
  expect(await warmUp(5_000, stopAfter(30))).toBe(30);
  expect(await warmUp(0, () => false)).toBe(0);
});

test("a worker that has work warms up no more", async () => {
  expect(await warmUp(5_000, () => true)).toBe(0);
});

function stopAfter(count: number): () => boolean {
  let askedCount = 0;
  return () => {
    askedCount += 1;
    return askedCount > count + 1;
  };
}

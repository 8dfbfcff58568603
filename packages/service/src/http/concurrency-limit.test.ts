import { OverloadError } from "@tideline/model";
import { expect, test } from "vitest";
import { ConcurrencyLimit } from "./concurrency-limit.ts";

function limit(
  options: Partial<{ concurrentMax: number; queueTimeoutMs: number; waitingMax: number }> = {},
) {
  return new ConcurrencyLimit({
    noun: "queries",
    concurrentMax: 1,
    queueTimeoutMs: 60_000,
    status: 429,
    ...options,
  });
}

test("one waits until the other is done, in the order of coming", async () => {
  const one = limit();
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const running = one.run(async () => {
    await first.promise;
    order.push("a");
  });
  const waiting = ["b", "c"].map((name) => one.run(async () => void order.push(name)));
  expect(one.waitingCount).toBe(2);
  expect(one.runningCount).toBe(1);
  first.resolve();
  await Promise.all([running, ...waiting]);
  expect(order).toEqual(["a", "b", "c"]);
  expect([one.runningCount, one.waitingCount]).toEqual([0, 0]);
});

test("a place is given back when the work fails", async () => {
  const one = limit();
  await expect(one.run(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(one.run(() => Promise.resolve(5))).resolves.toBe(5);
});

test("who waits too long, or comes when too many wait, is told to come again", async () => {
  const one = limit({ queueTimeoutMs: 1, waitingMax: 1 });
  const end = Promise.withResolvers<void>();
  const running = one.run(() => end.promise);
  const late = one.run(() => Promise.resolve());
  const refused = one.run(() => Promise.resolve());
  await expect(refused).rejects.toThrow(OverloadError);
  await expect(late).rejects.toMatchObject({ status: 429, retryAfterMs: 10_000 });
  end.resolve();
  await running;
});

test("who leaves while waiting takes no place", async () => {
  const one = limit();
  const end = Promise.withResolvers<void>();
  const running = one.run(() => end.promise);
  const leaving = new AbortController();
  const left = one.run(() => Promise.resolve(), leaving.signal);
  leaving.abort(new Error("left"));
  await expect(left).rejects.toThrow("left");
  await expect(
    one.run(() => Promise.resolve(), AbortSignal.abort(new Error("gone"))),
  ).rejects.toThrow("gone");
  expect(one.waitingCount).toBe(0);
  end.resolve();
  await running;
});

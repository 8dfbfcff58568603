import { DEFAULT_TENANT } from "@tideline/model";
import { fakeSeriesSource } from "@tideline/model/testing";
import { expect, test } from "vitest";
import type { QueryJob } from "./jobs.ts";
import { memoryPoolOf, QueryMemory } from "./query-memory.ts";
import { runJob } from "./run-job.ts";

const KIB = 1024;

function poolsOf(memory: QueryMemory, count: number) {
  return Array.from({ length: count }, () => {
    const cell = memory.takeCell();
    return { cell, pool: memoryPoolOf({ cells: memory.cells, cell, sizeMax: memory.sizeMax }) };
  });
}

test("workers share the memory, and one that is refused holds no more than before", () => {
  const memory = new QueryMemory(2, 100 * KIB);
  const [a, b] = poolsOf(memory, 2);
  a?.pool.hold(60 * KIB);
  b?.pool.hold(30 * KIB);
  expect(() => b?.pool.hold(20 * KIB)).toThrow(
    /wants 20480 bytes more; total available memory for concurrent requests: 102400 bytes, of which 92160 are in use/,
  );
  expect(memory.usedSize).toBe(90 * KIB);
  a?.pool.release(60 * KIB);
  b?.pool.hold(70 * KIB);
  expect(memory.usedSize).toBe(100 * KIB);
});

test("what a worker held goes with it", () => {
  const memory = new QueryMemory(1, 100 * KIB);
  const [first] = poolsOf(memory, 1);
  first?.pool.hold(100 * KIB);
  expect(() => memory.takeCell()).toThrow("a cell for each worker");
  memory.freeCell(first?.cell as number);
  expect(memory.usedSize).toBe(0);
  const [second] = poolsOf(memory, 1);
  second?.pool.hold(100 * KIB);
});

const job = (text: string): QueryJob => ({
  kind: "query",
  dialect: { allowExperimental: true, delayedNameRemoval: false },
  tenant: DEFAULT_TENANT,
  text,
  startMs: 0,
  endMs: 2_000,
  stepMs: 10,
  isInstant: false,
  lookbackMs: 300_000,
  extraFilters: { selectorTexts: [], labels: [] },
  limits: {
    seriesCountMax: 0,
    sampleCountMax: 0,
    pointsPerSeriesMax: 0,
    subqueryPointsPerSeriesMax: 0,
    memorySizeMax: 0,
  },
  limit: 0,
});

test("a query gives back all it held, whether it ends or fails", async () => {
  const source = fakeSeriesSource(
    Array.from({ length: 50 }, (_, i) => ({
      labels: [
        { name: "__name__", value: "up" },
        { name: "i", value: String(i) },
      ],
      timestampsMs: Float64Array.of(1_000, 2_000),
      values: Float64Array.of(i, i),
    })),
  );
  const run = async (text: string, sizeMax: number): Promise<QueryMemory> => {
    const memory = new QueryMemory(1, sizeMax);
    const [worker] = poolsOf(memory, 1);
    const { signal } = new AbortController();
    await runJob(job(text), source, signal, worker?.pool).finally(() => {
      expect(memory.usedSize).toBe(0);
    });
    return memory;
  };
  await run("sum(up) + on () group_right () up", 10_000 * KIB);
  await expect(run("up + on () sum(up)", 10_000 * KIB)).rejects.toThrow("many-to-one");
  await expect(run("up + up", 20 * KIB)).rejects.toThrow("memory for concurrent requests");
});

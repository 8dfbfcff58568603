/** Budgets, pacing, annotations: what keeps a query within bounds. */
import { describe, expect, test } from "vitest";
import { Annotations } from "./annotations.ts";
import { Budget, type MemoryPool } from "./budget.ts";
import { checkStepCount, stepCountOf, subqueryGrid } from "./grid.ts";
import { Pacer } from "./pacer.ts";

describe("a budget", () => {
  test("takes up to its limits, and names the flag past them", () => {
    const budget = new Budget({ sampleCountMax: 10, memorySizeMax: 100 });
    budget.addSamples(10);
    expect(budget.sampleCount).toBe(10);
    expect(() => budget.addSamples(1)).toThrow("-search.maxSamplesPerQuery");
    budget.hold(60);
    budget.release(60);
    budget.hold(100);
    expect(() => budget.hold(1)).toThrow("-search.maxMemoryPerQuery");
  });

  test("has no limits where they are 0", () => {
    const budget = new Budget({ sampleCountMax: 0, memorySizeMax: 0 });
    budget.addSamples(1e12);
    budget.hold(1e15);
    expect(budget.sampleCount).toBe(1e12);
  });

  test("takes its memory from a pool, and gives all of it back at its end", () => {
    let heldSize = 0;
    const pool: MemoryPool = {
      hold: (size) => (heldSize += size),
      release: (size) => (heldSize -= size),
    };
    const query = new Budget({ sampleCountMax: 0, memorySizeMax: 0 }, pool);
    query.hold(90);
    query.release(20);
    expect(heldSize).toBe(70);
    query.close();
    expect(heldSize).toBe(0);
    // A leaf that has not heard of it yet.
    query.hold(1000);
    query.close();
    expect(heldSize).toBe(0);
  });

  test("counts memory against the larger budget, too", () => {
    const query = new Budget({ sampleCountMax: 0, memorySizeMax: 100 });
    const leaf = new Budget({ sampleCountMax: 0, memorySizeMax: 0 }, query);
    leaf.hold(80);
    expect(() => query.check(30)).toThrow("not enough memory");
  });
});

describe("a pacer", () => {
  test("lets the event loop turn once a stretch is over", async () => {
    const controller = new AbortController();
    const pacer = new Pacer(controller.signal);
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    await pacer.turn();
    expect(turned).toBe(false);
    while (!pacer.isDue) Math.sqrt(2);
    await pacer.turn();
    expect(turned).toBe(true);
  });

  test("stops with the signal's reason, also when it comes during the turn", async () => {
    const controller = new AbortController();
    const pacer = new Pacer(controller.signal);
    setImmediate(() => {
      controller.abort(new Error("client left"));
    });
    while (!pacer.isDue) Math.sqrt(2);
    await expect(pacer.turn()).rejects.toThrow("client left");
    await expect(pacer.turn()).rejects.toThrow("client left");
  });
});

describe("grids", () => {
  test.for([
    { grid: { startMs: 0, endMs: 0, stepMs: 1 }, count: 1 },
    { grid: { startMs: 0, endMs: 99, stepMs: 10 }, count: 10 },
    { grid: { startMs: 0, endMs: 100, stepMs: 10 }, count: 11 },
    { grid: { startMs: 1, endMs: 0, stepMs: 10 }, count: 0 },
  ])("$grid has $count steps", ({ grid, count }) => {
    expect(stepCountOf(grid)).toBe(count);
  });

  test.for([
    { name: "starts past the start of the first window", ends: [100, 100], start: 50 },
    { name: "leaves out the open edge", ends: [90, 200], start: 40 },
    { name: "counts from the epoch downwards, too", ends: [-15, 0], start: -70 },
  ])("a subquery's grid $name", ({ ends, start }) => {
    const [firstEndMs = 0, lastEndMs = 0] = ends;
    expect(subqueryGrid(firstEndMs, lastEndMs, 59, 10)).toMatchObject({
      startMs: start,
      endMs: lastEndMs,
    });
  });

  test("too many steps are refused", () => {
    expect(() => {
      checkStepCount(11, 10);
    }).toThrow("exceeded maximum resolution of 10 points per timeseries");
  });
});

describe("annotations", () => {
  test("a message is told once, with its last place by line and column", () => {
    const annotations = new Annotations("a +\n  b");
    annotations.warn("odd", { start: 0, end: 1 });
    annotations.warn("odd", { start: 6, end: 7 });
    annotations.inform("so", { start: 0, end: 1 });
    expect(annotations.warnings()).toEqual(["PromQL warning: odd (2:3)"]);
    expect(annotations.infos()).toEqual(["PromQL info: so (1:1)"]);
  });

  test("past ten of a kind they are counted", () => {
    const annotations = new Annotations("x");
    for (let i = 0; i < 13; i += 1) annotations.inform(String(i), { start: 0, end: 1 });
    expect(annotations.infos()).toHaveLength(11);
    expect(annotations.infos().at(-1)).toBe("3 more info annotations omitted");
  });
});

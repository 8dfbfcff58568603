import { expect, test } from "vitest";
import { expandRuns, findRuns, type RunStep } from "./runs.ts";
import { forEachSeed } from "./testing/random.ts";

function runsOf(column: Uint32Array, step: RunStep, sizeMax = column.length): number[] {
  const target = new Uint32Array(column.length + 2);
  return [...target.subarray(0, findRuns(column, step, target, sizeMax))];
}

test("runs are found where there is room for them", () => {
  expect(runsOf(Uint32Array.of(5, 6, 7, 8, 9, 10), 1)).toEqual([5, 6]);
  expect(runsOf(Uint32Array.of(7, 7, 7, 7, 9, 9), 0)).toEqual([7, 4, 9, 2]);
  expect(runsOf(Uint32Array.of(7, 7, 7, 7, 9, 9), 0, 3)).toEqual([]);
  expect(runsOf(Uint32Array.of(1, 3, 5, 7, 9, 11, 13), 1)).toEqual([]);
  expect(runsOf(new Uint32Array(), 1)).toEqual([]);
  // Behind the last number comes none.
  const end = 0xffff_ffff;
  expect(runsOf(Uint32Array.of(end - 2, end - 1, end, 0, 1, 2), 1)).toEqual([end - 2, 3, 0, 3]);
});

test("a column comes back from its runs", () => {
  forEachSeed(200, (random) => {
    const step = random.pick([0, 1] as const);
    let value = random.u32();
    const column = new Uint32Array(1 + random.below(300)).map(() => {
      value = random.chance(0.1) ? random.u32() : value + step;
      return value;
    });
    const runs = Uint32Array.from(runsOf(column, step, column.length * 2));
    const back = new Uint32Array(column.length);
    if (runs.length > 0) expandRuns(runs, step, back);
    else back.set(column);
    expect(back).toEqual(column);
  });
});

test.for([
  { name: "too few", runs: [5, 3] },
  { name: "too many", runs: [5, 5] },
  { name: "an empty one", runs: [5, 4, 1, 0] },
  { name: "an empty one before", runs: [5, 0, 1, 4] },
  { name: "past the last number", runs: [0xffff_fffd, 4] },
  { name: "none", runs: [] },
])("runs that lie are refused: $name", ({ runs }) => {
  expect(() => {
    expandRuns(Uint32Array.from(runs), 1, new Uint32Array(4));
  }).toThrow(RangeError);
});

import { forEachSeed, type Random } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { GROUP_POINTS_MAX, seriesValues } from "../series-memory.ts";
import { extrapolatePlain, hasNaNPlain, sumRowsPlain, type SummedRows } from "./plain.ts";
import { heapColumns, planInto, type WindowEdges } from "./plan.ts";
import { blockGrowth } from "./block-growth.ts";
import { growthOfTable, ROW_LEFT } from "./table-growth.ts";
import { encodeValues } from "../value-block/wasm.ts";
import { rawBlock } from "../value-block/plain.ts";
import { extrapolate, hasNaN, isCurrent, planExtrapolation, sumRows } from "./wasm.ts";

const ODD_VALUES = [NaN, Infinity, -Infinity, -0, 0, 5e-324, -5e-324, 1e-281, 1.7e308, -1.7e308];

/** Counters with resets, from about zero or far from it, or anything. */
function valuesOf(random: Random, count: number): Float64Array {
  const values = new Float64Array(count);
  const oddness = random.pick([0, 0, 0.02, 0.3]);
  const resets = random.pick([0, 0, 0.03]);
  const scale = random.pick([1, 1e-3, 1e-300, 1e300]);
  let value = random.pick([0, 1, 1e6]) * random.float();
  for (let i = 0; i < count; i += 1) {
    value = random.chance(resets) ? random.below(3) : value + random.below(100) * random.float();
    values[i] = random.chance(oddness) ? random.pick(ODD_VALUES) : value * scale;
  }
  return values;
}

function timestampsOf(random: Random, count: number): Float64Array {
  const timestampsMs = new Float64Array(count);
  let ms = 1_700_000_000_000;
  for (let i = 0; i < count; i += 1) {
    ms += random.chance(0.05) ? 100_000 : 15_000 + random.below(200);
    timestampsMs[i] = ms;
  }
  return timestampsMs;
}

function edgesOf(random: Random, timestampsMs: Float64Array): WindowEdges {
  const rangeMs = 1000 * (1 + random.below(600));
  const endStepMs = random.pick([0, 15_000, 60_000]);
  const endStartMs = (timestampsMs[0] as number) + 1000 * random.below(300);
  const stepCount = 1 + random.below(80);
  const starts = new Int32Array(stepCount);
  const ends = new Int32Array(stepCount);
  for (let step = 0; step < stepCount; step += 1) {
    const endMs = endStartMs + step * endStepMs;
    ends[step] = timestampsMs.filter((ms) => ms <= endMs).length;
    starts[step] = timestampsMs.filter((ms) => ms <= endMs - rangeMs).length;
  }
  return { stepCount, rangeMs, endStartMs, endStepMs, starts, ends };
}

/** One window, with two samples. */
const TWO_IN_ONE: WindowEdges = {
  stepCount: 1,
  rangeMs: 2000,
  endStartMs: 1000,
  endStepMs: 0,
  starts: Int32Array.of(0),
  ends: Int32Array.of(2),
};

function bitsOf(values: Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex");
}

/** The bits, with one pattern for all NaNs: which one arithmetic makes of them is the machine's business. */
function resultBits(values: Float64Array): string {
  return bitsOf(values.map((value) => (Number.isNaN(value) ? NaN : value)));
}

test("growth comes to the same in WASM and in plain code, bit for bit", () => {
  forEachSeed(1500, (random) => {
    const count = 1 + random.below(200);
    const values = valuesOf(random, count);
    const timestampsMs = timestampsOf(random, count);
    const edges = edgesOf(random, timestampsMs);
    const isRate = random.chance(0.5);
    const isCounter = random.chance(0.7);
    const { stepCount } = edges;
    const presence = new Uint8Array(stepCount);
    const plain = planInto(heapColumns(stepCount), presence, edges, timestampsMs, isRate);
    const expected = new Float64Array(stepCount + 2);
    extrapolatePlain(values, plain, isCounter, expected, 1);
    seriesValues.set(values);
    const plan = planExtrapolation(edges, timestampsMs, isRate);
    expect(plan.presence).toEqual(presence);
    const actual = new Float64Array(stepCount + 2);
    extrapolate(seriesValues, plan, isCounter, actual, 1);
    const present = (target: Float64Array): Float64Array =>
      target.filter((_, i) => presence[i - 1] === 1);
    expect(resultBits(present(actual))).toBe(resultBits(present(expected)));
    expect(hasNaN(seriesValues, 0, count)).toBe(values.some(Number.isNaN));
    expect(hasNaNPlain(values, 0, count)).toBe(values.some(Number.isNaN));
  });
});

/** As Prometheus' own code has it, window by window: nothing is worked out beforehand. */
function rateOf(timestampsMs: Float64Array, values: Float64Array, endMs: number, rangeMs: number) {
  let increase = values.at(-1) - (values[0] as number);
  for (let i = 1; i < values.length; i += 1)
    if ((values[i] as number) < (values[i - 1] as number)) increase += values[i - 1] as number;
  const [firstMs, lastMs] = [timestampsMs[0] as number, timestampsMs.at(-1)];
  const sampled = (lastMs - firstMs) / 1000;
  const average = sampled / (values.length - 1);
  let toStart = (firstMs - (endMs - rangeMs)) / 1000;
  let toEnd = (endMs - lastMs) / 1000;
  if (toStart >= average * 1.1) toStart = average / 2;
  if (increase > 0 && (values[0] as number) >= 0)
    toStart = Math.min(toStart, sampled * ((values[0] as number) / increase));
  if (toEnd >= average * 1.1) toEnd = average / 2;
  return increase * ((sampled + toStart + toEnd) / sampled / (rangeMs / 1000));
}

test("a rate is what Prometheus' rule says of each window alone", () => {
  forEachSeed(500, (random) => {
    const count = 2 + random.below(100);
    const values = valuesOf(random, count);
    if (hasNaNPlain(values, 0, count)) return;
    const timestampsMs = timestampsOf(random, count);
    const edges = edgesOf(random, timestampsMs);
    seriesValues.set(values);
    const plan = planExtrapolation(edges, timestampsMs, true);
    const actual = new Float64Array(edges.stepCount);
    extrapolate(seriesValues, plan, true, actual, 0);
    for (let step = 0; step < edges.stepCount; step += 1) {
      if (plan.presence[step] === 0) continue;
      const [start, end] = [edges.starts[step] as number, edges.ends[step] as number];
      const endMs = edges.endStartMs + step * edges.endStepMs;
      const window = [timestampsMs.slice(start, end), values.slice(start, end)] as const;
      expect(actual[step]).toBe(rateOf(...window, endMs, edges.rangeMs));
    }
  });
});

/** Raw, or one value for all, or packed. */
function blockOf(random: Random, values: Float64Array): Uint8Array {
  if (random.chance(0.2)) values.fill(values[0] as number);
  const isPacked = random.chance(0.1);
  const isConst = values.every((value) => Object.is(value, values[0]));
  return isPacked || isConst ? encodeValues(values) : rawBlock(bytesOf(values));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

test("growth of many series from their blocks is that of each one, and stops at what is packed or has a NaN", () => {
  forEachSeed(300, (random) => {
    const count = 1 + random.below(60);
    const timestampsMs = timestampsOf(random, count);
    const edges = edgesOf(random, timestampsMs);
    const { stepCount } = edges;
    const isCounter = random.chance(0.7);
    const isRate = random.chance(0.5);
    const plan = planExtrapolation(edges, timestampsMs, isRate);
    expect(blockGrowth.isInKernel(plan)).toBe(true);
    const rows = Array.from({ length: 1 + random.below(8) }, () => valuesOf(random, count));
    blockGrowth.clear();
    const blocks = rows.map((values) => blockOf(random, values));
    blocks.forEach((block, row) => {
      blockGrowth.setRow(row, blockGrowth.put(block), block.length, count, plan);
    });
    const target = {
      values: new Float64Array(rows.length * stepCount + 1),
      presence: new Uint8Array(rows.length * stepCount + 1),
      start: 1,
    };
    const from = random.below(rows.length);
    const left = blockGrowth.extrapolate(from, rows.length, plan, isCounter, target);
    const expectedLeft = rows.findIndex(
      (values, row) =>
        row >= from &&
        ((blocks[row]?.[0] ?? 0) > 1 ||
          hasNaNPlain(values, plan.from, Math.max(plan.from, plan.to))),
    );
    expect(left).toBe(expectedLeft < 0 ? rows.length : expectedLeft);
    const plainPlan = planInto(
      heapColumns(stepCount),
      new Uint8Array(stepCount),
      edges,
      timestampsMs,
      isRate,
    );
    for (let row = from; row < left; row += 1) {
      const expected = new Float64Array(stepCount);
      extrapolatePlain(rows[row] as Float64Array, plainPlan, isCounter, expected, 0);
      const start = 1 + (row - from) * stepCount;
      const presence = target.presence.subarray(start, start + stepCount);
      expect(presence).toEqual(plainPlan.presence);
      const actual = target.values.subarray(start, start + stepCount);
      const present = (values: Float64Array) => values.filter((_, i) => presence[i] === 1);
      expect(resultBits(present(actual))).toBe(resultBits(present(expected)));
    }
    expect(target.values[0]).toBe(0);
    expect(target.presence.subarray(1 + (left - from) * stepCount)).not.toContain(1);
  });
});

test("blocks that have no room are refused, and a damaged one is left", () => {
  blockGrowth.clear();
  expect(blockGrowth.put(new Uint8Array(5 * 1024 * 1024))).toBe(-1);
  const timestampsMs = Float64Array.of(0, 1000);
  const plan = planExtrapolation(TWO_IN_ONE, timestampsMs, true);
  const target = { values: new Float64Array(1), presence: new Uint8Array(1), start: 0 };
  for (const block of [[], [0], [0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 0], [9, 9]]) {
    blockGrowth.clear();
    blockGrowth.setRow(0, blockGrowth.put(Uint8Array.from(block)), block.length, 2, plan);
    expect(blockGrowth.extrapolate(0, 1, plan, true, target)).toBe(0);
  }
  expect(blockGrowth.rowsMax(1)).toBeGreaterThan(1_000);
  expect(blockGrowth.rowsMax(30_000)).toBe(1);
});

test("growth of a table of series is that of each one, and leaves what is packed, has a NaN, several blocks or no plan", () => {
  const seen = new Set<number>();
  forEachSeed(300, (random) => {
    const isCounter = random.chance(0.7);
    const isRate = random.chance(0.5);
    const rangeMs = 1000 * (1 + random.below(600));
    const targets = Array.from({ length: 1 + random.below(4) }, () => {
      const count = 1 + random.below(60);
      const timestampsMs = timestampsOf(random, count);
      const edges = { ...edgesOf(random, timestampsMs), stepCount: 1, rangeMs };
      const plan = planExtrapolation(edges, timestampsMs, isRate);
      const isPlanned = random.chance(0.9) && plan.presence[0] === 1;
      return { timestampsMs, edges, count, shared: isPlanned ? { plan, count } : null };
    });
    const series = Array.from({ length: random.below(20) }, () => {
      const target = random.below(targets.length);
      const blockCount = random.pick([1, 1, 1, 0, 2]);
      const { count } = targets[target] as (typeof targets)[number];
      const values = Array.from({ length: blockCount }, () => valuesOf(random, count));
      return { target, values, blocks: values.map((one) => blockOf(random, one)) };
    });
    const blocks = series.flatMap((one) => one.blocks.map((bytes) => ({ ...one, bytes })));
    let size = 0;
    let blockCount = 0;
    const table = {
      bytes: Buffer.concat(blocks.map(({ bytes }) => bytes)),
      blocks: Uint32Array.from(
        blocks.flatMap(({ target, bytes }) => [target, (size += bytes.length)]),
      ),
      series: Uint32Array.from(series.flatMap((one) => [7, (blockCount += one.blocks.length)])),
    };
    const plans = targets.map(({ shared }) => shared);
    const rows = growthOfTable(table, plans, isCounter);
    let sampleCount = 0;
    series.forEach(({ target, values, blocks: own }, row) => {
      const { timestampsMs, edges, shared } = targets[target] as (typeof targets)[number];
      const plain = planInto(heapColumns(1), new Uint8Array(1), edges, timestampsMs, isRate);
      const isTaken =
        own.length === 1 &&
        shared !== null &&
        (own[0]?.[0] as number) <= 1 &&
        !hasNaNPlain(values[0] as Float64Array, plain.from, plain.to);
      const byte = rows?.presence[row] as number;
      seen.add(byte);
      expect(byte).toBe(isTaken ? 1 : ROW_LEFT);
      if (!isTaken) return;
      sampleCount += plain.to - plain.from;
      const expected = new Float64Array(1);
      extrapolatePlain(values[0] as Float64Array, plain, isCounter, expected, 0);
      expect(resultBits((rows?.values ?? expected).slice(row, row + 1))).toBe(resultBits(expected));
    });
    expect(rows?.sampleCount).toBe(sampleCount);
  });
  expect(seen).toEqual(new Set([1, ROW_LEFT]));
});

test("a table that has no room, or whose plans lie elsewhere, is left", () => {
  const none = { bytes: new Uint8Array(0), blocks: new Uint32Array(0), series: new Uint32Array(0) };
  expect(growthOfTable(none, [], true)?.values).toHaveLength(0);
  expect(growthOfTable({ ...none, bytes: new Uint8Array(5 * 1024 * 1024) }, [], true)).toBeNull();
  expect(growthOfTable({ ...none, series: new Uint32Array(80_000) }, [], true)).toBeNull();
  expect(growthOfTable({ ...none, blocks: new Uint32Array(30_000) }, [], true)).toBeNull();
  const plan = planInto(
    heapColumns(1),
    new Uint8Array(1),
    TWO_IN_ONE,
    Float64Array.of(0, 1000),
    true,
  );
  expect(growthOfTable(none, [{ plan, count: 2 }], true)).toBeNull();
});

test("plans lose their room to later ones, and tell", () => {
  const timestampsMs = Float64Array.from({ length: 10 }, (_, i) => i * 1000);
  const stepCount = 30_000;
  const starts = new Int32Array(stepCount);
  const ends = new Int32Array(stepCount).fill(10);
  const edges = { stepCount, rangeMs: 20_000, endStartMs: 9_000, endStepMs: 0, starts, ends };
  const plans = Array.from({ length: 9 }, () => planExtrapolation(edges, timestampsMs, true));
  expect(isCurrent(plans[0]!)).toBe(false);
  expect(isCurrent(plans.at(-1))).toBe(true);
});

test("a grid past the kernel's room is worked on in plain code", () => {
  const stepCount = 40_000;
  const starts = new Int32Array(stepCount);
  const ends = new Int32Array(stepCount).fill(2);
  const edges = { stepCount, rangeMs: 2000, endStartMs: 1000, endStepMs: 0, starts, ends };
  seriesValues.set([5, 7]);
  const plan = planExtrapolation(edges, Float64Array.of(0, 1000), false);
  const target = new Float64Array(stepCount);
  extrapolate(seriesValues, plan, true, target, 0);
  expect(target.every((value) => value === 4)).toBe(true);
});

function rowsOf(random: Random, stepCount: number, groupCount: number): SummedRows {
  const rowCount = 1 + random.below(20);
  const values = new Float64Array(rowCount * stepCount);
  for (let row = 0; row < rowCount; row += 1)
    values.set(valuesOf(random, stepCount), row * stepCount);
  const gaps = random.pick([0, 0.1]);
  const presence = new Uint8Array(values.length).map(() => (random.chance(gaps) ? 0 : 1));
  const groupOf = new Int32Array(rowCount).map(() => random.below(groupCount));
  return { stepCount, values, presence, groupOf };
}

test("sums of rows come to the same in WASM and in plain code, bit for bit", () => {
  forEachSeed(600, (random) => {
    const stepCount = 1 + random.below(70);
    const groupCount = 1 + random.below(4);
    const rows = rowsOf(random, stepCount, groupCount);
    const target = () => ({
      values: new Float64Array(groupCount * stepCount),
      presence: new Uint8Array(groupCount * stepCount),
    });
    const [actual, expected] = [target(), target()];
    sumRows(rows, actual);
    sumRowsPlain(rows, expected);
    expect(actual.presence).toEqual(expected.presence);
    expect(resultBits(actual.values)).toBe(resultBits(expected.values));
  });
});

test("more groups than there is room for are summed up in plain code", () => {
  const stepCount = 64;
  const groupCount = GROUP_POINTS_MAX / stepCount + 1;
  const values = new Float64Array(groupCount * stepCount).fill(2);
  const presence = new Uint8Array(values.length).fill(1);
  const groupOf = Int32Array.from({ length: groupCount }, (_, i) => i);
  const target = {
    values: new Float64Array(values.length),
    presence: new Uint8Array(values.length),
  };
  sumRows({ stepCount, values, presence, groupOf }, target);
  expect(target).toEqual({ values, presence });
});

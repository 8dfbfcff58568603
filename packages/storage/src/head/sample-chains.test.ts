/** Raw tails and sealed blocks together, against a map per series. */
import { forEachSeed, type Random } from "@tideline/common/testing";
import { beats, wordsOf } from "@tideline/model";
import { expect, test } from "vitest";
import { SampleChains, type SampleColumns } from "./sample-chains.ts";

/** Staleness marker, NaNs with payloads, zeros of both signs, infinities, a subnormal. */
const ODD_WORDS: readonly (readonly [number, number])[] = [
  [2, 0x7ff0_0000],
  [0, 0x7ff8_0000],
  [1, 0x7ff0_0000],
  [0x1234, 0xfff8_0000],
  [0, 0x8000_0000],
  [0, 0],
  [0, 0x7ff0_0000],
  [0, 0xfff0_0000],
  [1, 0],
];

type Model = Map<number, Float64Array>;

function randomValue(random: Random, kind: number, i: number): Float64Array {
  const value = Float64Array.of(kind === 0 ? 7 : i * 3 + random.below(3));
  if (kind === 2) wordsOf(value).set(random.pick(ODD_WORDS));
  if (kind === 3) wordsOf(value).set([random.u32(), random.u32()]);
  return value;
}

function keep(model: Model, ms: number, value: Float64Array): void {
  const known = model.get(ms);
  if (!known || beats(wordsOf(value), 0, wordsOf(known), 0)) model.set(ms, value);
}

/** Samples from startMs to endMs: times, and values as hexadecimal digits. */
function expected(model: Model, startMs: number, endMs: number): [number, string][] {
  return [...model]
    .filter(([ms]) => ms >= startMs && ms <= endMs)
    .toSorted(([a], [b]) => a - b)
    .map(([ms, value]) => [ms, hex(value, 0)]);
}

function found(columns: SampleColumns, count: number, range: [number, number]): [number, string][] {
  const samples: [number, string][] = [];
  for (let i = 0; i < count; i += 1) {
    const ms = columns.timestampsMs[i] as number;
    if (ms >= range[0] && ms <= range[1]) samples.push([ms, hex(columns.values, i)]);
  }
  return samples;
}

function ascends({ timestampsMs }: SampleColumns, count: number): boolean {
  return timestampsMs.subarray(0, count).every((ms, i, all) => i === 0 || ms > Number(all[i - 1]));
}

function hex(values: Float64Array, i: number): string {
  const words = wordsOf(values);
  return `${words[i * 2]?.toString(16)} ${words[i * 2 + 1]?.toString(16)}`;
}

test("1 to 2,000 samples of any age, order and bits are read as they were written, in every range", () => {
  forEachSeed(150, (random) => {
    const chains = new SampleChains();
    const columns: SampleColumns = {
      timestampsMs: new Float64Array(0),
      values: new Float64Array(0),
    };
    // Far apart, so that the phases of sealing differ.
    const slots = [0, 3, 600, 1700];
    chains.ensure(1701);
    const models = slots.map((): Model => new Map());
    const disorder = random.pick([0, 0, 0.02, 0.3, 1]);
    const readChance = random.pick([0, 0.1, 0.6]);
    const kinds = slots.map(() => random.below(4));
    const total = 1 + random.below(random.pick([40, 400, 2000]));
    let nowMs = random.pick([-1e6, 0, 1.7e12]);
    const firstMs = nowMs;
    for (let done = 0; done < total;) {
      const rowCount = Math.min(total - done, 1 + random.below(60));
      const rowSlots = new Uint32Array(rowCount);
      const times = new Float64Array(rowCount);
      const values = new Float64Array(rowCount);
      for (let row = 0; row < rowCount; row += 1) {
        nowMs += 1 + random.below(3);
        const which = random.below(slots.length);
        const isLate = random.chance(disorder);
        times[row] = isLate ? firstMs - 50 + random.below(nowMs - firstMs + 50) : nowMs;
        const value = randomValue(random, kinds[which] as number, done + row);
        wordsOf(values).set(wordsOf(value), row * 2);
        rowSlots[row] = random.chance(0.02) ? 0xffff_ffff : (slots[which] as number);
        if (rowSlots[row] !== 0xffff_ffff)
          keep(models[which] as Model, times[row] as number, value);
      }
      chains.append(rowSlots, times, wordsOf(values), rowCount);
      done += rowCount;
      if (!random.chance(readChance)) continue;
      const which = random.below(slots.length);
      const startMs = firstMs - 60 + random.below(nowMs - firstMs + 70);
      const endMs = random.chance(0.3) ? nowMs : startMs + random.below(200);
      const count = chains.read(slots[which] as number, columns, startMs, endMs);
      expect(ascends(columns, count)).toBe(true);
      expect(found(columns, count, [startMs, endMs])).toEqual(
        expected(models[which] as Model, startMs, endMs),
      );
    }
    let sum = 0;
    for (const [which, model] of models.entries()) {
      const slot = slots[which] as number;
      for (let again = 0; again < 2; again += 1) {
        const count = chains.read(slot, columns);
        const all = expected(model, -Infinity, Infinity);
        expect(count).toBe(all.length);
        expect(found(columns, count, [-Infinity, Infinity])).toEqual(all);
        expect(chains.count(slot)).toBe(count);
      }
      sum += model.size;
      const times = [...model.keys()];
      expect(chains.meets(slot, Math.min(...times), Math.min(...times))).toBe(model.size > 0);
      expect(chains.meets(slot, Math.max(...times) + 1, Infinity)).toBe(false);
    }
    // What was there twice is counted once after it was read.
    expect(chains.sampleCount).toBe(sum);
    expect(chains.filledCount).toBe(models.filter((model) => model.size > 0).length);
    const times = models.flatMap((model) => [...model.keys()]);
    expect([chains.minMs, chains.maxMs]).toEqual([Math.min(...times), Math.max(...times)]);
  });
});

test("what is taken out of a series is gone, and all else stays as it was", () => {
  forEachSeed(150, (random) => {
    const chains = new SampleChains();
    chains.ensure(601);
    const columns = { timestampsMs: new Float64Array(0), values: new Float64Array(0) };
    const slots = [0, 600];
    const models = slots.map((): Model => new Map());
    const disorder = random.pick([0, 0.05, 1]);
    for (let i = 0; i < 600; i += 1) {
      const which = random.below(2);
      const ms = random.chance(disorder) ? random.below(600) : i;
      const value = randomValue(random, random.below(4), i);
      chains.append(Uint32Array.of(slots[which] as number), Float64Array.of(ms), wordsOf(value), 1);
      keep(models[which] as Model, ms, value);
      if (!random.chance(0.05)) continue;
      const startMs = random.pick([-5, random.below(600)]);
      const endMs = random.pick([605, startMs + random.below(60)]);
      chains.remove(slots[which] as number, startMs, endMs);
      const model = models[which] as Model;
      for (const gone of model.keys()) if (gone >= startMs && gone <= endMs) model.delete(gone);
    }
    for (const [which, model] of models.entries()) {
      const count = chains.read(slots[which] as number, columns);
      const all = expected(model, -Infinity, Infinity);
      expect(found(columns, count, [-Infinity, Infinity])).toEqual(all);
      expect(chains.meets(slots[which] as number, -Infinity, Infinity)).toBe(model.size > 0);
    }
    expect(chains.sampleCount).toBe(models.reduce((sum, { size }) => sum + size, 0));
    expect(chains.filledCount).toBe(models.filter(({ size }) => size > 0).length);
  });
});

test("a series that lost all it had takes no memory for what follows", () => {
  const chains = new SampleChains();
  chains.ensure(1);
  const one = wordsOf(Float64Array.of(1));
  for (let round = 0; round < 5000; round += 1) {
    for (let i = 0; i < 20; i += 1)
      chains.append(Uint32Array.of(0), Float64Array.of(round * 100 + i), one, 1);
    chains.remove(0, -Infinity, Infinity);
  }
  // One slab: 100,000 raw samples would take two.
  expect(chains.memorySize).toBeLessThan(1.5 * 2 ** 20);
});

test("a read of the last minutes leaves the older blocks packed", () => {
  const chains = new SampleChains();
  chains.ensure(1);
  const columns: SampleColumns = { timestampsMs: new Float64Array(0), values: new Float64Array(0) };
  const values = Float64Array.of(1);
  for (let i = 0; i < 2000; i += 1) {
    chains.append(Uint32Array.of(0), Float64Array.of(i * 1000), wordsOf(values), 1);
  }
  expect(chains.read(0, columns)).toBe(2000);
  expect(chains.read(0, columns, 1_990_000, 2_000_000)).toBeLessThan(60);
  expect(chains.read(0, columns, 500_000, 510_000)).toBeLessThan(100);
});

test("an hour of a quiet series takes less than 4 bytes a sample", () => {
  const chains = new SampleChains();
  const seriesCount = 20_000;
  chains.ensure(seriesCount);
  const slots = new Uint32Array(seriesCount).map((_, i) => i);
  const values = wordsOf(new Float64Array(seriesCount).fill(1));
  for (let i = 0; i < 240; i += 1) {
    const times = new Float64Array(seriesCount).fill(1.7e12 + i * 15_000);
    chains.append(slots, times, values, seriesCount);
  }
  expect(chains.sampleCount).toBe(240 * seriesCount);
  // Room for raw tails is half of them.
  expect(chains.memorySize / (240 * seriesCount)).toBeLessThan(4);
});

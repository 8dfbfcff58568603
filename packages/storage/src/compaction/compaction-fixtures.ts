/** For tests of merges: random parts on a fake disk, a model of what they hold, and jobs over them. */
import { decodeTimestamps, decodeValues } from "@tideline/kernels";
import { beats, wordsOf } from "@tideline/model";
import type { FakeDisk } from "@tideline/common/testing";
import { openPart, PARTS_FOLDER, type TestSeries } from "../part/part-fixtures.ts";
import type { MergeJob } from "./merge-job.ts";

/** Bits of a value by series (key as latin1 text) and time. */
export type Held = Map<string, Map<number, bigint>>;

const WHOLE = { startMs: -8.64e15, endMs: 8.64e15 };

export function mergeJob(rest: Partial<MergeJob> & Pick<MergeJob, "inputs">): MergeJob {
  const laneRange = { index: 0, count: 1 };
  return {
    dataPath: "/",
    folder: PARTS_FOLDER,
    replaces: rest.inputs,
    outputs: [{ name: "g000009-000001.part", window: WHOLE, laneRange }],
    generation: 9,
    deletesDone: 0,
    retainedFromMs: -Infinity,
    dedupIntervalMs: 0,
    grouped: false,
    copyCountMin: 4096,
    cacheSize: 2 ** 20,
    knownBlocksSize: 2 ** 20,
    ...rest,
  };
}

function hold(held: Held, key: Uint8Array, ms: number, bits: bigint): void {
  const name = Buffer.from(key).toString("latin1");
  const samples = held.get(name) ?? new Map<number, bigint>();
  held.set(name, samples);
  const before = samples.get(ms);
  if (before === undefined || beats(wordsOfBits(bits), 0, wordsOfBits(before), 0))
    samples.set(ms, bits);
}

function wordsOfBits(bits: bigint): Uint32Array {
  return wordsOf(new Float64Array(BigUint64Array.of(bits).buffer));
}

export function holdSeries(held: Held, series: readonly TestSeries[]): void {
  for (const { key, timestampsMs, values } of series) {
    const bits = new BigUint64Array(values.slice().buffer);
    for (const [i, ms] of timestampsMs.entries()) hold(held, key, ms, bits[i] as bigint);
  }
}

/** All that is in parts; also checks every byte of them. */
export function heldBy(disk: FakeDisk, names: readonly string[]): Held {
  const held: Held = new Map();
  for (const name of names) {
    const part = openPart(disk, name);
    part.verify();
    for (let ordinal = 0; ordinal < part.facts.seriesCount; ordinal += 1) {
      const { key } = part.series(ordinal);
      for (const { timestamps, bytes } of part.readBlocks(ordinal, -Infinity, Infinity)) {
        const times = new Float64Array(timestamps.count);
        const values = new Float64Array(timestamps.count);
        decodeTimestamps(timestamps.bytes, times);
        decodeValues(bytes, values);
        const bits = new BigUint64Array(values.buffer);
        for (const [i, ms] of times.entries()) hold(held, key, ms, bits[i] as bigint);
      }
    }
    part.close();
  }
  return held;
}

/** In one order, so that two of them compare. */
export function sortedHeld(held: Held): [string, [number, bigint][]][] {
  return [...held]
    .filter(([, samples]) => samples.size > 0)
    .map(([key, samples]): [string, [number, bigint][]] => [
      key,
      [...samples].toSorted(([a], [b]) => a - b),
    ])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

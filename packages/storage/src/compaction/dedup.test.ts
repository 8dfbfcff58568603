/** Cases of the dedup rule: of each interval (kD - D, kD] the newest sample stays; at one time the greater value, a value before a staleness marker. */
import { existsSync, readFileSync } from "node:fs";
import { FakeDisk } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { openPart, testSeries, writePart } from "../part/part-fixtures.ts";
import { heldBy, mergeJob, sortedHeld } from "./compaction-fixtures.ts";
import { runMerge } from "./run-merge.ts";

const STALE_BITS = 0x7ff0_0000_0000_0002n;
const SHARED = process.env["TIDELINE_SHARED_TESTS"] ?? "/work/shared/tests";
const CASES = `${SHARED}/dedup.json`;

interface Sample {
  readonly ms: number;
  readonly bits: bigint;
}

function bitsOf(value: number | string): bigint {
  if (value === "StaleNaN") return STALE_BITS;
  return new BigUint64Array(Float64Array.of(Number(value)).buffer)[0] as bigint;
}

/** Each sample comes from a part of its own, as far as times repeat. @returns what is left, in order */
async function deduped(samples: readonly Sample[], intervalMs: number): Promise<Sample[]> {
  const disk = new FakeDisk();
  const rest = samples.slice();
  const inputs: string[] = [];
  while (rest.length > 0) {
    const taken: Sample[] = [];
    for (const sample of rest.slice()) {
      if (taken.some(({ ms }) => ms >= sample.ms)) continue;
      taken.push(sample);
      rest.splice(rest.indexOf(sample), 1);
    }
    const times = Float64Array.from(taken, ({ ms }) => ms);
    const values = new Float64Array(BigUint64Array.from(taken, ({ bits }) => bits).buffer);
    const name = `g${String(inputs.length).padStart(6, "0")}.part`;
    const labels = [{ name: "__name__", value: "up" }];
    await writePart(disk, [testSeries({ accountId: 0, projectId: 0 }, labels, times, values)], {
      name,
    });
    inputs.push(name);
  }
  const result = await runMerge(mergeJob({ inputs, dedupIntervalMs: intervalMs }), { disk });
  if (result.status !== "done") throw new Error(result.reason);
  expect(openPart(disk, result.names[0]).traits.dedupIntervalMs).toBe(intervalMs);
  const [[, held] = ["", []]] = sortedHeld(heldBy(disk, result.names));
  return held.map(([ms, bits]) => ({ ms, bits }));
}

const ones = (times: readonly number[]): Sample[] => times.map((ms) => ({ ms, bits: bitsOf(1) }));

test.for([
  { intervalMs: 10, times: [1, 10, 11, 19, 20, 21], left: [10, 20, 21] },
  { intervalMs: 10, times: [-10, -9, -1, 0, 1], left: [-10, 0, 1] },
  { intervalMs: 1, times: [1, 2, 3], left: [1, 2, 3] },
  { intervalMs: 0, times: [1, 2, 3], left: [1, 2, 3] },
])("$intervalMs ms: of $times stay $left", async ({ intervalMs, times, left }) => {
  expect((await deduped(ones(times), intervalMs)).map(({ ms }) => ms)).toEqual(left);
});

test("an interval that goes over blocks keeps one", async () => {
  const times = Array.from({ length: 20_000 }, (_, i) => i + 1);
  const left = await deduped(ones(times), 8000);
  expect(left.map(({ ms }) => ms)).toEqual([8000, 16_000, 20_000]);
});

/** Names differ between the lists of the file. */
interface SharedCase {
  readonly dedupInterval?: number;
  readonly timestamps?: readonly number[];
  readonly timestampsExpected?: readonly number[];
  readonly valuesExpected?: readonly (number | string)[];
  readonly interval_ns?: number;
  readonly timestamps_ms?: readonly number[] | null;
  readonly values?: readonly (number | string)[];
  readonly timestamps_expected?: readonly number[];
  readonly values_expected?: readonly (number | string)[];
}

// Without an interval equal times are merged all the same (law 3): those cases are not ours.
test.skipIf(!existsSync(CASES))("the shared cases, those with an interval", async () => {
  const lists = Object.values(
    JSON.parse(readFileSync(CASES, "utf8")) as Record<string, readonly SharedCase[] | object>,
  );
  let count = 0;
  for (const one of lists.flatMap((list) => (Array.isArray(list) ? (list as SharedCase[]) : []))) {
    const ns = one.interval_ns ?? one.dedupInterval ?? 0;
    const times = one.timestamps_ms ?? one.timestamps ?? [];
    const expected = one.timestamps_expected ?? one.timestampsExpected;
    if (ns === 0 || times.length === 0 || !expected) continue;
    const samples = times.map((ms, i) => ({ ms, bits: bitsOf(one.values?.[i] ?? 0) }));
    const left = await deduped(samples, ns / 1e6);
    expect(left.map(({ ms }) => ms)).toEqual(expected);
    const values = one.values_expected ?? one.valuesExpected ?? expected.map(() => 0);
    expect(left.map(({ bits }) => bits)).toEqual(values.map(bitsOf));
    count += 1;
  }
  expect(count).toBeGreaterThan(12);
});

import { forEachSeed } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { cutTimestamps, timestampPlaces } from "./cut.ts";
import { encodeTimestamps } from "./plain.ts";

test("a cut has the timestamps of its range, wherever it lies", () => {
  forEachSeed(300, (random) => {
    const count = 1 + random.below(random.chance(0.5) ? 300 : 8191);
    const wavers = random.pick([1, 2, 40, 20_000]);
    const stepMs = random.pick([1, 15_000]);
    let ms = random.below(1_000_000) - 500_000;
    const timestampsMs = Float64Array.from({ length: count }, () => {
      ms += stepMs + random.below(wavers);
      return ms;
    });
    const block = encodeTimestamps(timestampsMs);
    const places = timestampPlaces(block, count);
    if (!places) throw new Error("a block of differences has places");
    const span = ms - (timestampsMs[0] as number) + 1000;
    for (let turn = 0; turn < 20; turn += 1) {
      const startMs = (timestampsMs[0] as number) - 500 + random.below(span);
      const endMs = startMs - 2 + random.below(random.chance(0.5) ? span : 1000);
      const wanted = timestampsMs.filter((time) => time >= startMs && time <= endMs);
      const cut = cutTimestamps(block, count, places, startMs, endMs);
      expect(cut.timestampsMs).toEqual(wanted);
      expect(timestampsMs[cut.from + wanted.length - 1]).toBe(
        wanted.at(-1) ?? timestampsMs[cut.from - 1],
      );
    }
  });
});

test("timestamps as they are have no places, and bytes that are no block are refused", () => {
  expect(timestampPlaces(encodeTimestamps(Float64Array.of(0, 2 ** 52)), 2)).toBeNull();
  const block = encodeTimestamps(Float64Array.of(0, 10, 21));
  expect(() => timestampPlaces(block, 4)).toThrow(RangeError);
});

import { forEachSeed, type Random } from "@tideline/common/testing";
import { wordsOf } from "@tideline/model";
import { expect, test } from "vitest";
import { RawChains } from "./raw-chains.ts";

interface Chain {
  tail: number;
  times: number[];
  /** Two words per value. */
  words: number[];
}

function push(chains: RawChains, chain: Chain, random: Random): void {
  // Some lie in no window.
  const ms = random.chance(0.2) ? random.below(100) * 1e10 : 1.7e12 + random.below(1e9);
  const value = Uint32Array.of(9, 9, random.u32(), random.u32());
  chain.tail = chains.push(chain.tail, chain.times.length, ms, value, 1);
  chain.times.push(ms);
  chain.words.push(value[2] as number, value[3] as number);
}

/** What is read of a chain, as it is in `times` and `words`. */
function readOf(chains: RawChains, { tail, times, words }: Chain): [number[], number[]] {
  const timestampsMs = new Float64Array(times.length + 5);
  const values = new Float64Array(times.length + 5);
  chains.copyOut(tail, times.length, timestampsMs, wordsOf(values), 3);
  return [
    [...timestampsMs.subarray(3, 3 + times.length)],
    [...wordsOf(values).subarray(6, 6 + words.length)],
  ];
}

test("chains keep their samples while others grow, shrink and are given back", () => {
  forEachSeed(60, (random) => {
    const chains = new RawChains();
    const all = Array.from({ length: 6 }, (): Chain => ({ tail: 0, times: [], words: [] }));
    for (let step = 0; step < 200; step += 1) {
      const chain = random.pick(all);
      const count = chain.times.length;
      if (random.chance(0.05)) {
        chains.clear(chain.tail, count);
        chain.times = [];
        chain.words = [];
      } else if (count > 0 && random.chance(0.1)) {
        const kept = 1 + random.below(count);
        const times = Float64Array.from(chain.times.toReversed());
        const values = new Float64Array(count);
        wordsOf(values).set(chain.words.toReversed());
        chain.tail = chains.replace(chain.tail, count, times, values, kept);
        chain.times = [...times.subarray(0, kept)];
        chain.words = [...wordsOf(values).subarray(0, kept * 2)];
      } else {
        for (let i = 1 + random.below(12); i > 0; i -= 1) push(chains, chain, random);
      }
    }
    for (const chain of all) expect(readOf(chains, chain)).toEqual([chain.times, chain.words]);
  });
});

test("chunks that were given back are used again", () => {
  const chains = new RawChains();
  const value = Uint32Array.of(1, 2);
  for (let round = 0; round < 20_000; round += 1) {
    let tail = 0;
    for (let i = 0; i < 44; i += 1) tail = chains.push(tail, i, i, value, 0);
    chains.clear(tail, 44);
  }
  expect(chains.memorySize).toBe(2 ** 20);
});

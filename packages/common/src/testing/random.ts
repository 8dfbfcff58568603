/**
 * Seeded random numbers for tests: the same seed gives the same run, and a failure names its seed.
 * The generator is sfc32 (Chris Doty-Humphrey, PractRand): small, quick, good enough for tests.
 */
export interface Random {
  /** An integer, 0 ≤ n < bound. */
  below(bound: number): number;
  /** A float, 0 ≤ x < 1. */
  float(): number;
  /** True with the given chance, 0 to 1. */
  chance(probability: number): boolean;
  /** One element of a non-empty list. */
  pick<T>(list: readonly T[]): T;
  /** 32 random bits as an unsigned number. */
  u32(): number;
  bytes(size: number): Uint8Array<ArrayBuffer>;
}

export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9 ^ seed;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let counter = 1;
  const u32 = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i += 1) u32();
  const float = (): number => (u32() * 0x20_0000 + (u32() >>> 11)) / 2 ** 53;
  const below = (bound: number): number => Math.floor(float() * bound);
  return {
    u32,
    float,
    below,
    chance: (probability) => float() < probability,
    pick: (list) => list[below(list.length)] as (typeof list)[number],
    bytes(size) {
      const bytes = new Uint8Array(size);
      for (let i = 0; i < size; i += 1) bytes[i] = u32();
      return bytes;
    },
  };
}

/**
 * Seeds 1…count, or only those of TIDELINE_SEED when that is set: one, or a range such as 20001-25000. TIDELINE_SEED_FACTOR
 * multiplies `count`, for long runs (with vitest's --testTimeout=0).
 */
export function seedList(count: number): number[] {
  const only = process.env["TIDELINE_SEED"];
  const factor = Number(process.env["TIDELINE_SEED_FACTOR"] ?? 1);
  const [first = 1, last = first] = only?.split("-").map(Number) ?? [1, count * factor];
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Runs `check` for each seed of `seedList`; an error names the seed. */
export function forEachSeed(count: number, check: (random: Random, seed: number) => void): void {
  for (const seed of seedList(count)) {
    try {
      check(seededRandom(seed), seed);
    } catch (cause) {
      throw new Error(
        `seed ${seed} fails (TIDELINE_SEED=${seed} runs it alone): ${String(cause)}`,
        { cause },
      );
    }
  }
}

import { forEachSeed } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import createXxhash from "xxhash-wasm";
import { xxh64Plain } from "./plain.ts";
import { xxh64 } from "./wasm.ts";

const oracle = await createXxhash();

describe.for([
  { name: "plain", hash: xxh64Plain },
  { name: "wasm", hash: xxh64 },
])("xxh64, $name", ({ hash }) => {
  test("has the specification's value for nothing", () => {
    expect(hash(new Uint8Array(0))).toBe(0xef46_db37_51d8_e999n);
  });

  test("equals xxhash-wasm at every length up to two stripes and a bit", () => {
    const bytes = Uint8Array.from({ length: 80 }, (_, i) => i * 37);
    for (let size = 0; size <= bytes.length; size += 1) {
      expect(hash(bytes.subarray(0, size))).toBe(oracle.h64Raw(bytes.subarray(0, size)));
    }
  });

  test("equals xxhash-wasm on any bytes under any seed", () => {
    forEachSeed(100, (random) => {
      const bytes = random.bytes(random.below(2_000)).subarray(random.below(8));
      const seed = (BigInt(random.u32()) << 32n) | BigInt(random.u32());
      expect(hash(bytes, seed)).toBe(oracle.h64Raw(bytes, seed));
    });
  });

  test("equals xxhash-wasm around the size of the window", () => {
    for (const size of [262_143, 262_144, 262_145]) {
      const bytes = new Uint8Array(size).fill(7);
      expect(hash(bytes)).toBe(oracle.h64Raw(bytes));
    }
  });
});

import { forEachSeed } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { IdentityIndex } from "./identity-index.ts";

test("equal identities share a ref, others get the next number, up to the last one", () => {
  forEachSeed(15, (random) => {
    const refCountMax = random.pick([1, 1 + random.below(200), 3_000]);
    const index = new IdentityIndex(refCountMax);
    for (let round = 0; round < 2; round += 1) {
      const refs = new Map<string, number>();
      for (let i = 0; i < 5_000 && refs.size < refCountMax; i += 1) {
        // Many agree in all words but one.
        const identity = new Uint8Array(16);
        identity[random.below(16)] = random.below(64);
        identity[random.below(16)] = random.below(4);
        const name = Buffer.from(identity).toString("hex");
        const ref = refs.get(name) ?? refs.size;
        expect(index.refOf(identity)).toBe(ref);
        refs.set(name, ref);
      }
      expect(index.refCount).toBe(refs.size);
      for (const [name, ref] of refs) {
        const stored = index.identities.subarray(ref * 16, ref * 16 + 16);
        expect(Buffer.from(stored).toString("hex")).toBe(name);
      }
      index.clear();
    }
  });
});

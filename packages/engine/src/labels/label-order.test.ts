import { forEachSeed } from "@tideline/common/testing";
import { expect, test } from "vitest";
import { compareLabelKeys, labelKey } from "./label-key.ts";
import { inLabelOrder } from "./label-order.ts";

test("keys come in the order that comparing gives", () => {
  forEachSeed(1_000, (random) => {
    const sizes = random.pick([
      [1, 2, 3],
      [1, 2, 127, 128, 300],
    ]);
    const text = (): string => "a".repeat(random.pick(sizes) - 1) + random.pick(["a", "b", "é"]);
    const labelNames = ["__name__", "aa", "b", "bbb", text()];
    const key = (): string =>
      labelKey(
        labelNames
          .filter(() => random.chance(0.6))
          .map((name) => ({
            name,
            value: random.chance(0.2) ? text() : String(random.below(120)),
          })),
      );
    const keys = [...new Set(Array.from({ length: random.below(60) }, key))];
    const prefix = random.chance(0.5) ? "" : "12345678";
    expect(
      inLabelOrder(
        keys.map((one) => prefix + one),
        prefix.length,
      ),
    ).toEqual(keys.toSorted(compareLabelKeys).map((one) => prefix + one));
  });
});

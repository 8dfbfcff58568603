import { expect, test } from "vitest";
import { compareLabelKeys, labelKey } from "../../labels/label-key.ts";
import { rowsByLabels } from "./label-sort.ts";

/** A key of labels as `a=1 c=x`. */
function keyOf(text: string): string {
  const pairs = text === "" ? [] : text.split(" ").map((pair) => pair.split("="));
  return labelKey(pairs.map(([name = "", value = ""]) => ({ name, value })));
}

function sorted(texts: readonly string[], names: readonly string[], direction: 1 | -1): string[] {
  const inOrder = texts.toSorted((a, b) => compareLabelKeys(keyOf(a), keyOf(b)));
  return rowsByLabels(inOrder.map(keyOf), names, direction).map((row) => inOrder[row] as string);
}

test.for<[string[], 1 | -1, string[]]>([
  // What Prometheus 3.5.3 answered.
  [["a"], 1, ["", "a=1 c=x", "a=x b=﹏ c=x1y", "a=x1 c=x1y", "a=😀 b=x2", "b=y", "b=é c=﹏"]],
  [["a"], -1, ["b=é c=﹏", "b=y", "a=😀 b=x2", "a=x1 c=x1y", "a=x b=﹏ c=x1y", "a=1 c=x", ""]],
  [
    ["a"],
    1,
    [
      "a=0009",
      "a=100000000000000000000",
      "a=9223372036854775807",
      "a=9223372036854775808",
      "a=99999999999999999999",
    ],
  ],
  [["c", "a"], 1, ["a=2", "a=x b=x2", "a=x10 b=01", "a=é", "b=x1 c=x1y", "a=é b=x10 c=﹏"]],
  [
    ["c", "a"],
    1,
    [
      "a=y b=﹏ c=01",
      "a=é b=10 c=01",
      "c=01",
      "a=y b=y c=99999999999999999999",
      "b=x2 c=x2",
      "c=x10",
      "a=x1y b=é c=é",
    ],
  ],
])(
  "by %s, %i: as Prometheus orders a few, also where the label is absent",
  ([names, direction, texts]) => {
    expect(sorted(texts, names, direction)).toEqual(texts);
  },
);

test("of more than twelve, those without the label come first, or last when descending", () => {
  const texts = ["", ...Array.from({ length: 12 }, (_, i) => `a=${i}`), "b=1"];
  expect(sorted(texts, ["a"], 1)).toEqual(["", "b=1", ...texts.slice(1, 13)]);
  expect(sorted(texts, ["a"], -1)).toEqual(["", "b=1", ...texts.slice(1, 13)].toReversed());
});

import { forEachSeed, type Random } from "@tideline/common/testing";
import { DEFAULT_TENANT, seriesKey, type Label } from "@tideline/model";
import { describe, expect, test } from "vitest";
import {
  bytesText,
  compareLabelKeys,
  dropLabels,
  keepLabel,
  keepLabels,
  labelKey,
  labelKeyOf,
  labelKeyText,
  labelsOf,
  labelValue,
  metricNameOf,
  withLabel,
  withoutLeadingName,
  withoutMetadata,
} from "./label-key.ts";

const NAMES = ["__name__", "job", "Z", "a", "höhe", "instance", "le"];

function randomLabels(random: Random): Label[] {
  return NAMES.filter(() => random.chance(0.5)).map((name) => ({
    name,
    value: random.pick(["x", "ü🙂", "y".repeat(random.below(400) + 1), '"quoted"']),
  }));
}

describe("label keys", () => {
  test("a label key is the series key without its tenant", () => {
    forEachSeed(50, (random) => {
      const labels = [{ name: "at_least", value: "one" }, ...randomLabels(random)];
      expect(labelKey(labels)).toBe(labelKeyOf(seriesKey(DEFAULT_TENANT, labels)));
    });
  });

  test("labels come back as they were, sorted by the bytes of their names", () => {
    forEachSeed(50, (random) => {
      const labels = randomLabels(random);
      const sorted = labels.toSorted((a, b) =>
        Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
      );
      expect(labelsOf(labelKey(labels))).toEqual(sorted);
    });
  });

  test("keeping and dropping labels split a key in two", () => {
    forEachSeed(50, (random) => {
      const labels = randomLabels(random);
      const chosen = NAMES.filter(() => random.chance(0.5));
      const names = new Set(chosen.map(bytesText));
      const key = labelKey(labels);
      expect(keepLabels(key, names)).toBe(
        labelKey(labels.filter(({ name }) => chosen.includes(name))),
      );
      expect(dropLabels(key, names)).toBe(
        labelKey(labels.filter(({ name }) => !chosen.includes(name))),
      );
    });
  });

  test("a label is set in its place, replaced, and removed by an empty value", () => {
    const key = labelKey([
      { name: "a", value: "1" },
      { name: "c", value: "3" },
    ]);
    expect(labelKeyText(withLabel(key, "b", "2"))).toBe('{a="1", b="2", c="3"}');
    expect(labelKeyText(withLabel(key, "c", "4"))).toBe('{a="1", c="4"}');
    expect(labelKeyText(withLabel(key, "a", ""))).toBe('{c="3"}');
    expect(labelValue(key, "c")).toBe("3");
    expect(labelValue(key, "b")).toBe("");
  });

  test("the metric name is found and dropped wherever it stands", () => {
    const key = labelKey([
      { name: "Z", value: "1" },
      { name: "__name__", value: "größe" },
      { name: "a", value: "2" },
    ]);
    expect(metricNameOf(key)).toBe("größe");
    expect(labelKeyText(withoutMetadata(key))).toBe('{Z="1", a="2"}');
    expect(labelKeyText(key)).toBe('größe{Z="1", a="2"}');
  });
});

describe("the order of label sets", () => {
  test.for<{ name: string; sets: [string, string][][] }>([
    {
      name: "a prefix comes first",
      sets: [
        [],
        [["a", "1"]],
        [
          ["a", "1"],
          ["b", "1"],
        ],
      ],
    },
    { name: "names decide before values", sets: [[["a", "9"]], [["b", "1"]]] },
    {
      name: "a longer value comes after its prefix",
      sets: [[["a", "1"]], [["a", "10"]], [["a", "2"]]],
    },
  ])("$name", ({ sets }) => {
    const keys = sets.map((set) => labelKey(set.map(([name, value]) => ({ name, value }))));
    for (let i = 0; i < keys.length; i += 1) {
      for (let j = 0; j < keys.length; j += 1) {
        const order = compareLabelKeys(keys[i] as string, keys[j] as string);
        expect(Math.sign(order)).toBe(Math.sign(i - j));
      }
    }
  });

  test("texts of any length are compared by their bytes, not by their sizes", () => {
    forEachSeed(2_000, (random) => {
      const text = (): string => {
        const size = random.pick([1, 2, 3, 126, 127, 128, 129, 300]);
        return "a".repeat(size - 1) + random.pick(["a", "b", "é"]);
      };
      const set = (): [string, string][] =>
        ["a", "b", "c"].filter(() => random.chance(0.7)).map((name) => [name + text(), text()]);
      const [left, right] = [set(), set()];
      const [a, b] = [left, right].map((labels) =>
        labelKey(labels.map(([name, value]) => ({ name, value }))),
      ) as [string, string];
      expect(Math.sign(compareLabelKeys(a, b))).toBe(compareParts(parts(a), parts(b)));
    });
  });
});

function parts(key: string): Buffer[] {
  return labelsOf(key).flatMap(({ name, value }) => [Buffer.from(name), Buffer.from(value)]);
}

function compareParts(a: readonly Buffer[], b: readonly Buffer[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const order = Buffer.compare(a[i] as Buffer, b[i] as Buffer);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

test("one label kept is that of many kept", () => {
  forEachSeed(50, (random) => {
    const key = labelKey(randomLabels(random));
    for (const name of NAMES.map(bytesText))
      expect(keepLabel(key, name)).toBe(keepLabels(key, new Set([name])));
  });
});

function named(labels: Record<string, string>): string {
  return labelKey(Object.entries(labels).map(([name, value]) => ({ name, value })));
}

describe("the name in front of many keys", () => {
  test("goes from all of them as from each", () => {
    const keys = [
      named({ __name__: "up", a: "1" }),
      named({ __name__: "up" }),
      named({ __name__: "up", __scheme__: "x", a: "2" }),
    ];
    expect(withoutLeadingName(keys)).toEqual(keys.map(withoutMetadata));
  });

  test.each([
    ["no keys", []],
    ["no name", [named({ a: "1" })]],
    ["two names", [named({ __name__: "up" }), named({ __name__: "down" })]],
    ["one name that begins another", [named({ __name__: "up" }), named({ __name__: "up2" })]],
    ["a label before it", [named({ Z: "1", __name__: "up" })]],
    ["a type", [named({ __name__: "up" }), named({ __name__: "up", __type__: "gauge" })]],
    ["a unit", [named({ __name__: "up", __t: "1", __unit__: "s", a: "1" })]],
  ])("is not there: %s", (_, keys) => {
    expect(withoutLeadingName(keys)).toBeNull();
  });
});

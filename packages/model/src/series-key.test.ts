import { forEachSeed, type Random } from "@tideline/common/testing";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CorruptionError, InputError } from "./errors.ts";
import {
  canonicalKey,
  DEFAULT_LABEL_LIMITS,
  IDENTITY_SIZE,
  identityOf,
  identityRange,
  keyLabels,
  keyTenant,
  seriesKey,
  type Label,
} from "./series-key.ts";
import { DEFAULT_TENANT, parseTenant } from "./tenant.ts";

interface Vector {
  readonly name: string;
  readonly tenant: string;
  readonly labels: readonly (readonly [string, string])[];
  readonly key: string;
  readonly identity: string;
}

function goldenVectors(): Vector[] {
  const page = new URL("../../../docs/formats/identity.md", import.meta.url);
  const block = /```json\n([\s\S]*?)\n```/.exec(readFileSync(page, "utf8"))?.[1];
  return JSON.parse(block ?? "[]") as Vector[];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

const vectors = goldenVectors();

test("the page has golden vectors", () => {
  expect(vectors.length).toBeGreaterThan(5);
});

test.for(vectors)("golden vector: $name", ({ tenant, labels, key, identity }) => {
  const made = seriesKey(
    parseTenant(tenant),
    labels.map(([name, value]) => ({ name, value })),
  );
  expect(hex(made)).toBe(key);
  expect(hex(identityOf(made))).toBe(identity);
});

function randomLabels(random: Random): Label[] {
  return Array.from({ length: 1 + random.below(8) }, () => ({
    name: random.pick(["a", "b", "ab", "é", "\u{1F600}", "\uFF5E", "__name__", "z9"]),
    value: random.pick(["", "1", "2", "ü", "\u{1F600}"]),
  }));
}

/** What law 3 says, in the plainest words. */
function canonicalLabels(labels: readonly Label[]): Label[] {
  const last = new Map(labels.map(({ name, value }) => [name, value]));
  return [...last]
    .filter(([, value]) => value !== "")
    .map(([name, value]) => ({ name, value }))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

describe("a series key", () => {
  test("holds the canonical labels and the tenant", () => {
    forEachSeed(300, (random) => {
      const labels = [...randomLabels(random), { name: "one", value: "1" }];
      const tenant = { accountId: random.u32(), projectId: random.u32() };
      const key = seriesKey(tenant, labels);
      expect(keyLabels(key)).toEqual(canonicalLabels(labels));
      expect(keyTenant(key)).toEqual(tenant);
    });
  });

  test("does not depend on the order of labels with different names", () => {
    forEachSeed(200, (random) => {
      const labels = canonicalLabels([...randomLabels(random), { name: "one", value: "1" }]);
      const shuffled = labels
        .map((label) => ({ label, rank: random.u32() }))
        .toSorted((a, b) => a.rank - b.rank)
        .map(({ label }) => label);
      expect(hex(seriesKey(DEFAULT_TENANT, shuffled))).toBe(hex(seriesKey(DEFAULT_TENANT, labels)));
    });
  });

  test("is made again from its own labels", () => {
    forEachSeed(100, (random) => {
      const key = seriesKey(DEFAULT_TENANT, [...randomLabels(random), { name: "one", value: "1" }]);
      expect(hex(seriesKey(keyTenant(key), keyLabels(key)))).toBe(hex(key));
    });
  });

  test.for([
    { name: "no labels", labels: [], reason: "no_labels" },
    { name: "only empty values", labels: [["a", ""]], reason: "no_labels" },
    { name: "an empty name", labels: [["", "x"]], reason: "empty_label_name" },
    { name: "a long name", labels: [["n".repeat(257), "x"]], reason: "too_long_label_name" },
    { name: "a long value", labels: [["n", "x".repeat(4097)]], reason: "too_long_label_value" },
    {
      name: "too many labels",
      labels: Array.from({ length: 41 }, (_, i) => [`l${i}`, "x"]),
      reason: "too_many_labels",
    },
  ])("is refused for $name", ({ labels, reason }) => {
    const raw = labels.map(([name, value]) => ({
      name: Buffer.from(name ?? ""),
      value: Buffer.from(value ?? ""),
    }));
    expect(canonicalKey(DEFAULT_TENANT, raw, DEFAULT_LABEL_LIMITS)).toBe(reason);
  });

  test.for([
    { name: "in a name", label: [[0xff], [0x61]] },
    { name: "in a value", label: [[0x61], [0xc3]] },
    { name: "as a surrogate", label: [[0x61], [0xed, 0xa0, 0x80]] },
  ])("is refused for invalid UTF-8 $name", ({ label }) => {
    const [name, value] = label.map((bytes) => Uint8Array.from(bytes));
    const raw = [{ name: name as Uint8Array, value: value as Uint8Array }];
    expect(canonicalKey(DEFAULT_TENANT, raw, DEFAULT_LABEL_LIMITS)).toBe("invalid_utf8");
  });

  test("of text that makes no series is an InputError that shows the labels", () => {
    expect(() => seriesKey(DEFAULT_TENANT, [{ name: "a", value: "" }])).toThrow(InputError);
  });

  test("that was cut gives a CorruptionError, or fewer labels at a border", () => {
    const key = seriesKey(DEFAULT_TENANT, [
      { name: "a", value: "1" },
      { name: "b", value: "2" },
    ]);
    const cuts = Array.from({ length: key.length }, (_, size) =>
      labelCountOf(key.subarray(0, size)),
    );
    // 8 bytes of tenant, then 4 bytes a label.
    const expected = cuts.map((_, size) =>
      size >= 8 && size % 4 === 0 ? (size - 8) / 4 : "damaged",
    );
    expect(cuts).toEqual(expected);
  });
});

function labelCountOf(key: Uint8Array): number | string {
  try {
    return keyLabels(key).length;
  } catch (error) {
    return error instanceof CorruptionError ? "damaged" : "another error";
  }
}

describe("ranges of the identity space", () => {
  test("cover it without gaps, in order, evenly", () => {
    for (const rangeCount of [1, 2, 3, 7, 64]) {
      const identities = new Uint8Array(3 * IDENTITY_SIZE);
      identities.fill(0xff, 2 * IDENTITY_SIZE);
      expect(identityRange(identities, rangeCount, IDENTITY_SIZE)).toBe(0);
      expect(identityRange(identities, rangeCount, 2 * IDENTITY_SIZE)).toBe(rangeCount - 1);
      const counts = new Uint32Array(rangeCount);
      forEachSeed(1, (random) => {
        for (let i = 0; i < 6400; i += 1) {
          const range = identityRange(random.bytes(IDENTITY_SIZE), rangeCount);
          counts[range] = (counts[range] as number) + 1;
        }
      });
      expect(Math.min(...counts)).toBeGreaterThan((6400 / rangeCount) * 0.5);
    }
  });
});

import { forEachSeed, type Random } from "@tideline/common/testing";
import { identityOf, seriesKey, type Label, type Matcher, type Tenant } from "@tideline/model";
import { expect, test } from "vitest";
import { Memtable } from "../head/memtable.ts";
import { compileFilters, haveCommon, meet, selectSeries, unite } from "./select.ts";

const tenants: readonly Tenant[] = [
  { accountId: 0, projectId: 0 },
  { accountId: 7, projectId: 0xffff_ffff },
];
const NAMES = ["__name__", "a", "b", "ü"];
const VALUES = ["x", "y", "xy", "", "line\nbreak", "ä"];
const PATTERNS = [
  "",
  ".*",
  ".+",
  "x|y",
  "x.*",
  "[xy]+",
  "(x|)",
  "ä",
  "nothing",
  "line.break",
  "|x",
];

interface Made {
  readonly tenant: Tenant;
  readonly labels: readonly Label[];
}

function makeSeries(random: Random, count: number): Made[] {
  const made = new Map<string, Made>();
  for (let i = 0; i < count; i += 1) {
    const labels = NAMES.map((name) => ({ name, value: random.pick(VALUES) }));
    const present = labels.filter(({ value }) => value !== "");
    if (present.length === 0) continue;
    const tenant = random.pick(tenants);
    made.set(JSON.stringify([tenant, present]), { tenant, labels: present });
  }
  return [...made.values()];
}

function makeMatcher(random: Random): Matcher {
  const operator = random.pick(["=", "!=", "=~", "!~"] as const);
  const pool = operator.endsWith("~") ? PATTERNS : VALUES;
  return { name: random.pick([...NAMES, "absent"]), operator, value: random.pick(pool) };
}

function passes({ labels }: Made, { name, operator, value }: Matcher): boolean {
  const actual = labels.find((label) => label.name === name)?.value ?? "";
  const equal = operator.endsWith("~")
    ? new RegExp(`^(?:${value})$`, "su").test(actual)
    : actual === value;
  return equal === operator.startsWith("=");
}

test("selected are the series that pass, by Prometheus' rules", () => {
  forEachSeed(400, (random) => {
    const all = makeSeries(random, 1 + random.below(60));
    const table = new Memtable();
    for (const { tenant, labels } of all) {
      const key = seriesKey(tenant, labels);
      table.register(identityOf(key), 0, key);
    }
    for (let round = 0; round < 10; round += 1) {
      const tenant = random.pick(tenants);
      const filters = Array.from({ length: random.below(3) }, () =>
        Array.from({ length: random.below(4) }, () => makeMatcher(random)),
      );
      const expected = [...all.keys()].filter((slot) => {
        const series = all[slot] as Made;
        if (series.tenant !== tenant) return false;
        return (
          filters.length === 0 ||
          filters.some((matchers) => matchers.every((matcher) => passes(series, matcher)))
        );
      });
      const selected = selectSeries(table.labels, tenant, compileFilters(filters));
      expect({ filters, selected: [...selected] }).toEqual({ filters, selected: expected });
    }
  });
});

test("sets of numbers are met and united", () => {
  forEachSeed(300, (random) => {
    const spread = random.pick([10, 1000, 1_000_000]);
    const sets = Array.from({ length: 1 + random.below(5) }, () => {
      const set = new Set(Array.from({ length: random.below(50) }, () => random.below(spread)));
      return Uint32Array.from(set).toSorted();
    });
    const [a = new Uint32Array(0), b = new Uint32Array(0)] = sets;
    const inB = new Set(b);
    expect([...meet(a, b, true)]).toEqual([...a].filter((x) => inB.has(x)));
    expect([...meet(a, b, false)]).toEqual([...a].filter((x) => !inB.has(x)));
    expect(haveCommon(a, b)).toBe([...a].some((x) => inB.has(x)));
    const all = new Set(sets.flatMap((set) => [...set]));
    expect([...unite(sets)]).toEqual([...Uint32Array.from(all).toSorted()]);
  });
});

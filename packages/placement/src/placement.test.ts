import { seededRandom } from "@tideline/common/testing";
import { DEFAULT_TENANT, IDENTITY_SIZE, identityOf, seriesKey } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { placementOf } from "./placement.ts";

const SERIES_COUNT = 20_000;
const identities = seededRandom(1).bytes(SERIES_COUNT * IDENTITY_SIZE);

async function homesOf(nodes: readonly string[]): Promise<string[]> {
  const { homeOf } = await placementOf(nodes);
  return Array.from(
    { length: SERIES_COUNT },
    (_, i) => nodes[homeOf(identities, i * IDENTITY_SIZE)] as string,
  );
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `vmstorage-${i}:8400`);
}

describe("placement", () => {
  test.for([1, 2, 3, 5, 16, 50])("spreads series evenly over %i nodes", async (count) => {
    const counts = new Map<string, number>();
    for (const home of await homesOf(names(count))) counts.set(home, (counts.get(home) ?? 0) + 1);
    const share = SERIES_COUNT / count;
    // Five standard deviations of a fair lottery.
    for (const name of names(count)) {
      expect(Math.abs((counts.get(name) ?? 0) - share)).toBeLessThan(5 * Math.sqrt(share) + 1);
    }
  });

  test("adding a node moves 1/N of the series, and only to it", async () => {
    const before = await homesOf(names(9));
    const after = await homesOf(names(10));
    const moved = after.filter((home, i) => home !== before[i]);
    expect(new Set(moved)).toEqual(new Set(["vmstorage-9:8400"]));
    expect(moved.length / SERIES_COUNT).toBeGreaterThan(0.085);
    expect(moved.length / SERIES_COUNT).toBeLessThan(0.115);
  });

  test("losing a node spreads its series over all others", async () => {
    const before = await homesOf(names(5));
    const after = await homesOf(names(4));
    const heirs = new Map<string, number>();
    const lost = (i: number): boolean => before[i] === "vmstorage-4:8400";
    for (const [i, heir] of after.entries()) {
      if (lost(i)) heirs.set(heir, (heirs.get(heir) ?? 0) + 1);
    }
    expect(after.filter((home, i) => !lost(i) && home !== before[i])).toEqual([]);
    expect(heirs.size).toBe(4);
    for (const count of heirs.values()) expect(count / (SERIES_COUNT / 20)).toBeCloseTo(1, 0);
  });

  test("the order of the list does not matter", async () => {
    expect(await homesOf(names(7).toReversed())).toEqual(await homesOf(names(7)));
    const hashes = [names(7), names(7).toReversed(), names(6)].map(
      async (list) => (await placementOf(list)).hash,
    );
    const [straight, reversed, other] = await Promise.all(hashes);
    expect(reversed).toBe(straight);
    expect(other).not.toBe(straight);
  });

  test("golden vectors: data lies where they say", async () => {
    const { homeOf, hash } = await placementOf(["a", "b", "c", "d", "node-é"]);
    const homes = Array.from({ length: 24 }, (_, i) => {
      const key = seriesKey(DEFAULT_TENANT, [{ name: "__name__", value: `series_${i}` }]);
      return homeOf(identityOf(key), 0);
    });
    expect(homes.join("")).toBe("443421344333234131143100");
    expect(hash).toBe("5768221180f1f2ae");
  });
});

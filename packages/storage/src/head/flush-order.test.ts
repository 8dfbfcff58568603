import { forEachSeed, seededRandom } from "@tideline/common/testing";
import { identityOf, seriesKey } from "@tideline/model";
import { expect, test } from "vitest";
import { Breather } from "../lane/breather.ts";
import { partOrderKey } from "../part/part-order.ts";
import { slotsInPartOrder } from "./flush-order.ts";
import { Memtable } from "./memtable.ts";

const TEXTS = [
  "a",
  "b",
  "ab",
  "\0",
  "a\0",
  "ü",
  "\u{10ffff}",
  "x".repeat(127),
  "x".repeat(128),
  "x".repeat(300),
];

async function ordersOf(
  seed: number,
  seriesCount: number,
): Promise<{ order: number[]; expected: number[] }> {
  const random = seededRandom(seed);
  const table = new Memtable();
  for (let i = 0; i < seriesCount; i += 1) {
    const labels = Array.from({ length: 1 + random.below(4) }, () => ({
      name: random.pick(["__name__", "__name__x", ...TEXTS]),
      value: random.pick(TEXTS) + (random.chance(0.5) ? String(random.below(50)) : ""),
    }));
    const tenant = { accountId: random.pick([0, 1, 256, 0xffff_ffff]), projectId: random.below(2) };
    const key = seriesKey(tenant, labels);
    table.register(identityOf(key), 0, key);
  }
  const order = await slotsInPartOrder(table.labels.rows, new Breather());
  const keys = Array.from({ length: table.seriesCount }, (_, slot) =>
    partOrderKey(table.keyOf(slot)),
  );
  const expected = [...keys.keys()].toSorted((a, b) =>
    Buffer.compare(keys[a] as Uint8Array, keys[b] as Uint8Array),
  );
  return { order: [...order], expected };
}

test("slots come in the order that parts have", async () => {
  const seeds: number[] = [];
  forEachSeed(40, (_, seed) => seeds.push(seed));
  for (const seed of seeds) {
    const { order, expected } = await ordersOf(seed, seed === 1 ? 5000 : seed * 5);
    expect(order).toEqual(expected);
  }
});

test("no series give no slots", async () => {
  expect((await slotsInPartOrder(new Memtable().labels.rows, new Breather())).length).toBe(0);
});

import { DEFAULT_TENANT, seriesKey, type SeriesBatch } from "@tideline/model";
import { forEachSeed, type Random } from "@tideline/common/testing";
import { describe, expect, test } from "vitest";
import { KnownLists } from "./known-lists.ts";
import { compareLabelKeys, labelKeyOf } from "./label-key.ts";

const PADDING = "x".repeat(100);

function keyOf(id: string): Uint8Array {
  return seriesKey(DEFAULT_TENANT, [
    { name: "__name__", value: "metric" },
    { name: "id", value: id },
    { name: "padding", value: PADDING },
  ]);
}

/** A batch in memory of its own, as a frame is. */
function batchOf(ids: readonly string[]): SeriesBatch {
  const keys = ids.map(keyOf);
  let end = 0;
  const ends = Uint32Array.from(keys, (key) => (end += key.length));
  const series = keys.map((key) => ({ key, blocks: [] }));
  return Object.assign(series, { keySection: { bytes: Buffer.concat(keys), ends } });
}

const ids = (count: number, prefix = ""): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe("lists of keys", () => {
  test("are known again by their bytes", () => {
    const known = new KnownLists();
    const first = known.listOf(batchOf(ids(50)));
    expect(first.labels).toEqual(ids(50).map((id) => labelKeyOf(keyOf(id))));
    expect(known.listOf(batchOf(ids(50)))).toBe(first);
    const other = ids(50).with(20, "XX");
    expect(known.listOf(batchOf(other)).labels[20]).toBe(labelKeyOf(keyOf("XX")));
  });

  test("are not known by bytes alone where keys end elsewhere", () => {
    const known = new KnownLists();
    const batch = batchOf(ids(50));
    const first = known.listOf(batch);
    const bytes = batch.keySection?.bytes ?? new Uint8Array();
    const whole = Object.assign([{ key: bytes, blocks: [] }], {
      keySection: { bytes, ends: Uint32Array.of(bytes.length) },
    });
    expect(known.listOf(whole).labels).toHaveLength(1);
    expect(known.listOf(batch)).toBe(first);
  });

  test("are kept up to a size, those that were asked for last", () => {
    const size = batchOf(ids(50, "a")).keySection?.bytes.length ?? 0;
    const known = new KnownLists(size * 4);
    const lists = ["a", "b", "c", "d"].map((prefix) => known.listOf(batchOf(ids(50, prefix))));
    expect(known.listOf(batchOf(ids(50, "a")))).toBe(lists[0]);
    known.listOf(batchOf(ids(50, "e")));
    expect(known.listOf(batchOf(ids(50, "a")))).toBe(lists[0]);
    expect(known.listOf(batchOf(ids(50, "b")))).not.toBe(lists[1]);
  });

  test("that are short, or say nothing of their memory, are read each time", () => {
    const known = new KnownLists();
    const { labels, number } = known.listOf(batchOf(["1"]));
    expect({ labels, number }).toEqual({ labels: [labelKeyOf(keyOf("1"))], number: 0 });
    expect(known.listOf(ids(50).map((id) => ({ key: keyOf(id), blocks: [] }))).number).toBe(0);
  });
});

describe("lists put together", () => {
  test("have each label set once, in order, with all its pieces", () => {
    forEachSeed(20, (random) => {
      const known = new KnownLists();
      const parts = Array.from({ length: 1 + random.below(4) }, () => randomIds(random));
      const check = (): void => {
        const lists = parts.map((part) => known.listOf(batchOf(part)));
        const { labels, firstPiece, nextPiece } = known.arrange(lists);
        const pieces = lists.flatMap((list) => list.labels);
        expect(labels).toEqual([...new Set(pieces)].toSorted(compareLabelKeys));
        const found = labels.map((_, row) => {
          const own: number[] = [];
          for (let at = firstPiece[row] as number; at >= 0; at = nextPiece[at] as number)
            own.push(at);
          return own;
        });
        const all = labels.map((key) => pieces.flatMap((other, at) => (other === key ? [at] : [])));
        expect(found).toEqual(all);
      };
      check();
      check();
    });
  });

  test("remember what was worked out of them, and what was worked out of that", () => {
    const known = new KnownLists();
    const arranged = (): readonly string[] =>
      known.arrange([known.listOf(batchOf(ids(50)))]).labels;
    let madeCount = 0;
    const ask = (): unknown => {
      const short = known.derived(arranged(), "short", () => {
        madeCount += 1;
        return arranged().map((key) => key.slice(3));
      });
      return known.fact(short ?? [], "sizes", () => {
        madeCount += 1;
        return short?.map((key) => key.length);
      });
    };
    const first = ask();
    expect(ask()).toBe(first);
    expect(madeCount).toBe(2);
    known.fact(arranged(), "other", () => (madeCount += 1));
    expect(madeCount).toBe(3);
  });

  test("of lists that are not kept remember nothing", () => {
    const known = new KnownLists();
    const labels = ["a"];
    let madeCount = 0;
    known.fact(labels, "x", () => (madeCount += 1));
    known.fact(labels, "x", () => (madeCount += 1));
    expect(madeCount).toBe(2);
  });
});

/** Different within a list; other lists may have the same. */
function randomIds(random: Random): string[] {
  const count = random.below(60);
  return [...new Set(Array.from({ length: count }, () => String(random.below(80))))];
}

import { forEachSeed, type Random } from "@tideline/common/testing";
import { CorruptionError, type RowBatch, wordsOf } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { decodeRowBlockAnswer, encodeRowBlockAnswer, rowBlockAnswer } from "./answer.ts";
import { blockTimestamps, decodeRowBlock, keyedKey, rowCountOf, type RowBlock } from "./decode.ts";
import { encodeRowBlock, type RowBlockInput } from "./encode.ts";
import { KeyedDefinitions, NO_KEYED } from "./keyed-definitions.ts";

function batchOf(timestampsMs: readonly number[], random?: Random): RowBatch {
  const rowCount = timestampsMs.length;
  const refCount = Math.max(1, rowCount);
  const values = new Float64Array(rowCount);
  const words = wordsOf(values);
  for (let i = 0; i < words.length; i += 1) words[i] = random ? random.u32() : i;
  return {
    series: {
      epoch: 0,
      refCount,
      identities: Uint8Array.from({ length: refCount * 16 }, (_, i) => (i * 7) & 0xff),
      keyOf: (ref) => Buffer.from(`key ${ref}`),
    },
    rowCount,
    refs: Uint32Array.from({ length: rowCount }, (_, i) => i),
    timestampsMs: Float64Array.from(timestampsMs),
    values,
  };
}

function inputOf(batch: RowBatch, rest: Partial<RowBlockInput> = {}): RowBlockInput {
  return {
    dictionary: 7,
    batch,
    rows: Uint32Array.from({ length: batch.rowCount }, (_, i) => i),
    rowsFrom: 0,
    rowsTo: batch.rowCount,
    streamRefs: Uint32Array.from({ length: batch.series.refCount }, (_, i) => i + 100),
    definitions: new Uint32Array(),
    definitionCount: 0,
    keyed: NO_KEYED,
    ...rest,
  };
}

function timesOf(bytes: Uint8Array): number[] {
  const block = decodeRowBlock(bytes);
  const times = new Float64Array(block.rowCount);
  blockTimestamps(block, times);
  return [...times];
}

function errorOf(action: () => unknown): unknown {
  try {
    action();
    return null;
  } catch (error) {
    return error;
  }
}

/** Whether `bytes` are refused with a CorruptionError, or decode to a block that passes `check`. */
function decodedOrCorrupt(bytes: Uint8Array, check: (block: RowBlock) => boolean): boolean {
  let passes = false;
  const error = errorOf(() => {
    passes = check(decodeRowBlock(bytes));
  });
  return error === null ? passes : error instanceof CorruptionError;
}

describe("a row block", () => {
  test.for([
    { name: "none", times: [] },
    { name: "one", times: [1_700_000_000_000] },
    { name: "all equal", times: [5, 5, 5] },
    {
      name: "near each other, not sorted",
      times: [1_700_000_000_000, 1_699_999_999_000, 1_700_000_100_000],
    },
    { name: "at the edges of a 32-bit delta", times: [0, 2 ** 31 - 1, -(2 ** 31)] },
    { name: "over a 32-bit delta", times: [0, 2 ** 31, -5] },
    { name: "at the edges of time", times: [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER] },
  ])("brings back timestamps: $name", ({ times }) => {
    expect(timesOf(encodeRowBlock(inputOf(batchOf(times))))).toEqual(times);
  });

  test("takes 8 bytes a row and a little when it is like scrapes, 16 when nothing has order", () => {
    const times = Array.from({ length: 1000 }, (_, i) => 5 + Math.floor(i / 100));
    const scrapes = encodeRowBlock(inputOf(batchOf(times)));
    expect(scrapes.length / 1000).toBeLessThan(8.2);
    expect(timesOf(scrapes)).toEqual(times);
    const mixed = batchOf(Array.from({ length: 1000 }, (_, i) => i));
    const rows = Uint32Array.from({ length: 1000 }, (_, i) => (i * 7) % 1000);
    const bytes = encodeRowBlock(inputOf(mixed, { rows }));
    expect(bytes.length / 1000).toBeLessThan(16.1);
    expect([...decodeRowBlock(bytes).refs]).toEqual([...rows].map((row) => row + 100));
    expect(timesOf(bytes)).toEqual([...rows]);
  });

  test("brings back rows in any order, at any times", () => {
    forEachSeed(100, (random) => {
      const rowCount = 1 + random.below(200);
      const batch = batchOf(
        Array.from({ length: rowCount }, () => random.below(random.pick([2, 2 ** 40]))),
        random,
      );
      let row = 0;
      const rows = new Uint32Array(rowCount).map(() => {
        row = random.chance(0.1) ? random.below(rowCount) : (row + 1) % rowCount;
        return row;
      });
      const bytes = encodeRowBlock(inputOf(batch, { rows }));
      const block = decodeRowBlock(bytes);
      expect([...block.refs]).toEqual([...rows].map((at) => at + 100));
      expect(timesOf(bytes)).toEqual([...rows].map((at) => batch.timestampsMs[at]));
    });
  });

  test("keeps the bits of values, whatever NaN they are", () => {
    forEachSeed(50, (random) => {
      const batch = batchOf(
        Array.from({ length: 1 + random.below(50) }, () => random.below(1e6)),
        random,
      );
      const words = wordsOf(batch.values);
      for (let i = 0; i < batch.rowCount; i += 2)
        words[i * 2 + 1] = 0x7ff0_0000 | random.below(1 << 20);
      const block = decodeRowBlock(encodeRowBlock(inputOf(batch)));
      expect(wordsOf(block.values)).toEqual(words);
    });
  });

  test("carries definitions, keyed definitions and the rows chosen, in the order given", () => {
    const batch = batchOf([1, 2, 3, 4]);
    const bytes = encodeRowBlock(
      inputOf(batch, {
        rows: Uint32Array.of(9, 3, 1, 9),
        rowsFrom: 1,
        rowsTo: 3,
        definitions: Uint32Array.of(3, 0),
        definitionCount: 1,
        keyed: KeyedDefinitions.of([
          { streamRef: 101, ref: 1, key: Buffer.from("one") },
          { streamRef: 100, ref: 0, key: Buffer.from("") },
        ]),
      }),
    );
    const block = decodeRowBlock(bytes);
    expect(rowCountOf(bytes)).toBe(2);
    expect(block.dictionary).toBe(7);
    expect([...block.refs]).toEqual([103, 101]);
    expect(timesOf(bytes)).toEqual([4, 2]);
    expect([...block.definitionRefs]).toEqual([103]);
    expect(block.definitionIdentities).toEqual(batch.series.identities.subarray(48, 64));
    expect([...block.keyedRefs]).toEqual([101, 100]);
    expect(block.keyedIdentities.subarray(0, 16)).toEqual(batch.series.identities.subarray(16, 32));
    expect(Buffer.from(keyedKey(block, 0)).toString()).toBe("one");
    expect(keyedKey(block, 1).length).toBe(0);
    expect(block.refBound).toBe(104);
  });

  test("is read at any offset", () => {
    const bytes = encodeRowBlock(inputOf(batchOf([1, 2, 3])));
    for (let shift = 0; shift < 9; shift += 1) {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      expect(timesOf(moved.subarray(shift))).toEqual([1, 2, 3]);
    }
  });
});

describe.for([
  { name: "no row block", times: [1, 2, 3] },
  { name: "no row block with runs", times: [1, 1, 1, 1, 2, 2, 2, 2, 2] },
])("bytes that are $name", ({ times }) => {
  const whole = encodeRowBlock(
    inputOf(batchOf(times), {
      definitions: Uint32Array.of(0, 1),
      definitionCount: 2,
      keyed: KeyedDefinitions.of([{ streamRef: 102, ref: 2, key: Buffer.from("a key") }]),
    }),
  );

  test("every truncation is noticed", () => {
    for (let size = 0; size < whole.length; size += 1) {
      expect(() => decodeRowBlock(whole.slice(0, size))).toThrow(CorruptionError);
    }
  });

  test("a flipped bit gives an error or a block whose counts hold", () => {
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const bytes = whole.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      const holds = decodedOrCorrupt(bytes, (block) => {
        const refs = [...block.refs, ...block.definitionRefs, ...block.keyedRefs];
        return (
          refs.every((ref) => ref < block.refBound) &&
          (block.keyEnds.at(-1) ?? 0) === block.keys.length
        );
      });
      expect(holds).toBe(true);
    }
  });

  test("noise gives a CorruptionError and nothing else", () => {
    forEachSeed(300, (random) => {
      const bytes = random.bytes(random.below(400));
      if (random.chance(0.8))
        bytes.set(whole.subarray(0, Math.min(8 + random.below(40), bytes.length)));
      expect(decodedOrCorrupt(bytes, () => true)).toBe(true);
    });
  });
});

describe("an answer to a row block", () => {
  test.for([
    rowBlockAnswer("kept"),
    rowBlockAnswer("kept", { ignoredByReason: { too_old: 3, too_far_in_future: 1 } }),
    rowBlockAnswer("unknownRefs", { unknownRefs: Uint32Array.of(0, 5, 2 ** 24) }),
    rowBlockAnswer("overloaded", { retryAfterMs: 1500, message: "ring is full" }),
    rowBlockAnswer("readOnly", { message: "disk is full" }),
    rowBlockAnswer("failed", { message: "ünïcode" }),
  ])("comes back equal: $status", (answer) => {
    expect(decodeRowBlockAnswer(encodeRowBlockAnswer(answer))).toEqual(answer);
  });

  test("damaged bytes give a CorruptionError and nothing else", () => {
    const whole = encodeRowBlockAnswer(
      rowBlockAnswer("unknownRefs", {
        unknownRefs: Uint32Array.of(1, 2),
        ignoredByReason: { a: 1 },
        message: "m",
      }),
    );
    for (let size = 0; size < whole.length; size += 1) {
      expect(() => decodeRowBlockAnswer(whole.subarray(0, size))).toThrow(CorruptionError);
    }
    forEachSeed(300, (random) => {
      const bytes = random.bytes(random.below(60));
      bytes[0] = 1;
      const error = errorOf(() => decodeRowBlockAnswer(bytes));
      expect(error === null || error instanceof CorruptionError).toBe(true);
    });
  });
});

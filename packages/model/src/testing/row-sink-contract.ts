/** What every RowSink must do (row-sink.ts), as a suite. */
import { seededRandom } from "@tideline/common/testing";
import { expect, test } from "vitest";
import type { RowBatch, RowSink, SeriesTable } from "../row-sink.ts";
import { beats, wordsOf } from "../sample-merge.ts";
import { IDENTITY_SIZE, identityOf, seriesKey } from "../series-key.ts";

/** A sink, and what it has kept: `key ms` → bits, the key as latin1 text. */
export interface OpenedSink {
  readonly sink: RowSink;
  readonly read: () => Promise<Map<string, bigint>>;
}

export type OpenSink = () => Promise<OpenedSink>;

const TENANTS = [
  { accountId: 0, projectId: 0 },
  { accountId: 4, projectId: 5 },
];

/** Values among which every rule of law 3 matters. */
const BITS = [
  0x7ff0_0000_0000_0002n,
  0x7ff8_0000_0000_0001n,
  0xfff0_0000_0000_0000n,
  0x8000_0000_0000_0000n,
  0n,
  0x3ff0_0000_0000_0000n,
];

function keyOf(i: number): Uint8Array {
  const tenant = TENANTS[i % 2] as (typeof TENANTS)[number];
  return seriesKey(tenant, [
    { name: "__name__", value: "m" },
    { name: "i", value: String(i) },
  ]);
}

/** A table of `count` series, in an epoch. */
function tableOf(count: number, epoch = 0, first = 0): SeriesTable {
  const keys = Array.from({ length: count }, (_, i) => keyOf(first + i));
  const identities = new Uint8Array(count * IDENTITY_SIZE);
  for (const [i, key] of keys.entries()) identities.set(identityOf(key), i * IDENTITY_SIZE);
  return { epoch, refCount: count, identities, keyOf: (ref) => keys[ref] as Uint8Array };
}

interface Row {
  readonly ref: number;
  readonly ms: number;
  readonly bits: bigint;
}

function batchOf(series: SeriesTable, rows: readonly Row[]): RowBatch {
  const bits = BigUint64Array.from([...rows.map((row) => row.bits), 0n]);
  return {
    series,
    rowCount: rows.length,
    refs: Uint32Array.from(rows, ({ ref }) => ref),
    timestampsMs: Float64Array.from(rows, ({ ms }) => ms),
    values: new Float64Array(bits.buffer),
  };
}

function asWords(bits: bigint): Uint32Array {
  return wordsOf(new Float64Array(BigUint64Array.of(bits).buffer));
}

function remember(kept: Map<string, bigint>, series: SeriesTable, rows: readonly Row[]): void {
  for (const { ref, ms, bits } of rows) {
    const place = `${Buffer.from(series.keyOf(ref)).toString("latin1")} ${ms}`;
    const known = kept.get(place);
    if (known === undefined || beats(asWords(bits), 0, asWords(known), 0)) kept.set(place, bits);
  }
}

/** Declares the tests; call it inside a `describe`. */
export function describeRowSink(open: OpenSink): void {
  test("rows of any order, also repeated, are kept once by law 3", async () => {
    const { sink, read } = await open();
    const random = seededRandom(1);
    const kept = new Map<string, bigint>();
    const series = tableOf(20);
    const nowMs = Date.now();
    for (let i = 0; i < 30; i += 1) {
      const rows = Array.from({ length: 1 + random.below(50) }, () => ({
        ref: random.below(20),
        ms: nowMs - random.below(30) * 1000,
        bits: random.pick(BITS),
      }));
      expect(await sink.write(batchOf(series, rows))).toEqual({ ignoredByReason: {} });
      if (random.chance(0.3)) await sink.write(batchOf(series, rows));
      remember(kept, series, rows);
    }
    expect(await read()).toEqual(kept);
  });

  test("batches of several tables, epochs and of no rows may be on their way together", async () => {
    const { sink, read } = await open();
    const kept = new Map<string, bigint>();
    const nowMs = Date.now();
    const writes: Promise<unknown>[] = [sink.write(batchOf(tableOf(1), []))];
    for (const [n, table] of [tableOf(5), tableOf(8, 0, 3), tableOf(4, 1, 20)].entries()) {
      for (let i = 0; i < 5; i += 1) {
        const rows = Array.from({ length: table.refCount }, (_, ref) => ({
          ref,
          ms: nowMs - i * 1000,
          bits: BigInt(n + 1) << 52n,
        }));
        writes.push(sink.write(batchOf(table, rows)));
        remember(kept, table, rows);
      }
    }
    await Promise.all(writes);
    expect(await read()).toEqual(kept);
  });

  test("a table that gives its refs out anew is followed", async () => {
    const { sink, read } = await open();
    const kept = new Map<string, bigint>();
    const ms = Date.now();
    const rows = [0, 1, 2].map((ref) => ({ ref, ms, bits: 0n }));
    let current = tableOf(3);
    const table: SeriesTable = {
      get epoch() {
        return current.epoch;
      },
      get refCount() {
        return current.refCount;
      },
      get identities() {
        return current.identities;
      },
      keyOf: (ref) => current.keyOf(ref),
    };
    await sink.write(batchOf(table, rows));
    remember(kept, current, rows);
    current = tableOf(3, 1, 10);
    await sink.write(batchOf(table, rows));
    remember(kept, current, rows);
    expect(await read()).toEqual(kept);
  });
}

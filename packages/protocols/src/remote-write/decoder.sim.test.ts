/**
 * A decoder's life under seeds: several tenants, spellings, bad and broken bodies, batches lent for a while,
 * a table so small that it starts anew again and again. A batch must say what its body said until it is
 * given back, and a series must have one ref per epoch.
 */
import { zstdCompressSync } from "node:zlib";
import { forEachSeed, type Random } from "@tideline/common/testing";
import { bitsOf, strangeWriteRequest, type RequestSeries } from "@tideline/kernels/testing";
import {
  DEFAULT_LABEL_LIMITS,
  formatTenant,
  InputError,
  OverloadError,
  type Tenant,
} from "@tideline/model";
import { compress } from "snappyjs";
import { expect, test } from "vitest";
import type { DecodedBody } from "../decoder.ts";
import { rowsOf } from "../testing/rows-of.ts";
import { RemoteWriteDecoder } from "./decoder.ts";

const TENANTS: readonly Tenant[] = [
  { accountId: 0, projectId: 0 },
  { accountId: 0, projectId: 1 },
  { accountId: 4_294_967_295, projectId: 0 },
];

/** A series in one of its spellings, and the row it must become (null: it is dropped). */
interface Wanted {
  readonly series: RequestSeries;
  readonly row: string | null;
}

function anySeries(random: Random, tenant: Tenant): Wanted {
  const number = random.below(120);
  const labels: [string, string][] = [
    ["__name__", `metric_${number % 7}`],
    ["id", String(number)],
  ];
  const spelled: [string, string][] = [...labels];
  if (random.chance(0.2)) spelled.reverse();
  if (random.chance(0.1)) spelled.unshift(["id", "old"]);
  if (random.chance(0.1)) spelled.push(["empty", ""]);
  const bad = random.chance(0.1);
  if (bad) spelled.push(["x".repeat(257), "long"]);
  const timestampMs = random.u32();
  const bits = random.chance(0.2) ? bitsOf(Number.NaN) : random.bytes(8);
  const text = labels.map(([name, value]) => `${name}=${value}`).join(",");
  const value = Buffer.from(bits).toString("hex");
  return {
    series: { labels: spelled, samples: [{ bits, timestampMs: BigInt(timestampMs) }] },
    row: bad ? null : `${formatTenant(tenant)} ${text} ${timestampMs} ${value}`,
  };
}

interface Lent {
  readonly body: DecodedBody;
  readonly rows: string[];
}

test("a decoder that lives long never mixes up its series", () => {
  let epochCount = 0;
  let pauseCount = 0;
  forEachSeed(25, (random) => {
    // Room for some 60 keys.
    const decoder = new RemoteWriteDecoder({
      tableSize: 12_000,
      bodySizeMax: 1 << 18,
      limits: DEFAULT_LABEL_LIMITS,
    });
    const lent: Lent[] = [];
    const giveBack = (): void => {
      const [one] = lent.splice(random.below(lent.length), 1);
      if (!one) return;
      expect(rowsOf(one.body.batch)).toEqual(one.rows);
      one.body.release();
    };
    for (let step = 0; step < 150; step += 1) {
      const tenant = random.pick(TENANTS);
      const wanted = Array.from({ length: random.below(12) }, () => anySeries(random, tenant));
      const request = strangeWriteRequest(
        random,
        wanted.map(({ series }) => series),
      );
      const cut = random.chance(0.1) && request.length > 0;
      const raw = cut ? request.subarray(0, request.length - 1) : request;
      const zstd = random.chance(0.3);
      const packed = zstd ? zstdCompressSync(raw) : compress(raw);
      const head = { tenant, contentEncoding: zstd ? "zstd" : "snappy" };
      try {
        const body = decoder.decode(head, [packed]);
        const rows = wanted.flatMap(({ row }) => row ?? []);
        expect(rowsOf(body.batch)).toEqual(rows);
        expectOneRefEach(body, rows);
        lent.push({ body, rows });
      } catch (error) {
        if (error instanceof OverloadError) pauseCount += 1;
        else if (!(cut && error instanceof InputError)) throw error;
      }
      while (lent.length > 0 && random.chance(0.6)) giveBack();
    }
    while (lent.length > 0) giveBack();
    epochCount += decoder.series.epoch;
    expect(decoder.stats().lentCount).toBe(0);
  });
  expect(epochCount).toBeGreaterThan(25);
  expect(pauseCount).toBeGreaterThan(0);
});

/** Rows of one series share a ref, rows of two do not. */
function expectOneRefEach({ batch }: DecodedBody, rows: readonly string[]): void {
  const refBySeries = new Map<string, number>();
  rows.forEach((row, i) => {
    const series = row.split(" ", 2).join(" ");
    const ref = batch.refs[i] as number;
    expect(refBySeries.get(series) ?? ref).toBe(ref);
    refBySeries.set(series, ref);
  });
  expect(new Set(refBySeries.values()).size).toBe(refBySeries.size);
}

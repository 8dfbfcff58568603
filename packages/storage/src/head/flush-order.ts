/**
 * The slots of a generation in part order (part/part-order.ts): tenant, metric name, key bytes.
 *
 * Labels are interned, and no label's bytes begin another's, so the order of keys is the order of their
 * labels' ranks: each distinct label is compared by bytes once, series by numbers.
 */
import { METRIC_NAME } from "@tideline/model";
import type { Breather } from "../lane/breather.ts";
import { pairBytes } from "./key-layout.ts";
import type { LabelPairs } from "./label-pairs.ts";
import type { SeriesRows } from "./series-rows.ts";
import { sortSliced } from "./sliced-sort.ts";

/** What the label of a metric name starts with: its size and its bytes. */
const NAME_PREFIX = pairBytes(METRIC_NAME, "").slice(0, -1);

export async function slotsInPartOrder(rows: SeriesRows, breather: Breather): Promise<Uint32Array> {
  const { pairs } = rows;
  const ranks = await rankPairs(pairs, breather);
  const names = await rankNames(pairs, breather);
  const tenants = rankTenants(rows);
  // Tenant and name of a slot as one number: integers below 2^53 are exact.
  const majors = new Float64Array(rows.count);
  for (let slot = 0; slot < rows.count; slot += 1) {
    let name = 0;
    for (const pair of rows.row(slot)) name ||= names[pair] as number;
    majors[slot] = (tenants[rows.tenantOf(slot)] as number) * 0x1_0000_0000 + name;
    if ((slot & 1023) === 0 && breather.due) await breather.breathe();
  }
  return sortSliced(
    numbersBelow(rows.count),
    (a, b) => (majors[a] as number) - (majors[b] as number) || rows.compareRows(a, b, ranks),
    breather,
  );
}

async function rankPairs(pairs: LabelPairs, breather: Breather): Promise<Uint32Array> {
  const order = await sortSliced(
    numbersBelow(pairs.count),
    (a, b) => pairs.compare(a, b),
    breather,
  );
  const ranks = new Uint32Array(pairs.count);
  for (let i = 0; i < order.length; i += 1) ranks[order[i] as number] = i;
  return ranks;
}

/** Pair → rank of the metric name that it gives, from 1; 0 for all other labels. Equal names rank equally. */
async function rankNames(pairs: LabelPairs, breather: Breather): Promise<Uint32Array> {
  const isName = (pair: number): boolean => {
    const bytes = pairs.bytes(pair);
    return NAME_PREFIX.every((byte, i) => bytes[i] === byte);
  };
  const named = numbersBelow(pairs.count).filter(isName);
  const valueOf = (pair: number): Uint8Array => {
    const bytes = pairs.bytes(pair);
    const size = bytes[NAME_PREFIX.length] as number;
    return bytes.subarray(NAME_PREFIX.length + (size < 0x80 ? 1 : sizeOfVarint(bytes)));
  };
  const order = await sortSliced(named, (a, b) => Buffer.compare(valueOf(a), valueOf(b)), breather);
  const ranks = new Uint32Array(pairs.count);
  let rank = 0;
  let previous: Uint8Array | null = null;
  for (const pair of order) {
    const value = valueOf(pair);
    if (!previous || Buffer.compare(previous, value) !== 0) rank += 1;
    ranks[pair] = rank;
    previous = value;
  }
  return ranks;
}

/** Bytes of the size before the value. */
function sizeOfVarint(bytes: Uint8Array): number {
  let size = 1;
  while ((bytes[NAME_PREFIX.length + size - 1] as number) >= 0x80) size += 1;
  return size;
}

function rankTenants({ tenants }: SeriesRows): Uint32Array {
  const order = tenants
    .map((tenant, number) => ({ ...tenant, number }))
    .toSorted((a, b) => a.accountId - b.accountId || a.projectId - b.projectId);
  const ranks = new Uint32Array(tenants.length);
  for (const [rank, { number }] of order.entries()) ranks[number] = rank;
  return ranks;
}

function numbersBelow(count: number): Uint32Array<ArrayBuffer> {
  const numbers = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) numbers[i] = i;
  return numbers;
}

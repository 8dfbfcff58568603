/** The series and values that simulated senders write: few series, so that samples meet; odd values among ordinary ones. */
import type { Random } from "@tideline/common/testing";
import { seriesKey, type Matcher, type Tenant } from "@tideline/model";
import { keyText, type Row } from "../lane/lane-fixtures.ts";

export interface PoolSeries {
  readonly key: Uint8Array;
  readonly text: string;
  readonly tenant: Tenant;
  readonly labels: Readonly<Record<string, string>>;
}

export const TENANTS: readonly Tenant[] = [
  { accountId: 1, projectId: 2 },
  { accountId: 7, projectId: 0 },
];

const SERIES: readonly PoolSeries[] = Array.from({ length: 24 }, (_, i) => {
  const tenant = TENANTS[i % 5 === 4 ? 1 : 0] as Tenant;
  const labels: Record<string, string> = {
    __name__: `metric_${i % 3}`,
    instance: `host-${i}`,
    job: i % 2 === 0 ? "even" : "odd",
    ...(i % 7 === 3 && { rare: "yes" }),
  };
  const key = seriesKey(
    tenant,
    Object.entries(labels).map(([name, value]) => ({ name, value })),
  );
  return { key, text: keyText(key), tenant, labels };
});

/** Every series that can be written, by its key as text. */
export const POOL: ReadonlyMap<string, PoolSeries> = new Map(SERIES.map((one) => [one.text, one]));

/** Bits of odd values: staleness marker, NaNs with payloads, zeros, infinities, subnormals, and some that are ordinary. */
const BITS = [
  0x7ff0000000000002n,
  0x7ff0000000000002n,
  0x7ff8000000000000n,
  0x7ff0000000000001n,
  0xfff8000000001234n,
  0x8000000000000000n,
  0n,
  1n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x3ff0000000000000n,
  0x4059000000000000n,
  0xc059000000000000n,
];

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

export interface RowBounds {
  readonly nowMs: number;
  readonly retentionMs: number;
  readonly futureRetentionMs: number;
}

/** Rows of a few series: mostly now, some in the past and out of order, on times that others take as well, some out of bounds. */
export function randomRows(random: Random, bounds: RowBounds): Row[] {
  const seriesCount = 1 + random.below(random.pick([2, 6, SERIES.length]));
  const first = random.below(SERIES.length);
  const baseMs = randomMs(random, bounds);
  const stepMs = random.pick([0, 1, 1000, 15_000, 3_600_000]);
  return Array.from({ length: 1 + random.below(random.pick([4, 30])) }, (_, i) => {
    const { key } = SERIES[(first + random.below(seriesCount)) % SERIES.length] as PoolSeries;
    const ms = random.chance(0.1) ? randomMs(random, bounds) : baseMs + i * stepMs;
    return { key, ms, bits: randomBits(random, i) };
  });
}

function randomMs(random: Random, { nowMs, retentionMs, futureRetentionMs }: RowBounds): number {
  const dice = random.float();
  if (dice < 0.6) return nowMs - random.below(20) * 1000;
  if (dice < 0.75) return nowMs - random.below(5) * DAY_MS - random.below(3) * MINUTE_MS;
  if (dice < 0.85) return nowMs - random.below(retentionMs);
  if (dice < 0.9) return nowMs + random.below(futureRetentionMs);
  if (dice < 0.93) return nowMs - retentionMs - random.below(3);
  if (dice < 0.95) return nowMs + futureRetentionMs + random.below(3);
  return nowMs - (nowMs % DAY_MS) + random.below(2);
}

const asBits = new Float64Array(1);
const asBigInt = new BigUint64Array(asBits.buffer);

function randomBits(random: Random, i: number): bigint {
  if (random.chance(0.3)) return random.pick(BITS);
  if (random.chance(0.1)) return (BigInt(random.u32()) << 32n) | BigInt(random.u32());
  asBits[0] = random.chance(0.5) ? i : random.below(100_000) / 100;
  return asBigInt[0] as bigint;
}

/** Filters of a query: none, or one or two alternatives. */
export function randomFilters(random: Random): Matcher[][] {
  const alternativeCount = random.pick([0, 1, 1, 2]);
  return Array.from({ length: alternativeCount }, () =>
    Array.from({ length: 1 + random.below(2) }, () => randomMatcher(random)),
  );
}

function randomMatcher(random: Random): Matcher {
  const { labels } = random.pick(SERIES);
  const name = random.pick(["__name__", "instance", "job", "rare", "none"]);
  const value = random.chance(0.1) ? "" : (labels[name] ?? "yes");
  const operator = random.pick(["=", "=", "!=", "=~", "!~"] as const);
  if (operator === "=" || operator === "!=") return { name, operator, value };
  return { name, operator, value: random.pick([value, `${value}|even`, `${value}.*`, ".+", ".*"]) };
}

/** Whether a series passes, worked out from its labels alone. */
export function passes({ labels }: PoolSeries, filters: readonly (readonly Matcher[])[]): boolean {
  return filters.length === 0 || filters.some((all) => all.every((one) => isMet(one, labels)));
}

function isMet(
  { name, operator, value }: Matcher,
  labels: Readonly<Record<string, string>>,
): boolean {
  const text = labels[name] ?? "";
  const isNegative = operator.startsWith("!");
  const isEqual = operator.endsWith("~")
    ? new RegExp(`^(?:${value})$`, "s").test(text)
    : text === value;
  return isEqual !== isNegative;
}

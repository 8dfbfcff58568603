/** Compares what a storage answers with what the model allows. */
import type { Coverage, SearchQuery, Tenant } from "@tideline/model";
import { readCopies, type Samples } from "../lane/lane-fixtures.ts";
import type { Found } from "./model.ts";
import { passes, POOL, TENANTS } from "./series-pool.ts";
import { Finding, type World } from "./world.ts";

/** All samples of a tenant. */
export function everythingOf(tenant: Tenant): SearchQuery {
  return { tenant, filters: [], startMs: -8.64e15, endMs: 8.64e15, seriesCountMax: 0 };
}

const SHOWN_MAX = 8;

/** Reads all there is and compares it. @returns null when the process died meanwhile */
export async function checkEverything(world: World): Promise<Samples | null> {
  const all: Samples = new Map();
  const { newest } = world.model;
  for (const tenant of TENANTS) {
    const samples = await checkSearch(world, everythingOf(tenant));
    if (!samples) return null;
    for (const [key, one] of samples) all.set(key, one);
  }
  const isAll = world.damage === "none" && world.model.newest === newest;
  if (isAll && world.areFoldersSynced) world.model.notice(all);
  return all;
}

/** Asks for samples and compares the answer. @returns null when the process died meanwhile */
export async function checkSearch(world: World, query: SearchQuery): Promise<Samples | null> {
  const since = world.model.newest;
  const reading = readCopies(world.running.process, query);
  if ((await world.attempt(reading)) === "died") return null;
  const { samples, copyCounts, missing } = await reading;
  compareSamples(world, query, { samples, missing, since });
  checkCopies(world, copyCounts);
  return samples;
}

/** No sample lies in more parts and heads than it was sent to: what a merge has replaced is gone. @throws {Finding} */
function checkCopies(world: World, copyCounts: Map<string, Map<number, number>>): void {
  if (world.mayHaveCopies) return;
  for (const [key, counts] of copyCounts)
    for (const [ms, count] of counts) {
      const sentCount = world.model.series.get(key)?.get(ms)?.sentCount ?? 0;
      if (count > sentCount)
        throw new Finding(
          `${placeText(key, ms)} was sent ${sentCount} times and is there ${count} times`,
        );
    }
}

export interface SearchAnswer {
  readonly samples: Samples;
  readonly missing: Coverage["missing"];
  /** The newest acknowledgement when it was asked. */
  readonly since: number;
  /** What is older may have been dropped where it was asked for. Default: nothing. */
  readonly fromMs?: number;
}

/** @throws {Finding} */
export function compareSamples(world: World, query: SearchQuery, answer: SearchAnswer): void {
  const { samples, missing, since, fromMs = -Infinity } = answer;
  checkCoverage(world, missing);
  const { model } = world;
  const wrong: string[] = [];
  const isLossTold = missing.length > 0 && world.damage === "flipped bits";
  const { startMs, endMs, filters, tenant } = query;
  for (const [key, places] of model.series) {
    const series = POOL.get(key);
    if (!series || series.tenant !== tenant || !passes(series, filters)) continue;
    for (const [ms, place] of places) {
      const found = samples.get(key)?.get(ms);
      // Outside of the range a block may bring samples along: not all of them, and not merged with others.
      const isIn = ms >= startMs && ms <= endMs;
      if (!isIn && (found === undefined || place.sent.has(found))) continue;
      const possible = model.possible(place, since, ms < fromMs);
      if (possible.has(found)) continue;
      if (isLossTold && (found === undefined || place.sent.has(found))) continue;
      wrong.push(
        `${placeText(key, ms)}: found ${bitsText(found)}, must be ${[...possible].map(bitsText).join(" or ")}`,
      );
    }
  }
  for (const [key, places] of samples) {
    const series = POOL.get(key);
    if (!series || series.tenant !== tenant || !passes(series, filters))
      wrong.push(`${key} was not asked for`);
    for (const [ms, bits] of places)
      if (!model.series.get(key)?.has(ms))
        wrong.push(`${placeText(key, ms)}: found ${bitsText(bits)}, never written`);
  }
  if (wrong.length > 0)
    throw new Finding(
      [`${wrong.length} samples are wrong`, ...wrong.slice(0, SHOWN_MAX)].join("\n  "),
    );
}

/** Nothing is reported as missing unless something was destroyed. @throws {Finding} */
export function checkCoverage({ damage }: World, missing: Coverage["missing"]): void {
  if (missing.length === 0 || damage !== "none") return;
  throw new Finding(
    `reported as missing: ${missing.map(({ where, reason }) => `${where} (${reason})`).join("; ")}`,
  );
}

function placeText(key: string, ms: number): string {
  return `${POOL.get(key)?.labels["instance"] ?? key} at ${ms}`;
}

function bitsText(bits: Found): string {
  return bits === undefined ? "nothing" : `0x${bits.toString(16)}`;
}

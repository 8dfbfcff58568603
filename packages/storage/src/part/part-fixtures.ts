/** For tests: random series in part order, and parts made of them. */
import { join } from "node:path";
import { makeFolders, type Disk } from "@tideline/common";
import type { Random } from "@tideline/common/testing";
import { identityOf, seriesKey, type Tenant } from "@tideline/model";
import type { LaneRange } from "../lane-range.ts";
import { EntryCursor } from "./entry-cursor.ts";
import { PageCache } from "./page-cache.ts";
import { partOrderKey } from "./part-order.ts";
import { PartReader } from "./part-reader.ts";
import { readSeriesEntry, type SeriesEntry } from "./series-entry.ts";
import { PartWriter, type PartSeries, type PartSummary } from "./part-writer.ts";

export const PARTS_FOLDER = "/lane/parts";
const WHOLE_RANGE: LaneRange = { index: 0, count: 1 };

export interface TestSeries extends PartSeries {
  readonly tenant: Tenant;
  readonly labels: readonly { name: string; value: string }[];
}

export function testSeries(
  tenant: Tenant,
  labels: readonly { name: string; value: string }[],
  timestampsMs: Float64Array,
  values: Float64Array,
): TestSeries {
  const key = seriesKey(tenant, labels);
  return { tenant, labels, key, identity: identityOf(key), timestampsMs, values };
}

/** Sorts into part order and drops what occurs twice. */
export function inPartOrder(series: readonly TestSeries[]): TestSeries[] {
  const sorted = series
    .map((one) => ({ one, order: partOrderKey(one.key) }))
    .toSorted((a, b) => Buffer.compare(a.order, b.order));
  return sorted
    .filter(({ order }, i) => i === 0 || Buffer.compare(order, sorted[i - 1]?.order ?? order) !== 0)
    .map(({ one }) => one);
}

/** Values of every kind: numbers, -0, infinities, staleness markers, NaNs with payloads, any bits. */
export function randomValues(random: Random, count: number): Float64Array {
  if (random.chance(0.3)) return new Float64Array(count).fill(random.pick([0, -0, 7, NaN]));
  const values = new Float64Array(count);
  const words = new Uint32Array(values.buffer);
  for (let i = 0; i < count; i += 1) {
    values[i] = random.pick([i, random.float(), -0, Infinity, -1e300]);
    if (random.chance(0.1)) words.set([2, 0x7ff0_0000], i * 2);
    if (random.chance(0.1)) words.set([random.u32(), random.u32()], i * 2);
  }
  return values;
}

export function randomTimes(random: Random, count: number, baseMs: number): Float64Array {
  const isSteady = random.chance(0.5);
  let ms = baseMs;
  return new Float64Array(count).map(() => {
    ms += isSteady ? 15_000 : 1 + random.below(30_000);
    return ms;
  });
}

/** Up to `seriesCountMax` series of a few tenants, metrics and targets; some share their times. */
export function randomSeries(
  random: Random,
  seriesCountMax: number,
  sampleCountMax: number,
): TestSeries[] {
  const targets = Array.from({ length: 3 }, (_, i) => ({
    instance: `host-${i}:9100`,
    timestampsMs: randomTimes(random, 1 + random.below(sampleCountMax), 1.7e12),
  }));
  const series = Array.from({ length: 1 + random.below(seriesCountMax) }, (_, i) => {
    const tenant = { accountId: random.pick([0, 0, 7, 2 ** 31]), projectId: random.below(2) };
    const target = random.pick(targets);
    const labels = [
      { name: "__name__", value: random.pick(["up", "upper", "node_cpu_seconds_total", "Ünï"]) },
      { name: "instance", value: target.instance },
      { name: random.pick(["cpu", "device", "A", "job"]), value: `v${random.below(20)}` },
      { name: "id", value: random.chance(0.5) ? String(i) : "" },
    ];
    if (random.chance(0.05)) labels.shift();
    const { timestampsMs } = target;
    return testSeries(tenant, labels, timestampsMs, randomValues(random, timestampsMs.length));
  });
  return inPartOrder(series);
}

export interface TestPart {
  readonly name?: string;
  readonly laneRange?: LaneRange;
  readonly generation?: number;
  readonly deletesDone?: number;
  readonly replaces?: readonly string[];
  readonly grouped?: boolean;
}

export function startPart(disk: Disk, part: TestPart = {}): PartWriter {
  makeFolders(disk, PARTS_FOLDER);
  return PartWriter.create({
    disk,
    folder: PARTS_FOLDER,
    name: part.name ?? "g000001.part",
    laneRange: part.laneRange ?? WHOLE_RANGE,
    generation: part.generation ?? 1,
    deletesDone: part.deletesDone ?? 0,
    grouped: part.grouped ?? false,
  });
}

export async function writePart(
  disk: Disk,
  series: readonly PartSeries[],
  part: TestPart = {},
): Promise<PartSummary> {
  const writer = startPart(disk, part);
  for (const one of series) writer.addSeries(one);
  return writer.finish(part.replaces);
}

export function openPart(
  disk: Disk,
  name = "g000001.part",
  cache = new PageCache(1 << 20),
): PartReader {
  return PartReader.open(disk, join(PARTS_FOLDER, name), cache);
}

/** Decodes an entry of the series table. @throws {RangeError} it is none */
export function seriesEntryOf(bytes: Uint8Array): SeriesEntry {
  const cursor = new EntryCursor();
  cursor.open(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
  return readSeriesEntry(cursor);
}

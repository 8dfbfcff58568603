/** For tests: random groups of records, and logs as lines of text that tell every bit. */
import type { Disk } from "@tideline/common";
import type { Random } from "@tideline/common/testing";
import {
  formatTenant,
  identityOf,
  seriesKey,
  type SeriesDelete,
  type Tenant,
} from "@tideline/model";
import { parseKey, TENANT_SIZE } from "../head/key-layout.ts";
import { generationFolder } from "./generations.ts";
import type { NumberedSeries } from "./series-record.ts";
import { replayWal, type WalReport } from "./wal-replay.ts";
import { WalWriter } from "./wal-writer.ts";

export const WAL_FOLDER = "/lane/wal";
export const GENERATION = 12;
export const FOLDER = generationFolder(WAL_FOLDER, GENERATION);

interface Rows {
  readonly slots: Uint32Array;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
}

/** Series in the slots `from` to `to - 1`, defined together. */
interface Series {
  readonly from: number;
  readonly to: number;
}

interface Delete {
  readonly number: number;
  readonly request: SeriesDelete;
}

/** A record: a definition of a slot, rows, or a delete; or series, in one record or more. */
export type Entry = number | Rows | Series | Delete;

export function openWal(disk: Disk, fileSizeMax = 1 << 30): WalWriter {
  const laneRange = { index: 1, count: 2 };
  return WalWriter.open({
    disk,
    folder: FOLDER,
    generation: GENERATION,
    laneRange,
    deletesDone: 0,
    fileSizeMax,
  });
}

export function keyOfSlot(slot: number): Uint8Array {
  const name = `metric_${slot % 7}`;
  const labels = [
    { name: "__name__", value: name },
    { name: "instance", value: `host-${slot}` },
  ];
  return seriesKey({ accountId: slot % 3, projectId: 0 }, labels);
}

/** Keys of series that are defined together: neighbours share a tenant and most labels. */
export function keyOfSeries(slot: number): Uint8Array {
  const labels = [
    { name: "__name__", value: `metric_${slot % 50}` },
    { name: "instance", value: `host-${Math.floor(slot / 50)}` },
    ...Array.from({ length: slot % 4 }, (_, i) => ({ name: `label_${i}`, value: `${slot % 3}` })),
  ];
  return seriesKey({ accountId: Math.floor(slot / 400) % 3, projectId: 7 }, labels);
}

/** The series of `keyOfSeries`, with numbers for their labels. */
export class SeriesFixture implements NumberedSeries {
  readonly #numbers = new Map<string, number>();
  readonly #labels: Uint8Array[] = [];
  readonly #keyOf: (slot: number) => Uint8Array;

  constructor(keyOf = keyOfSeries) {
    this.#keyOf = keyOf;
  }

  identityOf(slot: number): Uint8Array {
    return identityOf(this.#keyOf(slot));
  }

  tenantOf(slot: number): Tenant {
    const key = Buffer.from(this.#keyOf(slot));
    return { accountId: key.readUInt32LE(0), projectId: key.readUInt32LE(4) };
  }

  labelsOf(slot: number): Uint32Array {
    const key = this.#keyOf(slot);
    const ends: number[] = [];
    parseKey(key, ends);
    return Uint32Array.from(ends, (end, i) =>
      this.#numberOf(key.slice(ends[i - 1] ?? TENANT_SIZE, end)),
    );
  }

  labelBytes(label: number): Uint8Array {
    return this.#labels[label] as Uint8Array;
  }

  keyOf(slot: number): Uint8Array {
    return this.#keyOf(slot);
  }

  #numberOf(label: Uint8Array): number {
    let number = this.#numbers.get(hex(label));
    if (number === undefined) {
      number = this.#labels.push(label) - 1;
      this.#numbers.set(hex(label), number);
    }
    return number;
  }
}

function randomRows(random: Random, rowCountMax: number): Rows {
  const rowCount = 1 + random.below(rowCountMax);
  const baseMs = random.below(2 ** 41);
  const spanMs = random.pick([1, 1, 60_000, 2 ** 45]);
  const slots = new Uint32Array(rowCount).map(() => random.u32());
  const timestampsMs = new Float64Array(rowCount).map(() => baseMs + random.below(spanMs));
  // Any bit pattern is a value: NaN payloads, stale markers, -0.
  const bytes = random.bytes(rowCount * 8);
  const values = new Float64Array(bytes.buffer);
  const words = new Uint32Array(bytes.buffer);
  if (random.chance(0.5)) words.set([2, 0x7ff0_0000]);
  return { slots, timestampsMs, values };
}

/** Rows as scrapes bring them: slots in a row, one timestamp for many; now and then something comes between. */
export function scrapeRows(random: Random, rowCountMax: number): Rows {
  const rowCount = 1 + random.below(rowCountMax);
  const slots = new Uint32Array(rowCount);
  const timestampsMs = new Float64Array(rowCount);
  let slot = random.below(1_000_000);
  let ms = 1_700_000_000_000;
  for (let row = 0; row < rowCount; row += 1) {
    if (random.chance(0.02)) slot = random.chance(0.2) ? 0xffff_ffff : random.u32();
    if (random.chance(0.01)) ms += random.below(20_000) - 10_000;
    slots[row] = slot;
    timestampsMs[row] = ms;
    slot += 1;
  }
  return { slots, timestampsMs, values: new Float64Array(random.bytes(rowCount * 8).buffer) };
}

export function randomGroup(random: Random, rowCountMax: number): Entry[] {
  return Array.from({ length: 1 + random.below(4) }, () =>
    random.chance(0.4) ? random.below(1_000_000) : randomRows(random, rowCountMax),
  );
}

export function randomSeriesGroup(random: Random): Entry {
  const from = random.below(1_000_000);
  return { from, to: from + 1 + random.below(random.pick([3, 60, 2500])) };
}

export function randomDelete(random: Random): Entry {
  const matcher = { name: "job", operator: "=", value: `job-${random.below(100)}` } as const;
  const tenant = { accountId: random.below(3), projectId: 0 };
  const [startMs, endMs] = [random.below(1000), 1000 + random.below(1000)];
  return {
    number: 1 + random.below(1000),
    request: { tenant, filters: [[matcher]], startMs, endMs },
  };
}

export function appendEntries(wal: WalWriter, entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (typeof entry === "number") {
      const key = keyOfSlot(entry);
      wal.appendDefinition(entry, identityOf(key), key);
    } else if ("from" in entry) {
      wal.appendSeries(entry.from, entry.to, new SeriesFixture());
    } else if ("request" in entry) {
      wal.appendDelete(entry.number, entry.request);
    } else {
      wal.appendRows(entry.slots.length, entry.slots, entry.timestampsMs, entry.values);
    }
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function rowsLine({ slots, timestampsMs, values }: Rows): string {
  const bits = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return `rows ${slots.join(" ")} at ${timestampsMs.join(" ")} = ${hex(bits)}`;
}

function deleteLine({ tenant, filters, startMs, endMs }: SeriesDelete): string {
  const selectors = filters.map((all) =>
    all.map(({ name, operator, value }) => `${name}${operator}${value}`).join(),
  );
  return `delete ${selectors.join(" or ")} of ${formatTenant(tenant)} from ${startMs} to ${endMs}`;
}

/** What a log that holds these entries is read back as. */
export function linesOf(entries: readonly Entry[]): string[] {
  return entries.flatMap((entry) => {
    if (typeof entry === "number") return [seriesLine(entry, keyOfSlot(entry))];
    if ("request" in entry) return [deleteLine(entry.request)];
    if (!("from" in entry)) return [rowsLine(entry)];
    const slots = Array.from({ length: entry.to - entry.from }, (_, i) => entry.from + i);
    return slots.map((slot) => seriesLine(slot, keyOfSeries(slot)));
  });
}

function seriesLine(slot: number, key: Uint8Array): string {
  return `series ${slot} ${hex(identityOf(key))} ${hex(key)}`;
}

export function readWal(disk: Disk, folder = FOLDER): { lines: string[]; report: WalReport } {
  const lines: string[] = [];
  const report = replayWal(disk, folder, {
    definition: (slot, identity, key) => lines.push(`series ${slot} ${hex(identity)} ${hex(key)}`),
    rows: (_rowCount, slots, timestampsMs, values) =>
      lines.push(rowsLine({ slots, timestampsMs, values })),
    remove: (request) => lines.push(deleteLine(request)),
  });
  return { lines, report };
}

/** Whether `part` is `whole` with some lines left out. */
export function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const line of part) {
    at = whole.indexOf(line, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/**
 * The series of one group as one record: identities, and labels by numbers that hold inside the record, each label's bytes
 * once. So a record stands alone, a scrape's series take a third of their keys' bytes, and replay finds each label once a
 * record, not once a series. Format: docs/formats/wal.md.
 */
import { assert, ByteReader, ByteWriter } from "@tideline/common";
import { IDENTITY_SIZE, type Tenant } from "@tideline/model";
import { labelEnd, TENANT_SIZE } from "../head/key-layout.ts";
import { RECORD_SERIES } from "./format.ts";

/** Series of one record: damage costs all of them. */
const SERIES_MAX = 1024;
/** A record ends past so many bytes of labels. */
const LABELS_SIZE = 256 * 1024;
/** Labels of one series; one with more has a record of its own kind. */
export const LABELS_PER_SERIES_MAX = 16_384;
/** Labels of a record have numbers of 16 bits. */
const LABELS_MAX = 65_536;

const CACHE_SIZE = 8192;
const NONE = 0xffff_ffff;

/** Series in slots, whose labels are numbers: within a tenant, equal labels have equal ones. */
export interface NumberedSeries {
  /** 16 bytes: a view. */
  identityOf(slot: number): Uint8Array;
  tenantOf(slot: number): Tenant;
  /** In canonical order: a view. */
  labelsOf(slot: number): Uint32Array;
  /** A label as it lies in a series key (docs/formats/identity.md): a view. */
  labelBytes(label: number): Uint8Array;
  keyOf(slot: number): Uint8Array;
}

/** Keeps its scratch memory, some 100 KiB. */
export class SeriesRecordEncoder {
  /** Labels of the open record by a hash of their numbers, and their numbers there. One that is pushed out comes twice. */
  readonly #cachedLabels = new Uint32Array(CACHE_SIZE);
  readonly #cachedNumbers = new Uint16Array(CACHE_SIZE);
  readonly #identities = new Uint8Array(SERIES_MAX * IDENTITY_SIZE);
  readonly #labelCounts = new Uint16Array(SERIES_MAX);
  #numbers = new Uint16Array(SERIES_MAX * 16);
  readonly #labels = new ByteWriter(16 * 1024);

  /**
   * Writes the series `from`, …, as many of one tenant as a record takes, and at least one.
   *
   * @param to one past the last slot; more than `from`
   * @returns one past the last slot that is in the record
   */
  encode(writer: ByteWriter, from: number, to: number, series: NumberedSeries): number {
    assert(from < to, "a record has series");
    const tenant = series.tenantOf(from);
    this.#cachedLabels.fill(NONE);
    this.#labels.clear();
    let labelCount = 0;
    let numberCount = 0;
    let slot = from;
    for (; slot < to && slot - from < SERIES_MAX; slot += 1) {
      const labels = series.labelsOf(slot);
      const isFull =
        labelCount + labels.length > LABELS_MAX ||
        this.#labels.size > LABELS_SIZE ||
        labels.length > LABELS_PER_SERIES_MAX;
      if (slot > from && (isFull || !isSame(tenant, series.tenantOf(slot)))) break;
      this.#identities.set(series.identityOf(slot), (slot - from) * IDENTITY_SIZE);
      this.#labelCounts[slot - from] = labels.length;
      this.#ensureNumbers(numberCount + labels.length);
      for (let i = 0; i < labels.length; i += 1) {
        const label = labels[i] as number;
        const entry = label % CACHE_SIZE;
        if (this.#cachedLabels[entry] !== label) {
          this.#cachedLabels[entry] = label;
          this.#cachedNumbers[entry] = labelCount;
          this.#labels.raw(series.labelBytes(label));
          labelCount += 1;
        }
        this.#numbers[numberCount] = this.#cachedNumbers[entry] as number;
        numberCount += 1;
      }
    }
    const seriesCount = slot - from;
    writer.u32(RECORD_SERIES);
    writer.u32(from);
    writer.u32(seriesCount);
    writer.u32(labelCount);
    writer.u32(numberCount);
    writer.u32(tenant.accountId);
    writer.u32(tenant.projectId);
    writer.raw(this.#identities.subarray(0, seriesCount * IDENTITY_SIZE));
    writer.raw(bytesOf(this.#labelCounts.subarray(0, seriesCount)));
    writer.raw(bytesOf(this.#numbers.subarray(0, numberCount)));
    writer.raw(this.#labels.bytes());
    return slot;
  }

  #ensureNumbers(count: number): void {
    if (count <= this.#numbers.length) return;
    const grown = new Uint16Array(count * 2);
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}

/** The series of a record. All is borrowed from its bytes. */
export interface SeriesRecord {
  /** The series have this slot and those behind it. */
  readonly firstSlot: number;
  readonly seriesCount: number;
  readonly tenant: Tenant;
  /** 16 bytes each. */
  readonly identities: Uint8Array;
  /** How many labels each has. */
  readonly labelCounts: Uint16Array;
  /** The labels of all series, one after another, in canonical order. */
  readonly labels: Uint16Array;
  /** Each label as it lies in a series key. */
  readonly labelBytes: Uint8Array;
  /** Where label i ends there; it starts where the one before ends. */
  readonly labelEnds: Uint32Array;
}

/**
 * @param record starts at a multiple of 4 in its buffer
 * @throws {RangeError} on bytes that are no series record. That names ascend, and identities belong to keys, is not looked at
 */
export function decodeSeriesRecord(record: Uint8Array): SeriesRecord {
  const reader = new ByteReader(record, 4);
  const firstSlot = reader.u32();
  const seriesCount = reader.u32();
  const labelCount = reader.u32();
  const numberCount = reader.u32();
  const tenant = { accountId: reader.u32(), projectId: reader.u32() };
  if (seriesCount === 0 || firstSlot + seriesCount > NONE)
    throw new RangeError(`series record of ${seriesCount} series from slot ${firstSlot} on`);
  const identities = reader.raw(seriesCount * IDENTITY_SIZE);
  const labelCounts = halvesAt(reader, seriesCount);
  const labels = halvesAt(reader, numberCount);
  const labelBytes = reader.raw(reader.restSize);
  checkCounts(labelCounts, numberCount);
  checkLabels(labels, labelCount);
  const labelEnds = endsOf(labelBytes, labelCount);
  return {
    firstSlot,
    seriesCount,
    tenant,
    identities,
    labelCounts,
    labels,
    labelBytes,
    labelEnds,
  };
}

/** The key of a record's series, owned by the caller. @param firstLabel where its labels begin in `labels` */
export function keyInRecord(record: SeriesRecord, index: number, firstLabel: number): Uint8Array {
  const writer = new ByteWriter(256);
  writer.u32(record.tenant.accountId);
  writer.u32(record.tenant.projectId);
  assert(writer.size === TENANT_SIZE, "a key begins with its tenant");
  const end = firstLabel + (record.labelCounts[index] as number);
  for (let i = firstLabel; i < end; i += 1) {
    const label = record.labels[i] as number;
    writer.raw(record.labelBytes.subarray(labelStart(record, label), record.labelEnds[label]));
  }
  return writer.copy();
}

export function labelStart({ labelEnds }: SeriesRecord, label: number): number {
  return label === 0 ? 0 : (labelEnds[label - 1] as number);
}

function checkCounts(labelCounts: Uint16Array, numberCount: number): void {
  let sum = 0;
  for (const count of labelCounts) {
    if (count === 0) throw new RangeError("series record with a series without labels");
    sum += count;
  }
  if (sum !== numberCount)
    throw new RangeError(`series record with ${numberCount} labels for ${sum}`);
}

/** A function of its own, as the loops above and below: V8 compiles a loop together with what follows it, and throws that away. */
function checkLabels(labels: Uint16Array, labelCount: number): void {
  let most = 0;
  for (let i = 0; i < labels.length; i += 1) most = Math.max(most, labels[i] as number);
  if (most >= labelCount) throw new RangeError(`series record with label ${most} of ${labelCount}`);
}

function endsOf(labelBytes: Uint8Array, labelCount: number): Uint32Array {
  // Each takes 4 bytes: a count that lies asks for no memory.
  if (labelCount > labelBytes.length / 4)
    throw new RangeError(`${labelCount} labels in ${labelBytes.length} bytes`);
  const ends = new Uint32Array(labelCount);
  let at = 0;
  for (let label = 0; label < labelCount; label += 1) {
    at = labelEnd(labelBytes, at);
    if (at === 0) throw new RangeError(`series record whose label ${label} is none`);
    ends[label] = at;
  }
  if (at !== labelBytes.length)
    throw new RangeError(`series record with ${labelBytes.length - at} bytes behind its labels`);
  return ends;
}

function isSame(a: Tenant, b: Tenant): boolean {
  return a.accountId === b.accountId && a.projectId === b.projectId;
}

function bytesOf(column: Uint16Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

/** A view: what stands before it in a record takes a multiple of 2 bytes. */
function halvesAt(reader: ByteReader, count: number): Uint16Array {
  const bytes = reader.raw(2 * count);
  return new Uint16Array(bytes.buffer, bytes.byteOffset, count);
}

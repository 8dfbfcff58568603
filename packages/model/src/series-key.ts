/**
 * The series key: one canonical byte string per series, and the identity drawn from it.
 *
 * Canonical (architecture law 3): labels sorted by the UTF-8 bytes of their names, of duplicate names
 * the last one wins, empty values removed, text is valid UTF-8. Layout and golden vectors:
 * docs/formats/identity.md.
 */
import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { ByteReader, ByteWriter, compareBytes } from "@tideline/common";
import { CorruptionError, InputError } from "./errors.ts";
import type { Tenant } from "./tenant.ts";

/** Size of an identity in bytes. */
export const IDENTITY_SIZE = 16;

/** Name of the label that holds the metric's name. */
export const METRIC_NAME = "__name__";

/** A label as text; `labels` arrays in canonical order are sorted by the UTF-8 bytes of the names. */
export interface Label {
  readonly name: string;
  readonly value: string;
}

/** A label as the UTF-8 bytes that a sender gave; not checked yet. */
export interface RawLabel {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

export interface LabelLimits {
  readonly labelsPerSeriesMax: number;
  readonly labelNameSizeMax: number;
  readonly labelValueSizeMax: number;
}

/** VictoriaMetrics' defaults (reference 1.1). */
export const DEFAULT_LABEL_LIMITS: LabelLimits = {
  labelsPerSeriesMax: 40,
  labelNameSizeMax: 256,
  labelValueSizeMax: 4096,
};

/** Why a series was not taken; the words are the `reason` label of vm_rows_ignored_total. */
export type BadLabels =
  | "no_labels"
  | "empty_label_name"
  | "invalid_utf8"
  | "too_many_labels"
  | "too_long_label_name"
  | "too_long_label_value";

/**
 * Builds the canonical key from labels as they came.
 *
 * @param labels in the sender's order; borrowed
 * @returns the key, owned by the caller, or the reason why there is none
 */
export function canonicalKey(
  tenant: Tenant,
  labels: readonly RawLabel[],
  limits: LabelLimits,
): Uint8Array<ArrayBuffer> | BadLabels {
  // Later duplicates win: a stable sort keeps their order, and each one replaces the one before it.
  const sorted = labels.toSorted((a, b) => compareBytes(a.name, b.name));
  const kept: RawLabel[] = [];
  for (const label of sorted) {
    const last = kept.at(-1);
    if (last && compareBytes(last.name, label.name) === 0) kept.pop();
    kept.push(label);
  }
  const present = kept.filter((label) => label.value.length > 0);
  if (present.length === 0) return "no_labels";
  if (present.length > limits.labelsPerSeriesMax) return "too_many_labels";
  const writer = new ByteWriter(512);
  writeTenant(writer, tenant);
  for (const { name, value } of present) {
    if (name.length === 0) return "empty_label_name";
    if (name.length > limits.labelNameSizeMax) return "too_long_label_name";
    if (value.length > limits.labelValueSizeMax) return "too_long_label_value";
    if (!isUtf8(name) || !isUtf8(value)) return "invalid_utf8";
    writer.sized(name);
    writer.sized(value);
  }
  return writer.copy();
}

function writeTenant(writer: ByteWriter, tenant: Tenant): void {
  writer.u32(tenant.accountId);
  writer.u32(tenant.projectId);
}

/** The key of labels given as text. @throws {InputError} when they make no series */
export function seriesKey(tenant: Tenant, labels: readonly Label[]): Uint8Array<ArrayBuffer> {
  const raw = labels.map(({ name, value }) => ({
    name: Buffer.from(name),
    value: Buffer.from(value),
  }));
  const key = canonicalKey(tenant, raw, {
    labelsPerSeriesMax: Infinity,
    labelNameSizeMax: Infinity,
    labelValueSizeMax: Infinity,
  });
  if (typeof key === "string") {
    throw new InputError(
      "TIDELINE_LABELS",
      `Cannot make a series of ${JSON.stringify(labels)}: ${key}`,
    );
  }
  return key;
}

/** First 16 bytes of the key's SHA-256, owned by the caller. Some 0.5 µs: by way of text no hash object is made. */
export function identityOf(key: Uint8Array): Uint8Array {
  const digest = Buffer.from(hash("sha256", key, "binary"), "binary");
  return new Uint8Array(digest.subarray(0, IDENTITY_SIZE));
}

/** The tenant of a key. @throws {CorruptionError} on bytes that are no key */
export function keyTenant(key: Uint8Array): Tenant {
  return reading(key, (reader) => ({ accountId: reader.u32(), projectId: reader.u32() }));
}

/** The labels of a key, in canonical order. @throws {CorruptionError} on bytes that are no key */
export function keyLabels(key: Uint8Array): Label[] {
  return reading(key, (reader) => {
    reader.raw(8);
    const labels: Label[] = [];
    while (reader.restSize > 0) labels.push({ name: reader.text(), value: reader.text() });
    return labels;
  });
}

function reading<T>(key: Uint8Array, read: (reader: ByteReader) => T): T {
  try {
    return read(new ByteReader(key));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CorruptionError("TIDELINE_SERIES_KEY", `Cannot read a series key: ${cause.message}`, {
      cause,
    });
  }
}

/**
 * Which of `rangeCount` equal ranges of the identity space an identity falls into: the lane of a
 * storage with that many lanes. Range i holds first words w (big endian) with ⌊w · rangeCount / 2^32⌋ = i.
 */
export function identityRange(identity: Uint8Array, rangeCount: number, offset = 0): number {
  const word =
    (identity[offset] as number) * 0x1_000_000 +
    (identity[offset + 1] as number) * 0x1_0000 +
    (identity[offset + 2] as number) * 0x100 +
    (identity[offset + 3] as number);
  return Math.floor((word * rangeCount) / 0x1_0000_0000);
}

/**
 * The series that senders of remote write have named: keys of the scan → refs.
 *
 * A key is one spelling, byte for byte; a ref is a series. A key that is new is decoded once: canonical
 * labels, identity, and through it the ref, so that spellings of one series share it. A key whose labels
 * are bad gets a mark instead, by which the scan drops its rows from then on. Labels are kept in the scan's arena
 * alone: `keyOf` makes the canonical key from the first spelling anew.
 */
import { assert } from "@tideline/common";
import {
  REASON_BIG_TIMESTAMP,
  REASON_KEY_TOO_LARGE,
  REASON_SMALL_TIMESTAMP,
  REF_BAD_FIRST,
  type WriteScanner,
} from "@tideline/kernels";
import {
  canonicalKey,
  IDENTITY_SIZE,
  identityOf,
  type BadLabels,
  type LabelLimits,
  type SeriesTable,
} from "@tideline/model";
import { IdentityIndex } from "./identity-index.ts";
import { labelsOf } from "./label-records.ts";
import { writeUsualKey } from "./usual-key.ts";

/** The mark of a bad key is REF_BAD_FIRST + its reason's place in this list. */
const LABEL_REASONS: readonly BadLabels[] = [
  "no_labels",
  "empty_label_name",
  "invalid_utf8",
  "too_many_labels",
  "too_long_label_name",
  "too_long_label_value",
];

/** Larger keys take the long way. */
const USUAL_KEY_SIZE_MAX = 16 * 1024;

export class KeyTable implements SeriesTable {
  readonly #scanner: WriteScanner;
  readonly #limits: LabelLimits;
  readonly #index: IdentityIndex;
  /** The key that named a ref first. */
  readonly #keyOfRef: Uint32Array;
  #identities = new Uint8Array(0);
  readonly #usual = new Uint8Array(USUAL_KEY_SIZE_MAX);
  /** Behind the last key that has its ref. */
  #knownEnd = 0;
  #epoch = 1;

  constructor(scanner: WriteScanner, limits: LabelLimits) {
    this.#scanner = scanner;
    this.#limits = limits;
    this.#index = new IdentityIndex(scanner.limits.keyCountMax);
    this.#keyOfRef = new Uint32Array(scanner.limits.keyCountMax);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get refCount(): number {
    return this.#index.refCount;
  }

  get identities(): Uint8Array {
    const size = this.refCount * IDENTITY_SIZE;
    if (this.#identities.length !== size) {
      this.#identities = this.#index.identities.subarray(0, size);
    }
    return this.#identities;
  }

  keyOf(ref: number): Uint8Array {
    assert(ref < this.refCount, "a ref of this epoch");
    const records = this.#keyOfRef[ref] as number;
    const usual = this.#usualKey(records);
    if (usual) return usual;
    const key = this.#canonicalKey(records);
    assert(typeof key !== "string", "a ref stands for a good key");
    return key;
  }

  /** Gives every new key of the scanner its ref or its mark. */
  register(): void {
    const scanner = this.#scanner;
    for (; this.#knownEnd < scanner.keysEnd; this.#knownEnd = scanner.keyAfter(this.#knownEnd)) {
      scanner.setRef(this.#knownEnd, this.#refOf(this.#knownEnd));
    }
  }

  #refOf(key: number): number {
    const canonical = this.#usualKey(key) ?? this.#canonicalKey(key);
    if (typeof canonical === "string") return REF_BAD_FIRST + LABEL_REASONS.indexOf(canonical);
    const refCount = this.refCount;
    const ref = this.#index.refOf(identityOf(canonical));
    if (ref === refCount) this.#keyOfRef[ref] = key;
    return ref;
  }

  /** The canonical key of usual records, borrowed until the next call. */
  #usualKey(key: number): Uint8Array | null {
    const [accountId, projectId] = this.#scanner.keyTenant(key);
    const records = this.#scanner.keyRecords(key);
    const size = writeUsualKey(records, { accountId, projectId }, this.#limits, this.#usual);
    return size === 0 ? null : this.#usual.subarray(0, size);
  }

  #canonicalKey(key: number): Uint8Array | BadLabels {
    const [accountId, projectId] = this.#scanner.keyTenant(key);
    const labels = labelsOf(this.#scanner.keyRecords(key));
    return canonicalKey({ accountId, projectId }, labels, this.#limits);
  }

  /** Starts anew, with no keys: refs given out so far mean nothing any more. */
  reset(): void {
    this.#scanner.reset();
    this.#index.clear();
    this.#knownEnd = 0;
    this.#epoch += 1;
  }

  /** What the scanner's last `resolve` took out, by reason. */
  ignoredByReason(): Record<string, number> {
    const counts = this.#scanner.ignoredCounts;
    const result: Record<string, number> = {};
    const add = (reason: string, code: number): void => {
      const count = counts[code] as number;
      if (count > 0) result[reason] = count;
    };
    LABEL_REASONS.forEach(add);
    add("too_large_labels", REASON_KEY_TOO_LARGE);
    add("small_timestamp", REASON_SMALL_TIMESTAMP);
    add("big_timestamp", REASON_BIG_TIMESTAMP);
    return result;
  }
}

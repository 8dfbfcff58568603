/**
 * What both twins of the remote-write scan do: a protobuf `WriteRequest` to columns of (key, time, value).
 *
 * A *key* is a tenant and the label records of a `TimeSeries`, byte for byte as they were received: finding a
 * known one costs no decoding. Its number is the place of its record in an arena, where each label record that keys
 * are made of lies once. What a key means is the caller's business, who gives it a *ref* once (`setRef`); several
 * spellings of one series may share a ref.
 * The steps for one body:
 *
 * 1. fill `raw` (by `unsnap` from `input`, or directly), then `scan` it: all of it, or nothing is kept;
 * 2. `setRef` for each key from `keysEnd` before the scan to `keysEnd` after it (`keyAfter`);
 * 3. `resolve`: keys become refs, rows that cannot be kept are taken out and counted by reason;
 * 4. copy `refs`, `timestampsMs` and `values` away before the next scan.
 *
 * What is accepted: every legal protobuf encoding of `WriteRequest{timeseries=1, metadata=3}`, `TimeSeries{
 * labels=1, samples=2, exemplars=3, histograms=4}`, `Label{name=1, value=2}`, `Sample{value=1 double,
 * timestamp=2 int64}`: fields in any order, repeated scalars (the last one counts), defaults left out,
 * varints of up to 10 bytes, unknown fields and groups (nested at most GROUP_DEPTH_MAX deep). A known field
 * of another wire type is refused, as Prometheus itself does. The insides of metadata, exemplars and
 * histograms are not looked at: they are counted and skipped.
 */

/** The bytes are no WriteRequest. */
export const SCAN_BROKEN = -1;

/** The body holds more samples than the columns. */
export const SCAN_ROWS_FULL = -2;

/** The key table's budget is used up: `reset` and scan again. */
export const SCAN_TABLE_FULL = -3;

/** Groups (an old protobuf form of nesting) in unknown fields may be this deep. */
export const GROUP_DEPTH_MAX = 64;

/** Refs from here on say that the rows of a key cannot be kept: `REF_BAD_FIRST + reason`, reasons 0 … 255. */
export const REF_BAD_FIRST = 0xffff_ff00;

/** Reasons that the scan itself knows; those below are the caller's. */
export const REASON_KEY_TOO_LARGE = 253;
export const REASON_SMALL_TIMESTAMP = 254;
export const REASON_BIG_TIMESTAMP = 255;

/** Budgets; memory for all of it is reserved when a scanner is made. Sizes in bytes. */
export interface WriteScanLimits {
  /** Of a body as received. */
  readonly inputSizeMax: number;
  /** Of a decompressed body. */
  readonly rawSizeMax: number;
  readonly rowCountMax: number;
  readonly keyCountMax: number;
  /** Of label records that differ, and tenants. */
  readonly labelCountMax: number;
  /**
   * Each key takes KEY_HEADER_SIZE and 4 for each of its labels; each label record that differs, and the eight
   * bytes of a tenant, take LABEL_HEADER_SIZE and their size, rounded up to a multiple of 4.
   */
  readonly arenaSize: number;
  /** Keys above it are never kept; their rows are counted under REASON_KEY_TOO_LARGE. */
  readonly keySizeMax: number;
  /** Of metadata whose place is remembered; more are only counted. */
  readonly metadataCountMax: number;
}

/** What stands before the labels of each key in the arena. */
export const KEY_HEADER_SIZE = 16;

/** What stands before the bytes of each label record. */
export const LABEL_HEADER_SIZE = 4;

/** What the last successful scan met. */
export interface WriteScanCounts {
  readonly seriesCount: number;
  readonly metadataCount: number;
  readonly exemplarCount: number;
  readonly histogramCount: number;
}

export interface WriteScanner {
  readonly limits: WriteScanLimits;
  /** inputSizeMax bytes for a compressed body. */
  readonly input: Uint8Array;
  /** rawSizeMax bytes for a WriteRequest. */
  readonly raw: Uint8Array;

  /** Decompresses the first `inputSize` bytes of `input` to `raw`. @returns the size, or a code of unsnap */
  unsnap(inputSize: number): number;

  readonly keyCount: number;
  /** The first key is 0, and the next one will be this. */
  readonly keysEnd: number;
  /** Bytes of the arena in use, by keys and labels. */
  readonly arenaUsedSize: number;
  /** The key that was found after `key`, or `keysEnd`. */
  keyAfter(key: number): number;
  /** Forgets all keys. */
  reset(): void;

  /**
   * Reads the first `rawSize` bytes of `raw` into rows.
   *
   * @param account @param project of the tenant, which is part of each key; unsigned 32 bits
   * @returns rows, or a code; after a code no key of the body was kept
   */
  scan(rawSize: number, account: number, project: number): number;

  readonly counts: WriteScanCounts;
  /** After SCAN_BROKEN: where in `raw` the field of the WriteRequest starts that cannot be read. */
  readonly brokenAt: number;
  /** Where in `raw` the metadata of the last body lie: pairs of (start, size); borrowed until the next scan. */
  readonly metadataRanges: Uint32Array;

  /** The label records of a key; borrowed until the next call or scan. */
  keyRecords(key: number): Uint8Array;
  /** The tenant of a key: [account, project]. */
  keyTenant(key: number): readonly [number, number];
  setRef(key: number, ref: number): void;

  /**
   * Turns the rows of the last scan into rows of refs and closes the gaps of those that are taken out:
   * first by the ref of the key, then by a timestamp outside ±(2^53 - 1).
   *
   * @returns rows left; `ignoredCounts` has the others by reason
   */
  resolve(): number;
  readonly ignoredCounts: Uint32Array;
  /** Columns of rowCountMax rows; borrowed until the next scan. */
  readonly refs: Uint32Array;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
}

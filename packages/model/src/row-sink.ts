/**
 * The contract of writing: rows in columns, settled when they are kept (law 1).
 */

/**
 * The series that a batch's refs point to. It belongs to whoever decodes; a sink may read it at any
 * time, and may key state of its own by (table, epoch, ref).
 */
export interface SeriesTable {
  /** Grows when refs are given out anew (the table hit its budget); refs of other epochs mean nothing. */
  readonly epoch: number;
  /** Refs are 0 … refCount - 1 in this epoch. */
  readonly refCount: number;
  /** Identities of all refs, IDENTITY_SIZE bytes each, in ref order. Borrowed: read anew after each await. */
  readonly identities: Uint8Array;
  /** The canonical key of a ref of this epoch, borrowed until the next call. May be slow: ask once per new series. */
  keyOf(ref: number): Uint8Array;
}

/**
 * Rows as columns. Values are sample bits: move them from typed array to typed array only (law 2).
 * Rows need not be sorted; a series may occur more than once. One batch may hold several tenants'
 * series, since the key holds the tenant.
 */
export interface RowBatch {
  readonly series: SeriesTable;
  /** Rows in use; the columns may be longer. */
  readonly rowCount: number;
  readonly refs: Uint32Array;
  /** Unix milliseconds, integers, in |t| < 2^53. */
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
}

/** Where rows go. */
export interface RowSink {
  /**
   * Settles when every row is kept on every replica asked for. The batch is borrowed until then.
   *
   * Rows of a batch are independent: after a rejection some may be kept, and writing all of them
   * again is harmless (law 3).
   *
   * @returns rows that were refused one by one, by reason; the others are kept
   * @throws {OverloadError} trying again helps: a node is away, a budget is used up
   */
  write(batch: RowBatch): Promise<WriteOutcome>;
}

/** Rows refused for good, e.g. { "small_timestamp": 3 }: reasons are the `reason` label of vm_rows_ignored_total. */
export interface WriteOutcome {
  readonly ignoredByReason: Readonly<Record<string, number>>;
}

export const NOTHING_IGNORED: WriteOutcome = { ignoredByReason: {} };

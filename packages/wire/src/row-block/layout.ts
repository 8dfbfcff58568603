/**
 * The bytes of a row block that encoder and decoder share: rows for one lane, in columns.
 *
 * Layout: docs/formats/row-block.md. Every section starts at a multiple of 8 bytes, so that typed-array
 * views can be laid over a block that itself lies at such an offset.
 */

/** "TRB" and the version 1, little endian. */
export const ROW_BLOCK_MAGIC = 0x01_42_52_54;

export const HEADER_SIZE = 64;

/** Offsets of the header's fields. */
export const MAGIC_AT = 0;
export const FLAGS_AT = 4;
export const DICTIONARY_AT = 8;
export const ROW_COUNT_AT = 12;
export const DEFINITION_COUNT_AT = 16;
export const KEYED_COUNT_AT = 20;
export const KEYS_SIZE_AT = 24;
export const REF_BOUND_AT = 28;
export const BASE_MS_AT = 32;
// 40: u64 reserved for a write stamp.
export const REF_RUN_COUNT_AT = 48;
export const TIME_RUN_COUNT_AT = 52;
// 56: 8 bytes reserved.

/** How the timestamps are written: bits 0 and 1 of the flags. */
export const TIMES_EQUAL = 0;
export const TIMES_DELTA = 1;
export const TIMES_FULL = 2;
export const TIMES_RUNS = 3;
export const TIMES_MASK = 3;

/** Bit 2 of the flags: refs are written as runs. The other bits are 0. */
export const REFS_RUNS = 4;
export const FLAGS_MASK = TIMES_MASK | REFS_RUNS;

/** A run of refs or timestamps: its first number and how many, u32 each (common/runs.ts). */
const RUN_SIZE = 8;

/** Rows that one block holds at most. */
export const ROWS_PER_BLOCK_MAX = 1 << 16;

/** Refs of a stream dictionary are below it: a lane keeps a flat array over them. */
export const STREAM_REF_MAX = 1 << 24;

/** Where the sections start, in bytes from the block's start. */
export interface RowBlockSections {
  readonly definitionRefsAt: number;
  readonly definitionIdentitiesAt: number;
  readonly keyedRefsAt: number;
  readonly keyedIdentitiesAt: number;
  readonly keyEndsAt: number;
  readonly keysAt: number;
  readonly refsAt: number;
  readonly timesAt: number;
  readonly valuesAt: number;
  readonly blockSize: number;
}

/** @param counts all are below 2^32, so that sums stay exact */
export function rowBlockSections(counts: {
  rowCount: number;
  definitionCount: number;
  keyedCount: number;
  keysSize: number;
  flags: number;
  /** Of those written as runs: 0 for what is not. */
  refRunCount: number;
  timeRunCount: number;
}): RowBlockSections {
  const { rowCount, definitionCount, keyedCount, keysSize, flags, refRunCount, timeRunCount } =
    counts;
  const definitionRefsAt = HEADER_SIZE;
  const definitionIdentitiesAt = definitionRefsAt + aligned(definitionCount * 4);
  const keyedRefsAt = definitionIdentitiesAt + definitionCount * 16;
  const keyedIdentitiesAt = keyedRefsAt + aligned(keyedCount * 4);
  const keyEndsAt = keyedIdentitiesAt + keyedCount * 16;
  const keysAt = keyEndsAt + aligned(keyedCount * 4);
  const refsAt = keysAt + aligned(keysSize);
  const refsSize = (flags & REFS_RUNS) === 0 ? rowCount * 4 : refRunCount * RUN_SIZE;
  const timesAt = refsAt + aligned(refsSize);
  const valuesAt = timesAt + aligned(timesSize(flags & TIMES_MASK, rowCount, timeRunCount));
  return {
    definitionRefsAt,
    definitionIdentitiesAt,
    keyedRefsAt,
    keyedIdentitiesAt,
    keyEndsAt,
    keysAt,
    refsAt,
    timesAt,
    valuesAt,
    blockSize: valuesAt + rowCount * 8,
  };
}

function timesSize(form: number, rowCount: number, runCount: number): number {
  if (form === TIMES_EQUAL) return 0;
  if (form === TIMES_RUNS) return runCount * RUN_SIZE;
  return rowCount * (form === TIMES_DELTA ? 4 : 8);
}

/** Rounds up to a multiple of 8; no bit arithmetic, since an untrusted header may lead past 2^31. */
function aligned(size: number): number {
  return Math.ceil(size / 8) * 8;
}

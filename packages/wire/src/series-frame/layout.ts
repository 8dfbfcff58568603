/**
 * The bytes of a frame that encoder and decoder share. Layout: docs/formats/series-frame.md.
 *
 * A frame starts with magic, version and kind; data frames carry series or rows of them, item frames the answers of an
 * index, and the end frame, always last, the coverage of the whole answer.
 */

/** "TS" little endian; then one byte version, one byte kind. */
export const FRAME_MAGIC = 0x53_54;
export const FRAME_VERSION = 1;

export const KIND_SERIES = 1;
export const KIND_ITEMS = 2;
export const KIND_END = 3;
export const KIND_COUNTS = 4;
export const KIND_ROWS = 5;

/** Header of a series frame: magic, version, kind, then six counts and sizes, and what its keys are. */
export const SERIES_HEADER_SIZE = 32;
/** Last word of that header: the keys lie in the frame, or their name does (key-list.ts). */
export const KEYS_GIVEN = 0;
export const KEYS_NAMED = 1;
/** Tables: count u32, end of bytes u32, minMs f64, maxMs f64. */
export const TIMESTAMP_ENTRY_SIZE = 24;
/** End of key u32, end of blocks u32. */
export const SERIES_ENTRY_SIZE = 8;
/** Index of the timestamp block u32, end of bytes u32. */
export const VALUE_ENTRY_SIZE = 8;

/** Header of a rows frame: magic, version, kind, then steps, series, samples of the series with most, size of keys, all samples, and what its keys are. */
export const ROWS_HEADER_SIZE = 32;

/** Of an end frame without missing places: the start, and a count of 0. */
export const END_COMPLETE_SIZE = 5;

/** A frame is taken when its keys or all the rest have grown past this size; either may pass it by one block. */
export const FRAME_SIZE_TARGET = 512 * 1024;

/** Untrusted frames past this size are refused. */
export const FRAME_SIZE_MAX = 32 * 1024 * 1024;

/** What a frame is: read from its first bytes. */
export type FrameKind = "series" | "items" | "end" | "counts" | "rows";

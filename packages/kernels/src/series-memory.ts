/**
 * Memory that the kernels of series share: what one unpacks, the next one reads in place. One per thread.
 *
 * The first region is the value codec's own (value-block.as.ts lays it out). Behind it lie the samples of the series that is
 * at hand: a series with more of them is worked on in ordinary memory, by the plain twins.
 */
import { KernelMemory, regionSize } from "./kernel-memory.ts";

/** What the value codec lays out from 0 on. */
export const VALUE_CODEC_SIZE = 640 * 1024;
/** A month at a sample each 10 s, a day at one each 330 ms. */
export const SERIES_SAMPLES_MAX = 256 * 1024;
/** Steps of a grid that the kernels take: past VictoriaMetrics' 30,000. */
export const SERIES_STEPS_MAX = 32 * 1024;
/** Groups × steps that are summed up in place. */
export const GROUP_POINTS_MAX = 128 * 1024;

/** Room for what the windows of the queries at hand come to: of one over the longest grid, or of many instant ones. */
export const PLANS_SIZE = 4 * 1024 * 1024;

/** Value blocks of some 20,000 series that are looked at together. */
export const BLOCKS_SIZE = 4 * 1024 * 1024;
/** Rows of a table of them. */
export const BLOCK_ROWS_MAX = 4096;
/** Bytes of such a row. */
export const BLOCK_ROW_SIZE = 24;

const SAMPLE_SIZE = 8;

/** Values, drops; a row and its presence; plans; sums, what they lost, and their presence; blocks and their table. */
const REGION_SIZES = [
  VALUE_CODEC_SIZE,
  SERIES_SAMPLES_MAX * SAMPLE_SIZE,
  SERIES_SAMPLES_MAX * 4,
  SERIES_STEPS_MAX * SAMPLE_SIZE,
  SERIES_STEPS_MAX,
  PLANS_SIZE,
  GROUP_POINTS_MAX * SAMPLE_SIZE,
  GROUP_POINTS_MAX * SAMPLE_SIZE,
  GROUP_POINTS_MAX,
  BLOCKS_SIZE,
  BLOCK_ROWS_MAX * BLOCK_ROW_SIZE,
];

export const seriesMemory = new KernelMemory(
  REGION_SIZES.reduce((sum, size) => sum + regionSize(size), 0),
);
seriesMemory.reserve(VALUE_CODEC_SIZE - 128);

const samplesAt = seriesMemory.reserve(SERIES_SAMPLES_MAX * SAMPLE_SIZE);

/**
 * Room for the values of one series, `SERIES_SAMPLES_MAX` of them. Borrowed by whoever unpacks into it until the next one
 * does: for a stretch without waiting.
 */
export const seriesValues = new Float64Array(
  seriesMemory.memory.buffer,
  samplesAt,
  SERIES_SAMPLES_MAX,
);

/** Whether values lie where the kernels of series work. */
export function isInSeriesMemory(values: Float64Array): boolean {
  return values.buffer === seriesMemory.memory.buffer;
}

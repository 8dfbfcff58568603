/**
 * The words that all rooms share: labels and identity, matchers, tenants, times, errors, and the three
 * contracts: RowSink (write), SeriesSource (read raw), LeafSource (read evaluated); and DeleteSink.
 */
// The contracts.
export type { Leaf, LeafColumns, LeafResult, LeafSource, StepGrid } from "./leaf-source.ts";
export type { LeafOnBlocks, LeavesOnBlocks } from "./leaf-source.ts";
export { NOTHING_IGNORED, type WriteOutcome } from "./row-sink.ts";
export type { RowBatch, RowSink, SeriesTable } from "./row-sink.ts";
export { COMPLETE, type Coverage, type IndexAnswer, type SearchQuery } from "./series-source.ts";
export { tooManySeries } from "./series-limit.ts";
export type { LabelCount, LabelCounts } from "./series-source.ts";
export type {
  BatchRows,
  KeySection,
  SearchLeaf,
  SeriesBatch,
  SeriesBlocks,
  SeriesSearch,
  SeriesSource,
} from "./series-source.ts";
export type { TimestampBlock, ValueBlock } from "./series-source.ts";
export { blockEnd, blockStart, timestampsOfBlock, type BlockTable } from "./block-table.ts";
export { blocksOfSeries, endOfBlocks, firstBlockOf, seriesCountOf } from "./block-table.ts";
export type { DeleteSink, SeriesDelete } from "./series-delete.ts";
// Series and samples.
export { canonicalKey, keyLabels, keyTenant, METRIC_NAME, seriesKey } from "./series-key.ts";
export { IDENTITY_SIZE, identityOf, identityRange } from "./series-key.ts";
export { DEFAULT_LABEL_LIMITS, type LabelLimits, type BadLabels } from "./series-key.ts";
export type { Label, RawLabel } from "./series-key.ts";
export { inSameInterval, isCrowded, keepNewest } from "./sample-dedup.ts";
export { beats, isStaleAt, STALE_HIGH_WORD, STALE_LOW_WORD, wordsOf } from "./sample-merge.ts";
// What requests are made of.
export { compileMatcher, type CompiledMatcher } from "./matcher.ts";
export type { Matcher, MatchOperator } from "./matcher.ts";
export { DEFAULT_TENANT, formatTenant, parseTenant, type Tenant } from "./tenant.ts";
export { parseDurationMs, parseTimeMs } from "./time.ts";
// Whose fault it is.
export { CorruptionError, ExecutionError, InputError, OverloadError } from "./errors.ts";

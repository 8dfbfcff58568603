/**
 * The words that all rooms share: labels and identity, matchers, tenants, times, errors, and the three
 * contracts: RowSink (write), SeriesSource (read raw), LeafSource (read evaluated).
 */
export { CorruptionError, ExecutionError, InputError, OverloadError } from "./errors.ts";
export {
  COMPLETE,
  type Coverage,
  type IndexAnswer,
  type Labels,
  type SearchQuery,
  type SeriesBlocks,
  type SeriesSearch,
  type SeriesSource,
  type TimestampBlock,
  type ValueBlock,
} from "./series-source.ts";
export type { Leaf, LeafColumns, LeafResult, LeafSource, StepGrid } from "./leaf-source.ts";
export {
  compileMatcher,
  compilePattern,
  type CompiledMatcher,
  type Matcher,
  type MatchOperator,
  type Pattern,
} from "./matcher.ts";
export {
  NOTHING_IGNORED,
  type RowBatch,
  type RowSink,
  type SeriesTable,
  type WriteOutcome,
} from "./row-sink.ts";
export { beats, isStaleAt, STALE_HIGH_WORD, STALE_LOW_WORD, wordsOf } from "./sample-merge.ts";
export {
  canonicalKey,
  DEFAULT_LABEL_LIMITS,
  IDENTITY_SIZE,
  identityOf,
  identityRange,
  keyLabels,
  keyTenant,
  METRIC_NAME,
  seriesKey,
  type BadLabels,
  type Label,
  type LabelLimits,
  type RawLabel,
} from "./series-key.ts";
export { DEFAULT_TENANT, formatTenant, parseTenant, type Tenant } from "./tenant.ts";
export { durationTextToMs, parseDurationMs, parseTimeMs } from "./time.ts";

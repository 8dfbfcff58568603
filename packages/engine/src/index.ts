/**
 * PromQL evaluation over columns.
 *
 * `prepare` turns text into a checked query, `execute` answers it from a SeriesSource (or a LeafSource),
 * `writeResultJson` writes the answer. `leafSourceOf` evaluates leaves where the data lives.
 *
 * Inside: plan/ cuts leaves out of the tree; leaf/ evaluates one leaf from raw blocks; execute/ works out the rest over
 * columns/; functions/ is the shelf of cards; labels/ is how label sets are written meanwhile; json/ writes digits.
 */
export type { MemoryPool } from "./budget.ts";
export type { Columns } from "./columns/columns.ts";
export { aggregateCards, functionCards, languageFacts } from "./functions/shelf.ts";
export { writeSeriesJson } from "./json/label-json.ts";
export { writeResultJson } from "./json/result-json.ts";
export { compareLabelKeys, labelsOf } from "./labels/label-key.ts";
export { leafSourceOf, type LeafSourceOptions } from "./leaf/leaf-source.ts";
export { leavesOnBlocks } from "./leaf/leaves-on-blocks.ts";
export type { RawMatrix, RawSeries } from "./leaf/raw-matrix.ts";

export type {
  Prepared,
  QueryLimits,
  QueryOptions,
  QueryResult,
  QuerySources,
  ResultData,
} from "./query-types.ts";
export { execute, prepare } from "./query.ts";

/**
 * The engine of a storage node: lanes in worker threads, each with its write-ahead log, head and parts.
 *
 * Tour: `storage.ts` is the front on the main thread; `lane/` runs in the workers; `head/` is what was
 * written lately, in memory; `wal/` makes it last; `part/` are immutable files; `index/` turns matchers into series;
 * `deletes/` says what of them is gone; `inspect/` looks into the folder of a storage from outside.
 */
export { defaultStorageOptions, type Log, type StorageOptions } from "./options.ts";
export { inspectFolder, type FolderInspection } from "./inspect/inspect-folder.ts";
export { inspectSeries, type FoundSeries } from "./inspect/inspect-series.ts";
export { runLane } from "./lane/run-lane.ts";
export type { LaneStats } from "./stats.ts";
export { Storage, type StorageEnvironment } from "./storage.ts";

/**
 * For tests of what is built on a storage: real ones, on folders that go away. For benchmarks: the insides that they
 * measure by themselves.
 */
export { openStorage, testFolder, testOptions } from "./open-storage.ts";
export { Lane } from "../lane/lane.ts";
export { runMerge } from "../compaction/run-merge.ts";
export { Memtable } from "../head/memtable.ts";
export { partOrderKey } from "../part/part-order.ts";
export { PageCache } from "../part/page-cache.ts";
export { PartReader } from "../part/part-reader.ts";
export { PartWriter } from "../part/part-writer.ts";

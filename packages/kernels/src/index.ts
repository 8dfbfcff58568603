/**
 * Loops over memory, once per sample or per byte. Each kernel is a folder: `plain.ts` defines it and `wasm.ts` is its quick twin where there
 * is one, built from `*.as.ts`. Knows no noun of the floors above. */
export { crc32c } from "./crc32c/wasm.ts";
export { sampleText } from "./float-digits/plain.ts";
export { PointWriter, writeSampleText } from "./float-digits/wasm.ts";
export { SERIES_SAMPLES_MAX, seriesValues } from "./series-memory.ts";
export { heapColumns, planInto, type PlanColumns, type RangePlan } from "./series-range/plan.ts";
export { blockGrowth } from "./series-range/block-growth.ts";
export { growthOfTable, ROW_LEFT, type TablePlan } from "./series-range/table-growth.ts";
export { extrapolate, hasNaN, isCurrent, planExtrapolation, sumRows } from "./series-range/wasm.ts";
export { cutTimestamps, timestampPlaces, timestampPlacesSize } from "./timestamp-block/cut.ts";
export type { TimestampCut, TimestampPlaces } from "./timestamp-block/cut.ts";
export { decodeTimestamps, encodeTimestamps } from "./timestamp-block/plain.ts";
export { VALUES_PER_BLOCK_MAX, wrapValues } from "./value-block/plain.ts";
export { CUT_SAME, cutBytes, cutInPlace, cutSize } from "./value-block/cut-in-place.ts";
export { CutMarks } from "./value-block/cut-marks.ts";
export type { ValueCut } from "./value-block/cut.ts";
export { decodeValues, encodeValues, packValuesInto } from "./value-block/wasm.ts";
export { UNSNAP_BROKEN, UNSNAP_TOO_LARGE, unsnapPlain } from "./unsnap/plain.ts";
export { ProtobufError, ProtobufReader } from "./write-scan/protobuf.ts";
export { xxh64 } from "./xxh64/wasm.ts";
export {
  KEY_HEADER_SIZE,
  REASON_BIG_TIMESTAMP,
  REASON_KEY_TOO_LARGE,
  REASON_SMALL_TIMESTAMP,
  REF_BAD_FIRST,
  SCAN_BROKEN,
  SCAN_ROWS_FULL,
  SCAN_TABLE_FULL,
  type WriteScanCounts,
  type WriteScanLimits,
  type WriteScanner,
} from "./write-scan/scanner.ts";
export { ENTRY_SLOTS_SIZE, WasmWriteScanner, writeScanMemorySize } from "./write-scan/wasm.ts";

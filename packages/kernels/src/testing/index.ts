/** Helpers for tests and benchmarks: bodies of remote write, plain and strange. */
export {
  bitsOf,
  encodeWriteRequest,
  strangeWriteRequest,
  type RequestSample,
  type RequestSeries,
} from "./write-requests.ts";
export { extrapolatePlain, sumRowsPlain } from "../series-range/plain.ts";

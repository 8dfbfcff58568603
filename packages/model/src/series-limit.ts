/** What is said where a question meets more series than its asker allows: the asker knows by which flag, and says so. */
import { ExecutionError } from "./errors.ts";

export function tooManySeries(seriesCountMax: number): ExecutionError {
  return new ExecutionError(
    "TIDELINE_SERIES_LIMIT",
    `the number of matching timeseries exceeds ${seriesCountMax}; either narrow down the search or raise the limit`,
  );
}

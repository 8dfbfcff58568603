/** Says by which flag a question met too many series: nodes and lanes know the number alone. */
import { ExecutionError } from "@tideline/model";

/** The error as it is to be told; others as they are. */
export function namingSeriesLimit(cause: unknown, seriesCountMax: number, flag: string): unknown {
  if (!(cause instanceof ExecutionError) || cause.code !== "TIDELINE_SERIES_LIMIT") return cause;
  return new ExecutionError(
    cause.code,
    `the number of matching timeseries exceeds ${flag}=${seriesCountMax}; either narrow down the search or increase ${flag}`,
    { cause },
  );
}

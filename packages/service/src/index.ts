/**
 * What every program needs around its own work: flags (`flags/`), the log, metrics, an HTTP server
 * (`http/`), and the shell that starts and stops it all (`program/run.ts`). Start reading there.
 */
export { commonFlags, type CommonFlags } from "./flags/common.ts";
export { flagsMarkdown, helpText } from "./flags/help.ts";
export {
  address,
  addressList,
  boolean,
  byteSize,
  durationMs,
  enumeration,
  integer,
  list,
  number,
  retentionMs,
  secret,
  text,
  type Flag,
  type FlagTable,
  type FlagValues,
} from "./flags/kinds.ts";
export { FlagError, parseFlags } from "./flags/parse.ts";
export { formatAddress, type ListenAddress } from "./http/address.ts";
export { readBody, readBodyChunks, readForm, type Body, type BodyLimits } from "./http/body.ts";
export { ByteBudget } from "./http/byte-budget.ts";
export { ConcurrencyLimit } from "./http/concurrency-limit.ts";
export { addConcurrencyMetrics } from "./http/concurrency-metrics.ts";
export { errorAnswer, type ErrorStyle } from "./http/errors.ts";
export { ClientLeftError, type Answer, type Exchange } from "./http/exchange.ts";
export { guardBy, type Handler, type Route } from "./http/routes.ts";
export { ListenError, type HttpServer } from "./http/server.ts";
export type { Log } from "./log/logger.ts";
export { addMetricTable } from "./metrics/metric-table.ts";
export { Metrics, type MetricName, type Read, type Reading } from "./metrics/metrics.ts";
export { allowedMemorySize } from "./program/memory.ts";
export { runProgram, type ProgramContext, type ProgramPart } from "./program/run.ts";
export { VERSION } from "./version.ts";

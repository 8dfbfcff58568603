/**
 * Deleting series, as Prometheus' admin API has it: `…/api/v1/admin/tsdb/delete_series?match[]=…&start=…&end=…`, answered
 * with 204 once the samples are in no answer any more.
 */
import type { Clock } from "@tideline/common";
import {
  DEFAULT_TENANT,
  InputError,
  OverloadError,
  parseTenant,
  type Matcher,
  type SeriesDelete,
  type SeriesSource,
} from "@tideline/model";
import { parseSelector } from "@tideline/promql";
import { guardBy, type Exchange, type Route } from "@tideline/service";
import { combine, extraFilterMatchers, ofArgument } from "../query/extra-filters.ts";
import { namingSeriesLimit } from "../query/series-limit.ts";
import {
  extraFilterArguments,
  readArguments,
  selectorArguments,
  timeArgument,
  WHOLE_TIME,
} from "./arguments.ts";

export interface DeleteRouteOptions {
  /** Path before `/api/v1/…`; `:tenant` in it names the tenant. */
  readonly base: string;
  /** Where to delete; leaves by `signal`. */
  readonly deleteSeries: (request: SeriesDelete, signal: AbortSignal) => Promise<void>;
  /** Where the series are counted first. */
  readonly source: Pick<SeriesSource, "labelCounts">;
  /** -search.maxDeleteSeries; 0 = no limit */
  readonly seriesCountMax: number;
  /** Empty: basic auth by the common flags. */
  readonly authKey: string;
  /** -search.maxDeleteDuration */
  readonly durationMaxMs: number;
  readonly clock: Clock;
}

export function deleteRoute(options: DeleteRouteOptions): Route {
  return {
    path: `${options.base}/api/v1/admin/tsdb/delete_series`,
    methods: ["GET", "POST", "PUT"],
    errors: "prometheus",
    guard: guardBy(options.authKey, "deleteAuthKey"),
    handle: async (exchange) => {
      const request = await readDelete(exchange, options);
      const deadline = AbortSignal.timeout(Math.min(options.durationMaxMs, 2 ** 31 - 1));
      try {
        await checkSeriesCount(request, options, deadline);
        await options.deleteSeries(request, deadline);
      } catch (error) {
        if (!deadline.aborted || error !== deadline.reason) throw error;
        throw new OverloadError(
          "TIDELINE_DELETE_TIMEOUT",
          `the delete took longer than ${options.durationMaxMs / 1_000} seconds (-search.maxDeleteDuration); it may still be done`,
          { cause: error },
        );
      }
      await exchange.send({ status: 204 });
    },
  };
}

/** @throws {ExecutionError} more series than one delete may take */
async function checkSeriesCount(
  request: SeriesDelete,
  { source, seriesCountMax }: DeleteRouteOptions,
  signal: AbortSignal,
): Promise<void> {
  if (seriesCountMax === 0) return;
  try {
    // The first count is that of all series, and whoever tells it knows the limit.
    for await (const _ of source.labelCounts({ ...request, seriesCountMax }, signal)) return;
  } catch (error) {
    throw namingSeriesLimit(error, seriesCountMax, "-search.maxDeleteSeries");
  }
}

async function readDelete(
  exchange: Exchange,
  { base, clock }: DeleteRouteOptions,
): Promise<SeriesDelete> {
  const args = await readArguments(exchange);
  const nowMs = clock.nowMs();
  const startMs = timeArgument(args, "start", WHOLE_TIME.startMs, nowMs);
  const endMs = timeArgument(args, "end", WHOLE_TIME.endMs, nowMs);
  if (endMs < startMs) {
    throw new InputError(
      "TIDELINE_RANGE",
      'invalid parameter "end": end timestamp must not be before start time',
    );
  }
  const tenant = base.includes(":tenant")
    ? parseTenant(exchange.parameter("tenant"))
    : DEFAULT_TENANT;
  const extra = extraFilterMatchers(extraFilterArguments(args));
  return { tenant, filters: combine(readSelectors(args), extra), startMs, endMs };
}

/** A selector may match everything (`{__name__=~".*"}`), but must say so. */
function readSelectors(args: URLSearchParams): Matcher[][] {
  const texts = selectorArguments(args);
  if (texts.length === 0) throw new InputError("TIDELINE_MATCH", "no match[] parameter provided");
  return ofArgument("match[]", () =>
    texts.map((text) => {
      const matchers = [...parseSelector(text)];
      if (matchers.length > 0) return matchers;
      throw new InputError("TIDELINE_MATCH", `match[] must contain at least one matcher: ${text}`);
    }),
  );
}

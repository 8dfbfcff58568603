/**
 * The engine as test scripts assume it: lookback of 5 minutes, subqueries without a step every minute, metric names
 * dropped at the end of the query.
 */
import { languageFacts } from "../../functions/shelf.ts";
import { execute, prepare } from "../../query.ts";
import { SCRIPT_TENANT, type ScriptEngine } from "./run-script.ts";

const LOOKBACK_MS = 300_000;

export const scriptEngine: ScriptEngine = {
  facts: languageFacts,
  query: async (source, { text, grid, isInstant }) =>
    execute(
      prepare(text),
      {
        tenant: SCRIPT_TENANT,
        grid,
        isInstant,
        lookbackMs: LOOKBACK_MS,
        subqueryStepMs: 60_000,
        extraFilters: [],
        limits: {
          seriesCountMax: 0,
          sampleCountMax: 0,
          pointsPerSeriesMax: 0,
          subqueryPointsPerSeriesMax: 0,
          memorySizeMax: 0,
        },
        delayedNameRemoval: true,
      },
      { series: source },
      new AbortController().signal,
    ),
};

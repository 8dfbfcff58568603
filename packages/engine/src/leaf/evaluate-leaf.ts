/**
 * Evaluates one leaf: reads its series, and fills a row for each, from its blocks, or as it was worked out where the data lives.
 * Rows have the series' own keys, metric name included: names are the planner's business.
 */
import {
  COMPLETE,
  type Coverage,
  type LeafColumns,
  type Matcher,
  type SearchQuery,
  type SeriesSource,
  type StepGrid,
  type Tenant,
} from "@tideline/model";
import type { Budget } from "../budget.ts";
import { columnsSize } from "../columns/columns.ts";
import type { WindowTimes } from "../functions/card.ts";
import { stepCountOf } from "../grid.ts";
import type { Pacer } from "../pacer.ts";
import { lastEndMs, type LeafNode } from "./leaf-node.ts";
import { GivenRows, isSplit } from "./given-rows.ts";
import { GrowthBlocks, growthOf } from "./growth-blocks.ts";
import { LeafRows } from "./leaf-rows.ts";
import { leafWindows } from "./leaf-windows.ts";
import { OrdinaryRows } from "./ordinary-rows.ts";
import { SampleDecoder } from "./sample-decoder.ts";
import { readSeries, type FoundSeries } from "./series-reader.ts";
import { splitLeaves } from "./split-leaves.ts";

/** What a leaf is evaluated against. */
export interface LeafRequest {
  readonly tenant: Tenant;
  readonly grid: StepGrid;
  readonly lookbackMs: number;
  /** See Leaf. */
  readonly dedupIntervalMs?: number;
  /** Of the leaf, where it is one that can be worked out where the data lives. */
  readonly text?: string;
  readonly extraFilters: readonly (readonly Matcher[])[];
  readonly seriesCountMax: number;
}

export interface LeafTools {
  readonly source: SeriesSource;
  readonly budget: Budget;
  readonly pacer: Pacer;
}

export interface LeafAnswer {
  readonly columns: LeafColumns;
  readonly coverage: Coverage;
  readonly sampleCount: number;
  /** Series that were read, with or without a value in the result. */
  readonly seriesCount: number;
}

/**
 * @param parameters one value per step for each scalar argument of the card
 * @throws {ExecutionError} past a limit; {CorruptionError} on damaged blocks; the signal's reason
 */
export async function evaluateLeaf(
  node: LeafNode,
  parameters: readonly Float64Array[],
  request: LeafRequest,
  tools: LeafTools,
): Promise<LeafAnswer> {
  const stepCount = stepCountOf(request.grid);
  const { times, loop } = leafWindows(node, request.grid, request.lookbackMs);
  if (stepCount === 0) return { columns: blankLeaf(0), ...NOTHING_READ };
  const { budget, pacer } = tools;
  const found = await readLeaf(node, times, request, tools);
  const { length } = found;
  budget.hold(columnsSize(length, stepCount));
  const decoder = new SampleDecoder(times, request.dedupIntervalMs);
  const rows = new LeafRows(found, stepCount, budget);
  const given = GivenRows.of(found, stepCount, rows);
  const growth = GrowthBlocks.of(growthOf(node, loop), found, decoder, rows, budget);
  const ordinary = new OrdinaryRows({ node, times, loop, parameters }, decoder, rows, budget);
  for (let row = 0; row < length;) {
    if (pacer.isDue) {
      await pacer.turn();
      growth?.renew();
    }
    const start = row;
    if (given) row = given.fill(row);
    else if (growth?.takes(row) === true) row = growth.fill(row);
    if (row > start) continue;
    const end = given ? row + 1 : Math.min(row + CHECK_EVERY, length);
    do {
      ordinary.fill(row, found.blocksOf(row));
      row += 1;
    } while (row < end && growth?.takes(row) !== true);
  }
  // What stays is the columns, which their receiver accounts for.
  decoder.close(budget);
  budget.release(found.heldSize + columnsSize(length, stepCount));
  const { coverage } = found;
  return { columns: rows.finish(), coverage, sampleCount: rows.sampleCount, seriesCount: length };
}

/** The series of a leaf. Of one step, rows of them are asked for: a value takes less than the samples that it is made of. */
async function readLeaf(
  { selector }: LeafNode,
  times: WindowTimes,
  request: LeafRequest,
  { source, budget, pacer }: LeafTools,
): Promise<FoundSeries> {
  const { tenant, grid, lookbackMs, dedupIntervalMs = 0, seriesCountMax, text } = request;
  const query: SearchQuery = {
    tenant,
    filters: filtersOf(selector.matchers, request.extraFilters),
    startMs: times.endStartMs - times.rangeMs + 1,
    endMs: lastEndMs(times),
    seriesCountMax,
  };
  if (text === undefined || times.stepCount > 1 || splitLeaves.has(tenant, text))
    return readSeries(source, query, budget, pacer);
  const leaf = { text, grid, lookbackMs, dedupIntervalMs };
  const found = await readSeries(source, { ...query, leaf }, budget, pacer);
  if (!isSplit(found)) return found;
  splitLeaves.add(tenant, text);
  budget.release(found.heldSize);
  return readSeries(source, query, budget, pacer);
}

/** The clock is asked once per so many series. */
const CHECK_EVERY = 8;

const NOTHING_READ = { coverage: COMPLETE, sampleCount: 0, seriesCount: 0 };

function blankLeaf(stepCount: number): LeafColumns {
  return { stepCount, keys: [], values: new Float64Array(0), presence: new Uint8Array(0) };
}

/** Each alternative of the extra filters, together with the selector's own matchers. */
export function filtersOf(
  matchers: readonly Matcher[],
  extraFilters: readonly (readonly Matcher[])[],
): readonly (readonly Matcher[])[] {
  if (extraFilters.length === 0) return [matchers];
  return extraFilters.map((alternative) => [...matchers, ...alternative]);
}

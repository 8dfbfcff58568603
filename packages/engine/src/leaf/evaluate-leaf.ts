/**
 * Evaluates one leaf from raw blocks: read, decode series by series, run the loop of its card over the windows.
 * Rows have the series' own keys, metric name included: names are the planner's business.
 */
import {
  COMPLETE,
  isStaleAt,
  type Coverage,
  type LeafColumns,
  type Matcher,
  type SeriesSource,
  type StepGrid,
  type Tenant,
} from "@tideline/model";
import type { Budget } from "../budget.ts";
import { columnsSize } from "../columns/columns.ts";
import type { RollupLoop, TargetRow, WindowTimes } from "../functions/card.ts";
import { stepCountOf } from "../grid.ts";
import type { Pacer } from "../pacer.ts";
import { lastEndMs, type LeafNode } from "./leaf-node.ts";
import { GrowthBlocks, growthOf } from "./growth-blocks.ts";
import { LeafRows } from "./leaf-rows.ts";
import { leafWindows } from "./leaf-windows.ts";
import { LiveSamples } from "./live-samples.ts";
import { SampleDecoder, type DecodedSeries } from "./sample-decoder.ts";
import { readSeries } from "./series-reader.ts";

/** What a leaf is evaluated against. */
export interface LeafRequest {
  readonly tenant: Tenant;
  readonly grid: StepGrid;
  readonly lookbackMs: number;
  /** See Leaf. */
  readonly dedupIntervalMs?: number;
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
  const query = {
    tenant: request.tenant,
    filters: filtersOf(node.selector.matchers, request.extraFilters),
    startMs: times.endStartMs - times.rangeMs + 1,
    endMs: lastEndMs(times),
    seriesCountMax: request.seriesCountMax,
  };
  const { budget, pacer } = tools;
  const found = await readSeries(tools.source, query, budget, pacer);
  const { length } = found;
  budget.hold(columnsSize(length, stepCount));
  const decoder = new SampleDecoder(times, request.dedupIntervalMs);
  const rows = new LeafRows(found, stepCount);
  const blocks = GrowthBlocks.of(growthOf(node, loop), found, decoder, rows, budget);
  const ordinary = new OrdinaryRows(node.shape, loop, parameters, times, rows);
  for (let row = 0; row < length;) {
    if (pacer.isDue) {
      await pacer.turn();
      blocks?.renew();
    }
    const start = row;
    if (blocks?.takes(row) === true) row = blocks.fill(row);
    if (row > start) continue;
    const end = Math.min(row + CHECK_EVERY, length);
    do {
      const series = decoder.decode(found.blocksOf(row), budget);
      const touched = touchedCount(series);
      rows.sampleCount += touched;
      budget.addSeries(touched);
      ordinary.add(row, series);
      row += 1;
    } while (row < end && blocks?.takes(row) !== true);
  }
  // What stays is the columns, which their receiver accounts for.
  decoder.close(budget);
  budget.release(found.heldSize + columnsSize(length, stepCount));
  const { coverage } = found;
  return { columns: rows.finish(), coverage, sampleCount: rows.sampleCount, seriesCount: length };
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

/** Samples that some window holds. */
function touchedCount({ windows }: DecodedSeries): number {
  const { starts, ends, stepCount } = windows;
  return (ends[stepCount - 1] as number) - (starts[0] as number);
}

/** Works rows out one after the other. */
class OrdinaryRows {
  readonly #shape: LeafNode["shape"];
  readonly #loop: RollupLoop | null;
  readonly #parameters: readonly Float64Array[];
  readonly #rows: LeafRows;
  readonly #live: LiveSamples;

  constructor(
    shape: LeafNode["shape"],
    loop: RollupLoop | null,
    parameters: readonly Float64Array[],
    times: WindowTimes,
    rows: LeafRows,
  ) {
    this.#shape = shape;
    this.#loop = loop;
    this.#parameters = parameters;
    this.#rows = rows;
    this.#live = new LiveSamples(times);
  }

  add(row: number, series: DecodedSeries): void {
    const { target } = this.#rows;
    if (this.#loop) {
      const live = this.#live.of(series);
      this.#loop(live, live.windows, this.#parameters, target);
    } else {
      fillInstants(series, this.#shape === "timestamp", target);
    }
    this.#rows.endRow(row);
  }
}

/** The last sample of each window, or its time; none where that sample is a staleness marker. */
function fillInstants(series: DecodedSeries, wantsTime: boolean, target: TargetRow): void {
  const { timestampsMs, values, words, windows } = series;
  for (let step = 0; step < windows.stepCount; step += 1) {
    const last = (windows.ends[step] as number) - 1;
    if (last < (windows.starts[step] as number) || isStaleAt(words, last)) continue;
    const at = target.start + step;
    target.presence[at] = 1;
    target.values[at] = wantsTime
      ? (timestampsMs[last] as number) / 1000
      : (values[last] as number);
  }
}

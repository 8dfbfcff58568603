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
  type SeriesBlocks,
  type SeriesSource,
  type StepGrid,
  type Tenant,
  wordsOf,
} from "@tideline/model";
import { hasNaN } from "@tideline/kernels";
import type { Budget } from "../budget.ts";
import { columnsSize } from "../columns/columns.ts";
import type { RollupLoop, Samples, TargetRow, WindowTimes } from "../functions/card.ts";
import { stepCountOf } from "../grid.ts";
import type { Pacer } from "../pacer.ts";
import { lastEndMs, type LeafNode } from "./leaf-node.ts";
import { rememberLabels } from "./leaf-labels.ts";
import { leafWindows } from "./leaf-windows.ts";
import { SampleDecoder, type DecodedSeries } from "./sample-decoder.ts";
import { readSeries } from "./series-reader.ts";
import { ScratchWindows } from "./windows.ts";

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
  const found = await readSeries(tools.source, query, tools.budget, tools.pacer);
  tools.budget.hold(columnsSize(found.series.length, stepCount));
  const decoder = new SampleDecoder(times, request.dedupIntervalMs);
  const rows = new RowFiller(node.shape, loop, parameters, times, found.labels);
  let sampleCount = 0;
  const { length } = found.series;
  for (let number = 0; number < length; number += 1) {
    if (number % CHECK_EVERY === 0 && tools.pacer.isDue) await tools.pacer.turn();
    const read = found.series[number] as SeriesBlocks;
    const series = decoder.decode(read.blocks, tools.budget);
    const touched = touchedCount(series);
    sampleCount += touched;
    tools.budget.addSeries(touched);
    rows.add(read, series);
  }
  // What stays is the columns, which their receiver accounts for.
  decoder.close(tools.budget);
  tools.budget.release(found.heldSize + columnsSize(found.series.length, stepCount));
  return {
    columns: rows.finish(),
    coverage: found.coverage,
    sampleCount,
    seriesCount: found.series.length,
  };
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

/** Fills the rows of the result, one series after the other; a series without a value leaves no row. */
class RowFiller {
  readonly #shape: LeafNode["shape"];
  readonly #loop: RollupLoop | null;
  readonly #parameters: readonly Float64Array[];
  readonly #stepCount: number;
  readonly #series: SeriesBlocks[] = [];
  /** Of all series, and of those that have a row: null while that is each one. */
  readonly #allLabels: readonly string[];
  #labels: string[] | null = null;
  #seriesCount = 0;
  readonly #target: TargetRow;
  readonly #live: LiveSamples;

  constructor(
    shape: LeafNode["shape"],
    loop: RollupLoop | null,
    parameters: readonly Float64Array[],
    times: WindowTimes,
    labels: readonly string[],
  ) {
    this.#shape = shape;
    this.#loop = loop;
    this.#parameters = parameters;
    this.#stepCount = times.stepCount;
    this.#live = new LiveSamples(times);
    this.#allLabels = labels;
    this.#target = {
      values: new Float64Array(labels.length * times.stepCount),
      presence: new Uint8Array(labels.length * times.stepCount),
      start: 0,
    };
  }

  /** Series come in the order of their labels. */
  add(read: SeriesBlocks, series: DecodedSeries): void {
    const target = this.#target;
    const number = this.#seriesCount;
    this.#seriesCount += 1;
    if (this.#loop) {
      const live = this.#live.of(series);
      this.#loop(live, live.windows, this.#parameters, target);
    } else {
      fillInstants(series, this.#shape === "timestamp", target);
    }
    const end = target.start + this.#stepCount;
    if (!hasValue(target.presence, target.start, end)) {
      this.#labels ??= this.#allLabels.slice(0, number);
      return;
    }
    this.#series.push(read);
    this.#labels?.push(this.#allLabels[number] as string);
    target.start = end;
  }

  finish(): LeafColumns {
    const size = this.#target.start;
    const rows = this.#series;
    const columns = {
      stepCount: this.#stepCount,
      // In this thread labels are at hand (leaf-labels.ts): nobody asks.
      get keys() {
        return rows.map(({ key }) => key);
      },
      values: this.#target.values.subarray(0, size),
      presence: this.#target.presence.subarray(0, size),
    };
    rememberLabels(columns, this.#labels ?? this.#allLabels);
    return columns;
  }
}

function hasValue(presence: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (presence[at] === 1) return true;
  return false;
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

/** Samples without staleness markers: the series as it is if it has none, else a copy in reused memory. */
class LiveSamples {
  readonly #windows: ScratchWindows;
  #timestampsMs = new Float64Array(0);
  #values = new Float64Array(0);
  #words: Uint32Array = new Uint32Array(0);

  constructor(times: WindowTimes) {
    this.#windows = new ScratchWindows(times);
  }

  of(series: DecodedSeries): Samples & { readonly windows: DecodedSeries["windows"] } {
    const { words, windows } = series;
    const from = windows.starts[0] as number;
    const to = windows.ends[windows.stepCount - 1] as number;
    if (!hasNaN(series.values, from, to)) return series;
    let stale = from;
    while (stale < to && !isStaleAt(words, stale)) stale += 1;
    return stale === to ? series : this.#copy(series, from, to);
  }

  #copy(series: DecodedSeries, from: number, to: number) {
    const { timestampsMs, words } = series;
    if (this.#values.length < to - from) {
      this.#timestampsMs = new Float64Array((to - from) * 2);
      this.#values = new Float64Array((to - from) * 2);
      this.#words = wordsOf(this.#values);
    }
    let count = 0;
    for (let i = from; i < to; i += 1) {
      if (isStaleAt(words, i)) continue;
      this.#timestampsMs[count] = timestampsMs[i] as number;
      this.#words[count * 2] = words[i * 2] as number;
      this.#words[count * 2 + 1] = words[i * 2 + 1] as number;
      count += 1;
    }
    return {
      timestampsMs: this.#timestampsMs,
      values: this.#values,
      count,
      windows: this.#windows.of(this.#timestampsMs, count),
    };
  }
}

/** Raw samples of a range selector at one instant: what an instant query of `x[5m]` answers. */
import { isStaleAt, type Coverage } from "@tideline/model";
import { filtersOf, type LeafRequest, type LeafTools } from "./evaluate-leaf.ts";
import { lastEndMs, type TimeShift } from "./leaf-node.ts";
import { marginsOf, widenedTimes } from "./leaf-windows.ts";
import { withEdges } from "./range-edges.ts";
import type { VectorSelector } from "@tideline/promql";
import { SampleDecoder } from "./sample-decoder.ts";
import { readSeries } from "./series-reader.ts";

export interface RawSeries {
  /** Label key. */
  readonly labels: string;
  /** Under `anchored` and `smoothed` the edges of the range are among them. */
  readonly timestampsMs: Float64Array;
  /** Bit for bit as stored, staleness markers left out. */
  readonly values: Float64Array;
}

export interface RawMatrix {
  readonly series: readonly RawSeries[];
}

export interface RawSelection extends TimeShift {
  readonly selector: VectorSelector;
  readonly rangeMs: number;
}

/** @throws as evaluateLeaf */
export async function readRawMatrix(
  selection: RawSelection,
  request: LeafRequest,
  tools: LeafTools,
): Promise<{ matrix: RawMatrix; coverage: Coverage; seriesCount: number; sampleCount: number }> {
  const { extension } = selection.selector;
  const margins = marginsOf(extension, request.lookbackMs);
  const times = widenedTimes(selection, selection.rangeMs, request.grid, margins);
  const query = {
    tenant: request.tenant,
    filters: filtersOf(selection.selector.matchers, request.extraFilters),
    startMs: times.endStartMs - times.rangeMs + 1,
    endMs: lastEndMs(times),
    seriesCountMax: request.seriesCountMax,
  };
  const found = await readSeries(tools.source, query, tools.budget, tools.pacer);
  const decoder = new SampleDecoder(times, request.dedupIntervalMs);
  const series: RawSeries[] = [];
  let sampleCount = 0;
  for (const [row, labels] of found.labels.entries()) {
    if (tools.pacer.isDue) await tools.pacer.turn();
    const { timestampsMs, values, words, windows } = decoder.decode(
      found.blocksOf(row),
      tools.budget,
    );
    const start = windows.starts[0] as number;
    const end = windows.ends[0] as number;
    sampleCount += end - start;
    tools.budget.addSeries(end - start);
    tools.budget.hold((end - start) * 16);
    const ownTimes = new Float64Array(end - start);
    const ownValues = new Float64Array(end - start);
    let count = 0;
    for (let i = start; i < end; i += 1) {
      if (isStaleAt(words, i)) continue;
      ownTimes[count] = timestampsMs[i] as number;
      ownValues.set(values.subarray(i, i + 1), count);
      count += 1;
    }
    const seen = {
      timestampsMs: ownTimes.subarray(0, count),
      values: ownValues.subarray(0, count),
      count,
    };
    const endMs = times.endStartMs - margins.afterMs;
    const range = { startMs: endMs - selection.rangeMs, endMs };
    const shown = extension === null ? seen : withEdges(seen, range, extension === "smoothed");
    if (shown.count > 0) series.push({ labels, ...shown });
  }
  decoder.close(tools.budget);
  const seriesCount = found.length;
  return { matrix: { series }, coverage: found.coverage, seriesCount, sampleCount };
}

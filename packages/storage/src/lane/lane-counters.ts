/** What a lane counts, and the snapshot of it for /metrics. */
import type { RowBlockAnswer } from "@tideline/wire";
import type { LaneStats } from "../stats.ts";
import type { Flusher } from "./flusher.ts";
import type { Heads } from "./heads.ts";
import type { Intake } from "./intake.ts";
import type { LaneParts } from "./lane-parts.ts";
import type { SeriesLimits } from "./series-limits.ts";

export interface LaneState {
  readonly lane: number;
  readonly heads: Heads;
  readonly parts: LaneParts;
  readonly intake: Intake;
  readonly flusher: Flusher;
  readonly limits: SeriesLimits | null;
  readonly freeDiskSize: number;
  readonly readOnly: boolean;
}

export class LaneCounters {
  rowsAdded = 0;
  searches = 0;
  searchErrors = 0;
  readonly #blocks: Record<string, number> = {};
  readonly #rowsIgnored: Record<string, number> = {};

  /** Counts an answer that goes out. */
  answered(answer: RowBlockAnswer): void {
    this.#blocks[answer.status] = (this.#blocks[answer.status] ?? 0) + 1;
    for (const [reason, count] of Object.entries(answer.ignoredByReason)) {
      this.#rowsIgnored[reason] = (this.#rowsIgnored[reason] ?? 0) + count;
    }
  }

  stats(state: LaneState): LaneStats {
    const { lane, heads, parts, intake, flusher, limits, freeDiskSize, readOnly } = state;
    const memtables = heads.frozen ? [heads.memtable, heads.frozen.memtable] : [heads.memtable];
    const readers = parts.parts;
    const minMs = Math.min(...memtables.map((memtable) => memtable.minMs));
    const maxMs = Math.max(...memtables.map((memtable) => memtable.maxMs));
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return {
      lane,
      rowsAdded: this.rowsAdded,
      rowsIgnored: { ...this.#rowsIgnored },
      blocks: { ...this.#blocks },
      walCommits: heads.walCommits,
      walSyncs: heads.walSyncs,
      walErrors: heads.walErrors,
      seriesCreated: heads.seriesCreated,
      flushes: flusher.flushCount,
      flushErrors: flusher.errorCount,
      partsDropped: parts.droppedCount,
      searches: this.searches,
      searchErrors: this.searchErrors,
      streamCount: intake.streamCount,
      generation: heads.generation,
      headSeries: sum(memtables, (memtable) => memtable.seriesCount),
      headSamples: sum(memtables, (memtable) => memtable.sampleCount),
      headMemorySize: heads.memorySize,
      headMinMs: Number.isFinite(minMs) ? minMs : null,
      headMaxMs: Number.isFinite(maxMs) ? maxMs : null,
      walSize: heads.walSize + (heads.frozen?.walSize ?? 0),
      partCount: readers.length,
      partSize: sum(readers, (part) => part.size),
      partSeries: sum(readers, (part) => part.facts.seriesCount),
      partSamples: sum(readers, (part) => part.facts.sampleCount),
      partsDamaged: parts.damaged.length,
      hourlySeries: limits?.countOf("hourly_series_limit") ?? 0,
      dailySeries: limits?.countOf("daily_series_limit") ?? 0,
      freeDiskSize,
      readOnly,
      heapSize: heapUsed,
      externalSize: external + arrayBuffers,
    };
  }
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}

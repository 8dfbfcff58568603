/** What a lane counts, and the snapshot of it for /metrics. */
import type { RowBlockAnswer } from "@tideline/wire";
import type { PartReader } from "../part/part-reader.ts";
import type { LaneStats } from "../stats.ts";
import type { Compactor } from "./compactor.ts";
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
  readonly compactor: Compactor | null;
  readonly retentionSuspended: boolean;
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
    const { lane, heads, parts, intake, flusher, compactor, limits, freeDiskSize, readOnly } =
      state;
    const merged = compactor?.counts;
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
      flushedSize: flusher.writtenSize,
      merges: compactor?.mergeCount ?? 0,
      mergeErrors: compactor?.errorCount ?? 0,
      mergesActive: compactor?.isRunning ? 1 : 0,
      forcedMerges: compactor?.forcedCount ?? 0,
      mergeReadSamples: merged?.readCount ?? 0,
      mergeWrittenSamples: merged?.writtenCount ?? 0,
      mergeDedupedSamples: merged?.dedupedCount ?? 0,
      mergeDeletedSamples: merged?.deletedCount ?? 0,
      mergeWrittenSize: merged?.writtenSize ?? 0,
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
      lastMonthPartCount: lastMonthPartCount(readers),
      retentionSuspended: state.retentionSuspended,
      freeDiskSize,
      readOnly,
      heapSize: heapUsed,
      externalSize: external + arrayBuffers,
    };
  }
}

function lastMonthPartCount(parts: readonly PartReader[]): number {
  const newestMs = Math.max(...parts.map(({ facts }) => facts.maxMs));
  if (!Number.isFinite(newestMs)) return 0;
  const newest = new Date(newestMs);
  const startMs = Date.UTC(newest.getUTCFullYear(), newest.getUTCMonth());
  return parts.filter(({ facts }) => facts.maxMs >= startMs).length;
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}

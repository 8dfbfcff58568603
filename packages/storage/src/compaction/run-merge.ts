/**
 * Makes new parts of old ones: a pass over all inputs per output, each streamed, so that memory is what one part in the making takes,
 * whatever is merged.
 *
 * Several outputs are put into place one after another. Only the last one says that the inputs are replaced: a crash in between
 * leaves samples in two parts, which is harmless (law 3), and never in none.
 */
import { basename, join } from "node:path";
import type { Disk } from "@tideline/common";
import { identityRange } from "@tideline/model";
import type { TimeRange } from "../deletes/time-ranges.ts";
import { rangeCovers, type LaneRange } from "../lane-range.ts";
import { PartDamage } from "../part/format.ts";
import { PageCache } from "../part/page-cache.ts";
import { PartReader } from "../part/part-reader.ts";
import { PartWriter, type PartSummary } from "../part/part-writer.ts";
import { BlockCursor } from "./block-cursor.ts";
import { readDeletedRanges, type DeletedRangesOf } from "./deleted-ranges.ts";
import type { MergeJob, MergeOutput, MergeResult } from "./merge-job.ts";
import { mergeSeries } from "./merge-series.ts";
import { SeriesOutput } from "./series-output.ts";
import { walkSeries, type WalkedSeries } from "./series-walk.ts";

export interface MergePorts {
  readonly disk: Disk;
}

const NO_RANGES: readonly TimeRange[] = [];
const NOTHING_DELETED: DeletedRangesOf = () => NO_RANGES;

/**
 * @throws {CorruptionError} the delete log cannot be read
 * @throws {OverloadError} the disk is full or failed; nothing that harms is left behind
 */
export async function runMerge(job: MergeJob, ports: MergePorts): Promise<MergeResult> {
  const cache = new PageCache(job.cacheSize);
  const inputs: PartReader[] = [];
  const merge = new Merge(job, ports, inputs);
  try {
    for (const name of job.inputs)
      inputs.push(PartReader.open(ports.disk, join(job.folder, name), cache));
    return await merge.run();
  } catch (error) {
    merge.abort();
    if (!(error instanceof PartDamage)) throw error;
    return { status: "damaged", name: basename(error.path), reason: error.message };
  } finally {
    for (const input of inputs) input.close();
  }
}

class Merge {
  readonly #job: MergeJob;
  readonly #ports: MergePorts;
  readonly #inputs: readonly PartReader[];
  readonly #deletedRangesOf: DeletedRangesOf;
  /** The newest output that has samples; it waits until it is known whether it is the last. */
  #waiting: PartWriter | null = null;
  /** The output in the making. */
  #writer: PartWriter | null = null;
  readonly #done: PartSummary[] = [];
  #writtenCount = 0;
  #dedupedCount = 0;

  constructor(job: MergeJob, ports: MergePorts, inputs: readonly PartReader[]) {
    this.#job = job;
    this.#ports = ports;
    this.#inputs = inputs;
    const { deletesDone, dataPath } = job;
    this.#deletedRangesOf =
      deletesDone === 0 ? NOTHING_DELETED : readDeletedRanges(ports.disk, dataPath);
  }

  async run(): Promise<MergeResult> {
    for (const output of this.#job.outputs) {
      this.#writeOutput(output);
      if (!this.#writer) continue;
      await this.#finishWaiting([]);
      this.#writer.seal();
      this.#waiting = this.#writer;
      this.#writer = null;
    }
    await this.#finishWaiting(this.#job.replaces);
    const readCount = sum(this.#inputs, ({ facts }) => facts.sampleCount);
    const lostCount = readCount - this.#writtenCount;
    return {
      status: "done",
      names: this.#done.map(({ name }) => name),
      counts: {
        readCount,
        writtenCount: this.#writtenCount,
        dedupedCount: this.#dedupedCount,
        deletedCount: lostCount - this.#dedupedCount,
        writtenSize: sum(this.#done, ({ size }) => size),
      },
    };
  }

  async #finishWaiting(replaces: readonly string[]): Promise<void> {
    const writer = this.#waiting;
    // From here on it cleans up after itself.
    this.#waiting = null;
    if (writer) this.#done.push(await writer.finish(replaces));
  }

  abort(): void {
    this.#writer?.abort();
    this.#waiting?.abort();
  }

  /** Leaves `#writer` null when no sample falls into the output. */
  #writeOutput({ name, window, laneRange }: MergeOutput): void {
    const { retainedFromMs, dedupIntervalMs, copyCountMin } = this.#job;
    const kept = { startMs: Math.max(window.startMs, retainedFromMs), endMs: window.endMs };
    const inputs = this.#inputs.filter(
      ({ facts }) => facts.minMs < kept.endMs && facts.maxMs >= kept.startMs,
    );
    const cursors = inputs.map((part) => new BlockCursor(part, kept));
    const output = new SeriesOutput({
      writer: () => (this.#writer ??= this.#startPart(name, laneRange)),
      dedupIntervalMs,
    });
    const isOurs = inLaneRange(inputs, laneRange);
    const copyMin = dedupIntervalMs > 0 ? Infinity : copyCountMin;
    for (const series of walkSeries(inputs)) {
      if (!isOurs(series.identity)) continue;
      const open = this.#openCursors(cursors, series);
      output.start(series.key, series.identity);
      this.#dedupedCount += mergeSeries(open, output, { copyCountMin: copyMin });
      output.end();
    }
    this.#writtenCount += output.writtenCount;
    this.#dedupedCount += output.dedupedCount;
  }

  #openCursors(
    cursors: readonly BlockCursor[],
    { key, blocks, ordinals }: WalkedSeries,
  ): BlockCursor[] {
    const open: BlockCursor[] = [];
    for (const [input, cursor] of cursors.entries()) {
      const found = blocks[input];
      if (!found) continue;
      const ordinal = ordinals[input] as number;
      cursor.open(found, this.#deletedRangesOf(cursor.part, ordinal, key));
      if (cursor.headMs < Infinity) open.push(cursor);
    }
    return open;
  }

  #startPart(name: string, laneRange: LaneRange): PartWriter {
    const { folder, generation, deletesDone, grouped, dedupIntervalMs, knownBlocksSize } =
      this.#job;
    return PartWriter.create({
      disk: this.#ports.disk,
      folder,
      name,
      laneRange,
      generation,
      deletesDone,
      grouped,
      dedupIntervalMs,
      knownValuesSizeMax: knownBlocksSize,
      knownTimestampsSizeMax: knownBlocksSize,
    });
  }
}

/** Whether a series is of the range; cheap where all of the inputs are. */
function inLaneRange(
  inputs: readonly PartReader[],
  laneRange: LaneRange,
): (identity: Uint8Array) => boolean {
  if (inputs.every(({ facts }) => rangeCovers(laneRange, facts.laneRange))) return () => true;
  return (identity) => identityRange(identity, laneRange.count, 0) === laneRange.index;
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}

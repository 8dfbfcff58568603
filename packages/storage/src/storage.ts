/**
 * The front of a storage: lanes in worker threads behind rings, one data directory. It moves bytes and
 * parses no samples.
 */
import type { Clock } from "@tideline/common";
import type { IndexAnswer, RowBatch, RowSink, SearchQuery, WriteOutcome } from "@tideline/model";
import type { FrameSearch, FrameSource, RowBlockAnswer } from "@tideline/wire";
import type { Log, StorageOptions } from "./options.ts";
import type { LaneStats } from "./stats.ts";

export interface StorageEnvironment {
  readonly log: Log;
  readonly clock: Clock;
  /** A lane died: nothing can be trusted any more, the process ends. */
  readonly onFatal: (error: Error) => void;
}

export class Storage implements RowSink, FrameSource {
  readonly laneCount: number;
  /** Random, made once per data directory (hex). */
  readonly nodeId: string;
  /** Random, made at each start (hex). */
  readonly bootId: string;

  private constructor() {
    this.laneCount = 0;
    this.nodeId = "";
    this.bootId = "";
  }

  /** @throws {InputError} the data directory is in use, of an unknown version, or budgets do not fit */
  static open(_options: StorageOptions, _environment: StorageEnvironment): Promise<Storage> {
    throw new Error("not built yet");
  }

  /** A stream of row blocks, of one sender: its number on all lanes. */
  openStream(): number {
    throw new Error("not built yet");
  }

  /** Forgets what the lanes know of the stream's refs. */
  closeStream(_stream: number): void {
    throw new Error("not built yet");
  }

  /**
   * Gives a block to a lane; settles with the lane's answer. Waits while the lane's ring is full.
   *
   * @param block borrowed until it settles
   */
  appendBlock(_lane: number, _stream: number, _block: Uint8Array): Promise<RowBlockAnswer> {
    throw new Error("not built yet");
  }

  write(_batch: RowBatch): Promise<WriteOutcome> {
    throw new Error("not built yet");
  }

  searchFrames(_query: SearchQuery, _signal: AbortSignal): FrameSearch {
    throw new Error("not built yet");
  }

  labelNames(
    _query: SearchQuery,
    _limit: number,
    _signal: AbortSignal,
  ): Promise<IndexAnswer<string>> {
    throw new Error("not built yet");
  }

  labelValues(
    _name: string,
    _query: SearchQuery,
    _limit: number,
    _signal: AbortSignal,
  ): Promise<IndexAnswer<string>> {
    throw new Error("not built yet");
  }

  seriesKeys(
    _query: SearchQuery,
    _limit: number,
    _signal: AbortSignal,
  ): Promise<IndexAnswer<Uint8Array>> {
    throw new Error("not built yet");
  }

  /** Flushes the heads of all lanes to parts. */
  forceFlush(): Promise<void> {
    throw new Error("not built yet");
  }

  stats(): Promise<LaneStats[]> {
    throw new Error("not built yet");
  }

  /** Syncs the logs and ends the lanes. Heads need no flush: they are replayed at the next start. */
  close(): Promise<void> {
    throw new Error("not built yet");
  }
}

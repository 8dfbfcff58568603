/**
 * A storage as one process runs it, without threads and rings: its lanes, started as `Storage` starts them, and senders in
 * front of them. Blocks wait at a lane's door until its turn comes and then share one write to the log, as in lane-server.ts.
 */
import { errorCode, makeFolders, type Clock } from "@tideline/common";
import { identityRange, OverloadError, type RowBatch, type WriteOutcome } from "@tideline/model";
import { RowRouter, type FrameQuery, type FrameSearch, type RowBlockAnswer } from "@tideline/wire";
import type { MergeJob, MergeResult } from "../compaction/merge-job.ts";
import type { Merger } from "../compaction/merge-thread.ts";
import { runMerge } from "../compaction/run-merge.ts";
import { ensureNodeId, FOLDER_FILES } from "../front/data-folder.ts";
import { Deleter } from "../front/deleter.ts";
import { MergedSearch } from "../front/merge-frames.ts";
import { Snapshots } from "../front/snapshots.ts";
import { settleLayout, startLanes, type LanePlace } from "../front/start-lanes.ts";
import { laneOptions, SILENT_LOG } from "../lane/lane-fixtures.ts";
import type { LaneOptions } from "../lane/lane-options.ts";
import { Lane } from "../lane/lane.ts";
import type { ProcessDisk } from "./process-disk.ts";
import type { Turns } from "./turns.ts";

export const DATA_PATH = "/data";

export interface ProcessPorts {
  readonly disk: ProcessDisk;
  readonly clock: Clock;
  readonly turns: Turns;
  /** Told of errors in work that nobody waits for. */
  readonly onFault: (error: unknown) => void;
  /** Told of each merge that begins. */
  readonly onMerge: (job: MergeJob) => void;
}

/** One merge runs at a time in all lanes. */
interface MergeSlot {
  isTaken: boolean;
}

/** As MergeThread, without the thread: it ends at once when it is told to, wherever it stands. */
class SimulatedMerger implements Merger {
  readonly #ports: ProcessPorts;
  readonly #slot: MergeSlot;
  readonly #disk: ProcessDisk;
  readonly #closed = Promise.withResolvers<never>();
  #isClosed = false;

  constructor(ports: ProcessPorts, slot: MergeSlot) {
    this.#ports = ports;
    this.#slot = slot;
    this.#disk = ports.disk.fork();
    this.#closed.promise.catch(() => undefined);
  }

  start(job: MergeJob): Promise<MergeResult> | null {
    if (this.#isClosed || this.#slot.isTaken) return null;
    this.#slot.isTaken = true;
    this.#ports.onMerge(job);
    return Promise.race([this.#run(job), this.#closed.promise]).finally(() => {
      this.#slot.isTaken = false;
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#disk.kill();
    this.#closed.reject(new OverloadError("TIDELINE_MERGE_THREAD", "Cannot merge: it was ended"));
  }

  async #run(job: MergeJob): Promise<MergeResult> {
    await this.#ports.turns.wait();
    try {
      return await runMerge(job, { disk: this.#disk });
    } catch (cause) {
      // A part that left meanwhile, or a disk that fails, ends the thread: for its lane the merge has failed.
      if (errorCode(cause) === null) throw cause;
      throw new OverloadError("TIDELINE_MERGE_THREAD", "Cannot merge: the thread failed", {
        cause,
      });
    }
  }
}

interface WaitingBlock {
  readonly stream: number;
  readonly block: Uint8Array;
  readonly answer: (answer: RowBlockAnswer) => void;
}

export class StorageProcess {
  readonly lanes: readonly Lane[];
  readonly deleter: Deleter;
  readonly snapshots: Snapshots;
  readonly #ports: ProcessPorts;
  readonly #doors: WaitingBlock[][];
  #streamCount = 0;
  #isTicking = false;
  #ticking: Promise<unknown> = Promise.resolve();

  private constructor(lanes: readonly Lane[], ports: ProcessPorts) {
    const { disk, clock } = ports;
    this.lanes = lanes;
    const deleter = new Deleter({ disk, dataPath: DATA_PATH, lanes, clock });
    this.deleter = deleter;
    this.snapshots = new Snapshots({
      disk,
      dataPath: DATA_PATH,
      fileNames: FOLDER_FILES,
      lanes,
      clock,
      alone: (work) => deleter.alone(work),
    });
    this.#ports = ports;
    this.#doors = lanes.map(() => []);
  }

  /** @throws whatever `Storage.open` throws */
  static async open(
    laneCount: number,
    options: Partial<LaneOptions>,
    ports: ProcessPorts,
  ): Promise<StorageProcess> {
    const { disk, clock, onFault } = ports;
    const slot: MergeSlot = { isTaken: false };
    const start = {
      disk,
      dataPath: DATA_PATH,
      laneCount,
      log: SILENT_LOG,
      startLane: ({ isRetiring, ...place }: LanePlace) => {
        const merger = isRetiring ? null : new SimulatedMerger(ports, slot);
        const lanePorts = { disk, clock, log: SILENT_LOG, onFault, merger };
        const seriesLimits = isRetiring ? null : (options.seriesLimits ?? null);
        const all = { ...options, ...place, seriesLimits, dataPath: DATA_PATH };
        return Lane.open(laneOptions(all), lanePorts);
      },
    };
    makeFolders(disk, DATA_PATH);
    const mixed = await settleLayout(start);
    ensureNodeId(disk, DATA_PATH);
    return new StorageProcess(await startLanes(start, mixed), ports);
  }

  /** A sender with streams of its own. */
  connect(): RowRouter {
    this.#streamCount += 1;
    const stream = this.#streamCount;
    return new RowRouter({
      targets: this.lanes.map((_, i) => ({
        name: `lane ${i}`,
        send: (block) => this.#send(i, stream, block),
      })),
      chooseTarget: (identities, offset) => identityRange(identities, this.lanes.length, offset),
    });
  }

  async write(router: RowRouter, batch: RowBatch): Promise<WriteOutcome> {
    return router.write(batch);
  }

  searchFrames(query: FrameQuery, signal: AbortSignal): FrameSearch {
    return new MergedSearch(
      this.lanes.map((lane) => lane.searchFrames(query, signal)),
      query.seriesCountMax,
    );
  }

  /** One tick of each lane; while one runs, none begins. @returns whether it began */
  async tick(): Promise<boolean> {
    if (this.#isTicking) return false;
    this.#isTicking = true;
    this.#ticking = Promise.all(this.lanes.map((lane) => lane.tick()));
    try {
      await this.#ticking;
    } finally {
      this.#isTicking = false;
    }
    return true;
  }

  async forceMerge(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.forceMerge("")));
  }

  async flush(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.flush()));
  }

  async close(): Promise<void> {
    await this.#ticking;
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }

  #send(lane: number, stream: number, block: Uint8Array): Promise<RowBlockAnswer> {
    return new Promise((resolve) => {
      const door = this.#doors[lane] as WaitingBlock[];
      door.push({ stream, block, answer: resolve });
      if (door.length === 1) void this.#enter(lane);
    });
  }

  async #enter(number: number): Promise<void> {
    await this.#ports.turns.wait();
    const waiting = (this.#doors[number] as WaitingBlock[]).splice(0);
    const lane = this.lanes[number] as Lane;
    try {
      for (const { stream, block, answer } of waiting) {
        const lent = block.slice();
        lane.append(stream, lent, answer);
        // It was borrowed for the call: in a ring, other bytes follow.
        lent.fill(0xa5);
      }
      lane.commit();
    } catch (error) {
      this.#ports.onFault(error);
    }
  }
}

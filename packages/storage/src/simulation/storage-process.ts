/**
 * A storage as one process runs it, without threads and rings: its lanes, started as `Storage` starts them, and senders in
 * front of them. Blocks wait at a lane's door until its turn comes and then share one write to the log, as in lane-server.ts.
 */
import { makeFolders, type Clock } from "@tideline/common";
import { identityRange, type RowBatch, type SearchQuery, type WriteOutcome } from "@tideline/model";
import { RowRouter, type FrameSearch, type RowBlockAnswer } from "@tideline/wire";
import { MergedSearch } from "../front/merge-frames.ts";
import { settleLayout, startLanes } from "../front/start-lanes.ts";
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
}

interface WaitingBlock {
  readonly stream: number;
  readonly block: Uint8Array;
  readonly answer: (answer: RowBlockAnswer) => void;
}

export class StorageProcess {
  readonly lanes: readonly Lane[];
  readonly #ports: ProcessPorts;
  readonly #doors: WaitingBlock[][];
  #streamCount = 0;
  #isTicking = false;
  #ticking: Promise<unknown> = Promise.resolve();

  private constructor(lanes: readonly Lane[], ports: ProcessPorts) {
    this.lanes = lanes;
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
    const lanePorts = { disk, clock, log: SILENT_LOG, onFault, merger: null };
    const start = {
      disk,
      dataPath: DATA_PATH,
      laneCount,
      log: SILENT_LOG,
      startLane: (place: Pick<LaneOptions, "lane" | "laneCount" | "folders">) =>
        Lane.open(laneOptions({ ...options, ...place, dataPath: DATA_PATH }), lanePorts),
    };
    makeFolders(disk, DATA_PATH);
    const mixed = await settleLayout(start);
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

  searchFrames(query: SearchQuery, signal: AbortSignal): FrameSearch {
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

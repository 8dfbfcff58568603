/**
 * What runs in a lane's thread. Started by `lane-client.ts` with the lane's options and two rings; tells of its log
 * lines, and of its start, by messages. An error that nobody catches ends the thread, and so the process.
 */
import { parentPort, workerData } from "node:worker_threads";
import {
  dropArray,
  keepCompiledSources,
  must,
  NodeDisk,
  RingReader,
  RingWriter,
  systemClock,
} from "@tideline/common";
import type { LeavesOnBlocks } from "@tideline/model";
import { encodeFailure, isKnownError } from "@tideline/wire";
import { MergeThread, type MergeThreadOptions } from "../compaction/merge-thread.ts";
import type { Log } from "../options.ts";
import type { LaneOptions } from "./lane-options.ts";
import { LaneServer } from "./lane-server.ts";
import { Lane } from "./lane.ts";
import { warmUp } from "./warm-up/warm-up.ts";

export interface LaneWorkerData {
  readonly options: LaneOptions;
  readonly toLane: SharedArrayBuffer;
  readonly fromLane: SharedArrayBuffer;
  /** How merges run; null: none do. */
  readonly merging: MergeThreadOptions | null;
}

export type LaneWorkerMessage =
  | { readonly type: "opened"; readonly newestDelete: number }
  | { readonly type: "openFailed"; readonly failure: Uint8Array }
  | {
      readonly type: "log";
      readonly level: "info" | "warn" | "error";
      readonly fields: object;
      readonly message: string;
    };

/** Searches are compiled by then, and what runs per series by V8's last compiler: half of the time goes by for either. */
const WARM_UP_CPU_MS = 400;

function tell(message: LaneWorkerMessage): void {
  must(parentPort, "a lane runs in a worker").postMessage(message);
}

const log: Log = {
  info(fields, message) {
    tell({ type: "log", level: "info", fields, message });
  },
  warn(fields, message) {
    tell({ type: "log", level: "warn", fields, message });
  },
  error(fields, message) {
    tell({ type: "log", level: "error", fields, message });
  },
};

/** Nobody catches it: the thread ends. */
function onFault(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/**
 * Runs until the lane is told to close.
 *
 * @param leaves works out leaves of searches; null: searches get blocks
 */
export async function runLane(leaves: LeavesOnBlocks | null): Promise<void> {
  // Tables that grow give back memory (dropArray): the first time that a thread does, V8 throws away what it has compiled over arrays.
  dropArray(new Uint8Array(8));
  const { options, toLane, fromLane, merging } = workerData as LaneWorkerData;
  const merger = merging && new MergeThread(merging);
  const port = must(parentPort, "a lane runs in a worker");
  // The rings alone do not keep a thread alive.
  port.on("message", () => undefined);
  let lane: Lane;
  try {
    const disk = new NodeDisk();
    lane = await Lane.open(options, { disk, clock: systemClock, log, merger, leaves, onFault });
  } catch (error) {
    if (!isKnownError(error)) throw error;
    tell({ type: "openFailed", failure: encodeFailure(error) });
    port.close();
    return;
  }
  tell({ type: "opened", newestDelete: lane.newestDelete });
  keepCompiledSources();
  const server = new LaneServer({
    lane,
    reader: new RingReader(toLane),
    writer: new RingWriter(fromLane),
    clock: systemClock,
    tickIntervalMs: options.walSyncIntervalMs,
  });
  void warmUp(WARM_UP_CPU_MS, () => server.state, leaves).catch(onFault);
  await server.run();
  port.close();
}

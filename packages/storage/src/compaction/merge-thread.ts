/**
 * Runs merges in a thread of their own, one thread per merge: what it took is given back when it ends, and one that dies is a merge
 * that failed, not a lane.
 */
import { Worker } from "node:worker_threads";
import { entryUrl } from "@tideline/common";
import { OverloadError } from "@tideline/model";
import { decodeFailure } from "@tideline/wire";
import type { MergeJob, MergeResult } from "./merge-job.ts";
import type { MergeWorkerMessage } from "./merge-worker.ts";

/** Who runs merges for a lane. */
export interface Merger {
  /**
   * Takes the one place for merges of the node, and runs the job.
   *
   * @returns null when another merge runs
   * @throws {OverloadError} the disk is full or failed, or it was closed
   */
  start(job: MergeJob): Promise<MergeResult> | null;
  /** Ends what runs. */
  close(): void;
}

export interface MergeThreadOptions {
  /** Limit of the thread's JavaScript heap, in bytes. */
  readonly heapSizeMax: number;
  /** One word, shared by all lanes: 1 while a merge runs. */
  readonly slot: SharedArrayBuffer;
}

/** Short-lived objects of the thread's heap. */
const YOUNG_HEAP_SIZE = 16 * 1024 * 1024;

export class MergeThread implements Merger {
  readonly #options: MergeThreadOptions;
  readonly #slot: Int32Array;
  #worker: Worker | null = null;
  #isClosed = false;

  constructor(options: MergeThreadOptions) {
    this.#options = options;
    this.#slot = new Int32Array(options.slot);
  }

  start(job: MergeJob): Promise<MergeResult> | null {
    if (this.#isClosed || this.#worker) return null;
    if (Atomics.compareExchange(this.#slot, 0, 0, 1) !== 0) return null;
    return this.#run(job).finally(() => {
      this.#worker = null;
      Atomics.store(this.#slot, 0, 0);
    });
  }

  close(): void {
    this.#isClosed = true;
    void this.#worker?.terminate();
  }

  async #run(job: MergeJob): Promise<MergeResult> {
    const worker = new Worker(entryUrl(new URL("./merge-worker.ts", import.meta.url)), {
      name: "merge",
      workerData: job,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.ceil(this.#options.heapSizeMax / 2 ** 20),
        maxYoungGenerationSizeMb: YOUNG_HEAP_SIZE / 2 ** 20,
      },
    });
    this.#worker = worker;
    return await new Promise<MergeResult>((resolve, reject) => {
      worker.on("message", (message: MergeWorkerMessage) => {
        if (message.type === "result") resolve(message.result);
        else reject(decodeFailure(message.failure));
      });
      worker.on("error", (cause) => {
        reject(ended("failed", cause));
      });
      // Only after its messages: what was told counts.
      worker.on("exit", () => {
        reject(ended("ended"));
      });
    });
  }
}

function ended(how: string, cause?: unknown): OverloadError {
  return new OverloadError("TIDELINE_MERGE_THREAD", `Cannot merge parts: the thread ${how}`, {
    cause,
  });
}
